// Runs as text: the progress line, the list, one run.
import type { BatchView, ListedBatch } from '../run/batch-api.ts';
import { formatMs, formatTime, table } from './text.ts';

const BAR_WIDTH = 24;

/** `[######..................]  25%  250,000 of 1,000,000  41,200/s  12 errors  18.2 s left` */
export function progressText({ records, done, failed }: BatchView['progress'], perSecond: number): string {
  if (records === undefined) return 'reading the file';
  const share = records === 0 ? 1 : Math.min(1, done / records);
  const filled = Math.floor(share * BAR_WIDTH);
  const bar = '#'.repeat(filled) + '.'.repeat(BAR_WIDTH - filled);
  const left =
    perSecond > 0 && done < records ? [`${formatMs(((records - done) / perSecond) * 1000)} left`] : [];
  return [
    `[${bar}] ${String(Math.floor(share * 100)).padStart(3)}%`,
    `${counted(done)} of ${counted(records)}`,
    `${counted(Math.round(perSecond))}/s`,
    `${counted(failed)} ${failed === 1 ? 'error' : 'errors'}`,
    ...left,
  ].join('  ');
}

/** What came of a run that is over. */
export function batchSummary(view: BatchView, output: string | undefined): string {
  const { manifest, error } = view;
  if (manifest === undefined) return `${view.status}: ${error?.code ?? ''} ${error?.message ?? ''}`.trim();
  const { counts, durationMs, recordsPerSecond, note } = manifest;
  const codes = Object.entries(counts.errors).map(([code, count]) => `${counted(count)} ${code}`);
  return [
    `${view.status}  ${counted(counts.records)} records in ${formatMs(durationMs)}, ${counted(recordsPerSecond)}/s`,
    ...(manifest.error === undefined
      ? []
      : [`${manifest.error.code} in ${manifest.error.stage}: ${manifest.error.message}`]),
    ...(note === undefined ? [] : [note]),
    ...(counts.failed === 0 ? [] : [`${counted(counts.failed)} failed: ${codes.join(', ')}`]),
    ...(output === undefined ? [] : [`results in ${output}`]),
    ...(manifest.error === undefined ? [] : [`what was done is kept: seriatim batch resume ${view.id}`]),
  ].join('\n');
}

export function batchDetails(view: BatchView): string {
  const { id, pipeline, name, status, attempt, startedAt, endedAt, progress } = view;
  return [
    id,
    `${pipeline}  ${name}  ${status}  start ${attempt}`,
    `started ${formatTime(startedAt)}${endedAt === undefined ? '' : `, ended ${formatTime(endedAt)}`}`,
    status === 'RUNNING' ? progressText(progress, 0) : batchSummary(view, undefined),
  ].join('\n');
}

export function batchesTable(batches: readonly ListedBatch[]): string {
  const rows = batches.map(({ id, pipeline, status, startedAt, endedAt }) => [
    id,
    pipeline,
    status,
    formatTime(startedAt),
    endedAt === undefined ? '–' : formatMs(Date.parse(endedAt) - Date.parse(startedAt)),
  ]);
  return table(['id', 'pipeline', 'status', 'started', 'took'], rows);
}

function counted(value: number): string {
  return value.toLocaleString('en-US');
}

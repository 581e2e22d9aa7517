// Runs as text: the progress line, the list, one run.
import type { BatchView, ListedBatch } from '../run/batch-api.ts';
import { formatMs, formatTime, table } from './text.ts';

const BAR_WIDTH = 24;

/** `[######..................]  25%  250,000 of 1,000,000  41,200/s  12 errors  18.2 s left` */
export function progressText({ records, done, failed }: BatchView['progress'], perSecond: number): string {
  if (records === undefined) return 'reading the file';
  if (records === 0) return 'no records';
  const share = Math.min(1, done / records);
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
  const { manifest, error, isResumable } = view;
  const advice = isResumable ? [`what was done is kept: seriatim batch resume ${view.id}`] : [];
  if (manifest === undefined) {
    const code = error === undefined || error.code === 'Stopped' ? '' : ` ${error.code}`;
    return [`${view.status}:${code} ${error?.message ?? ''}`.trim(), ...advice].join('\n');
  }
  const { counts, durationMs, recordsPerSecond, note } = manifest;
  const codes = Object.entries(counts.errors).map(([code, count]) => `${counted(count)} ${code}`);
  return [
    `${view.status}  ${recordsText(counts.records)} in ${formatMs(durationMs)}, ${counted(recordsPerSecond)}/s`,
    ...(manifest.error === undefined
      ? []
      : [`${manifest.error.code} in ${manifest.error.stage}: ${manifest.error.message}`]),
    ...(note === undefined ? [] : [note]),
    ...(counts.failed === 0 ? [] : [`${counted(counts.failed)} failed: ${codes.join(', ')}`]),
    ...(output === undefined ? [] : [`results in ${output}`]),
    ...replacedText(view),
    ...advice,
    ...(manifest.error?.code === 'AllRecordsFailed'
      ? ['once the cause is mended, run the file anew: seriatim batch … --again']
      : []),
  ].join('\n');
}

function replacedText({ replaced = {} }: BatchView): string[] {
  return Object.entries(replaced).map(
    ([what, run]) =>
      `its ${what === 'output' ? 'results' : 'error records'} were replaced by those of run ${run}`,
  );
}

export function batchDetails(view: BatchView): string {
  const { id, pipeline, name, status, attempt, startedAt, endedAt, progress } = view;
  return [
    id,
    `${pipeline}  ${name ?? id}  ${status}  start ${attempt ?? 0}`,
    `started ${formatTime(startedAt)}${endedAt === undefined ? '' : `, ended ${formatTime(endedAt)}`}`,
    status === 'RUNNING'
      ? progressText(progress, progress.recordsPerSecond ?? 0)
      : batchSummary(view, undefined),
    ...placesText(view),
  ].join('\n');
}

/** Where what it wrote lies. */
function placesText({ id, links = {}, manifest }: BatchView): string[] {
  const { output, errors } = manifest ?? {};
  return [
    ...(links.output === undefined ? [] : [`results        s3://${output!.bucket}/${output!.key}`]),
    ...(links.errors === undefined ? [] : [`error records  s3://${errors!.bucket}/${errors!.key}`]),
    ...(links.output === undefined ? [] : [`to have them here: seriatim batch download ${id}`]),
  ];
}

export function batchesTable(batches: readonly ListedBatch[]): string {
  const rows = batches.map(({ id, pipeline, status, startedAt, endedAt, error }) => [
    id,
    pipeline,
    error === undefined ? status : `${status} ${error.code}`,
    formatTime(startedAt),
    endedAt === undefined ? '–' : formatMs(Date.parse(endedAt) - Date.parse(startedAt)),
  ]);
  return table(['id', 'pipeline', 'status', 'started', 'took'], rows);
}

function recordsText(count: number): string {
  return `${counted(count)} ${count === 1 ? 'record' : 'records'}`;
}

function counted(value: number): string {
  return value.toLocaleString('en-US');
}

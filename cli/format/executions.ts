// A list of executions as a table.
import type { ExecutionSummary } from '../../layers/seriatim/inspection/view.ts';
import { formatMs, formatTime, recordsText, table } from './text.ts';

const HEAD = ['ID', 'PIPELINE', 'USE', 'STATUS', 'START (UTC)', 'TOOK', 'FAILED WITH'];

export function executionsTable(executions: readonly ExecutionSummary[]): string {
  return executions.length === 0 ? 'No executions.' : table(HEAD, executions.map(row));
}

function row({ id, pipeline, type, status, start, end, durationMs, ...why }: ExecutionSummary): string[] {
  const use = type === 'EXPRESS' ? 'request' : 'batch';
  const took = status === 'RUNNING' ? 'running' : formatMs(durationMs);
  return [id, pipeline, use, status, formatTime(start ?? end), took, whyText(why)];
}

function whyText({ failure, records }: Pick<ExecutionSummary, 'failure' | 'records'>): string {
  if (failure !== undefined) {
    return `${failure.code}${failure.stage === undefined ? '' : ` in ${failure.stage}`}`;
  }
  return records === undefined || records.failed === 0 ? '' : recordsText(records);
}

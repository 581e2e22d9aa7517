// How many records of a batch there were and failed, from what its execution gave: `{"counts":{"records","failed",…}}`.
import { isObject } from './history.ts';
import type { RecordCounts } from './view.ts';

/** Nothing for the output of an execution that is no batch. */
export function recordCountsOf(output: unknown): { readonly records?: RecordCounts } {
  const counts = isObject(output) ? output.counts : undefined;
  if (!isObject(counts)) return {};
  const { records: total, failed } = counts;
  return typeof total === 'number' && typeof failed === 'number' ? { records: { total, failed } } : {};
}

// Changes as text: what the write log holds. A batch is what one turn of the event loop changed, and is applied whole or
// not at all. The separators are control characters, which JSON text cannot hold outside of its escapes; error and
// cause, the only free text, are written as JSON strings.
import type { ExecutionRow } from './execution-rows.ts';

const FIELD = '\x1f';
const CHANGE = '\x1e';
/** Ends a batch; the byte never occurs inside one, so that a torn end is seen. */
export const BATCH_END = '\x1d';
export const BATCH_END_BYTE = 0x1d;

/** Kinds of change, by the first letter of their text. */
export type ChangeKind =
  /** A new row: its columns in the order of `COLUMNS`. */
  | 'X'
  /** A row that has changed: all its columns as well. */
  | 'U'
  /** Events: seq, first, last, JSON array. */
  | 'H'
  /** Where a frame stands: seq, id, JSON. */
  | 'F'
  /** A frame that is not needed any more: seq, id. */
  | 'G'
  /** No frame of an execution is needed any more: seq. */
  | 'A'
  /** An execution is deleted: seq. */
  | 'D'
  /** A document is put: kind, key, JSON. */
  | 'P'
  /** A document is deleted: kind, key. */
  | 'Q';

/** Only strung together: the text is made once, when its batch is written. */
export function change(kind: ChangeKind, ...fields: readonly (string | number)[]): string {
  let text: string = kind;
  for (const field of fields) text += FIELD + field;
  return text;
}

/** @param batch what it holds so far, '' for nothing */
export function withChange(batch: string, one: string): string {
  return batch === '' ? one : batch + CHANGE + one;
}

/** @param text whole batches */
export function* changesOf(text: string): Generator<string[]> {
  for (const batch of text.split(BATCH_END)) {
    if (batch === '') continue;
    for (const one of batch.split(CHANGE)) yield one.split(FIELD);
  }
}

/** Columns of an execution in the order they are written and bound. */
export const COLUMNS = [
  'seq',
  'arn',
  'machine_arn',
  'version_arn',
  'alias_arn',
  'map_run_arn',
  'map_index',
  'name',
  'status',
  'start_ms',
  'stop_ms',
  'revision',
  'input',
  'output',
  'error',
  'cause',
  'more',
] as const satisfies readonly (keyof ExecutionRow)[];

const TEXTS = new Set<string>(['error', 'cause']);
const NUMBERS = new Set<string>(['seq', 'map_index', 'start_ms', 'stop_ms']);

export function rowChange(kind: 'X' | 'U', row: ExecutionRow): string {
  const error = row.error === null ? '' : JSON.stringify(row.error);
  const cause = row.cause === null ? '' : JSON.stringify(row.cause);
  const place = `${row.seq}${FIELD}${row.arn}${FIELD}${row.machine_arn}${FIELD}${row.version_arn ?? ''}${FIELD}${row.alias_arn ?? ''}`;
  const mapRun = `${row.map_run_arn ?? ''}${FIELD}${row.map_index ?? ''}`;
  const state = `${row.name}${FIELD}${row.status}${FIELD}${row.start_ms}${FIELD}${row.stop_ms ?? ''}${FIELD}${row.revision}`;
  const data = `${row.input}${FIELD}${row.output ?? ''}${FIELD}${error}${FIELD}${cause}${FIELD}${row.more}`;
  return `${kind}${FIELD}${place}${FIELD}${mapRun}${FIELD}${state}${FIELD}${data}`;
}

/** What is bound to a statement, from a change of kind `X` or `U`. */
export function rowValues(fields: readonly string[]): (string | number | null)[] {
  return COLUMNS.map((column, index) => {
    const field = fields[index + 1]!;
    if (field === '') return null;
    if (NUMBERS.has(column)) return Number(field);
    return TEXTS.has(column) ? (JSON.parse(field) as string) : field;
  });
}

// How records look in a batch's output: line n answers record n, also when that record failed. For CSV a row per
// record, with the error in a column of its own; for JSON Lines, and for what becomes Parquet, an object per line. Pure.
import {
  type ChunkTask,
  type FailedRecord,
  isFailed,
  outputColumns,
  outputFormat,
  type PipelineEntry,
  type RecordEnvelope,
} from '../../layers/seriatim/index.ts';

/** One line with its end. `source` is the record as it came, given when it is to be joined. */
export type LineWriter = (record: RecordEnvelope, source: unknown) => string;

type Fields = Readonly<Record<string, unknown>>;

export function lineWriter({ run, reading }: ChunkTask, pipeline: PipelineEntry): LineWriter {
  const { join = false, columns } = run.options;
  const named = outputColumns(run.options, pipeline, reading);
  const write = outputFormat(run) === 'csv' ? csvLine(named) : jsonLine(columns);
  return (record, source) => {
    const before = join && isFields(source) ? source : {};
    return isFailed(record)
      ? write(before, record.error)
      : write(join ? { ...before, ...(record.value as Fields) } : (record.value as Fields), undefined);
  };
}

type WriteFields = (fields: Fields, error: FailedRecord['error'] | undefined) => string;

function jsonLine(columns: readonly string[] | undefined): WriteFields {
  return (fields, error) => {
    const kept =
      columns === undefined || !isFields(fields)
        ? fields
        : Object.fromEntries(columns.filter((name) => name in fields).map((name) => [name, fields[name]]));
    if (error === undefined) return `${JSON.stringify(kept)}\n`;
    const { stage, code, message } = error;
    return `${JSON.stringify({ ...kept, error: { stage, code, message } })}\n`;
  };
}

/** The last column is `error`, empty for a record that came through. */
function csvLine(columns: readonly string[]): WriteFields {
  return (fields, error) => {
    let line = '';
    for (const column of columns) line += `${cell(fields[column])},`;
    return error === undefined ? `${line}\n` : `${line}${cell(`${error.code}: ${error.message}`)}\n`;
  };
}

/** Quoted where RFC 4180 asks for it. A line break inside would move every line after it: it becomes a space. */
function cell(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (value === undefined || value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (!/[",\r\n]/.test(text)) return text;
  return `"${text.replace(/[\r\n]+/g, ' ').replaceAll('"', '""')}"`;
}

/** One line of `errors/…errors.jsonl`: enough to mend the record and send it again. */
export function errorLine({ position, error }: FailedRecord, source: unknown, idField: string): string {
  const { stage, code, message } = error;
  const id = isFields(source) ? source[idField] : undefined;
  return `${JSON.stringify({
    position,
    ...(id === undefined ? {} : { id }),
    error: { stage, code, message },
    record: source,
  })}\n`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// How records look in a batch's output: line n answers record n, also when that record failed. For a CSV input a
// header and one row per record, with the error in a column of its own; for JSON Lines one object per line. Pure.
import { isFailed, type RecordEnvelope } from '../../layers/seriatim/index.ts';

export interface LineWriter {
  /** Undefined when the format has none. */
  header(): string | undefined;
  line(record: RecordEnvelope): string;
}

/** @param columns the fields of an output record, in order */
export function lineWriter(format: 'csv' | 'jsonl', columns: readonly string[]): LineWriter {
  return format === 'csv' ? csvWriter(columns) : JSON_LINES;
}

const JSON_LINES: LineWriter = {
  header: () => undefined,
  line: (record) => {
    if (!isFailed(record)) return JSON.stringify(record.value);
    const { stage, code, message } = record.error;
    return JSON.stringify({ error: { stage, code, message } });
  },
};

/** The last column is `error`, empty for a record that came through. */
function csvWriter(columns: readonly string[]): LineWriter {
  return {
    header: () => [...columns, 'error'].join(','),
    line: (record) => {
      if (isFailed(record)) {
        const { code, message } = record.error;
        return [...columns.map(() => ''), cell(`${code}: ${message}`)].join(',');
      }
      const value = record.value as Record<string, unknown>;
      return [...columns.map((column) => cell(value[column])), ''].join(',');
    },
  };
}

/** Quoted where RFC 4180 asks for it. A line break inside would move every line after it: it becomes a space. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = (typeof value === 'object' ? JSON.stringify(value) : String(value)).replace(/[\r\n]+/g, ' ');
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One line of `errors/…errors.jsonl`: enough to mend the record and send it again. */
export function errorLine(record: Extract<RecordEnvelope, { error: unknown }>): string {
  const { stage, code, message, record: source } = record.error;
  return JSON.stringify({ position: record.position, error: { stage, code, message }, record: source });
}

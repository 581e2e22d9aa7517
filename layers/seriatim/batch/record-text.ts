// Where records end in the bytes of a CSV or JSON Lines file, and what the cells of a CSV record are. `split-batch`
// cuts files with it and the stages read chunks with it, so both count alike: blank lines are no records, and a quote
// that is not closed within `MAX_QUOTED_BYTES` of its record costs that one line.

/** A quoted field that goes on for longer is taken for a quote that nobody closed. */
export const MAX_QUOTED_BYTES = 262_144;

const LF = 10;
const CR = 13;
const QUOTE = 34;

export interface RecordSpan {
  /** Without the line's end. */
  readonly from: number;
  readonly to: number;
}

export interface CutOptions {
  readonly format: 'csv' | 'jsonl';
  readonly delimiter?: string;
  /** Nothing comes after these bytes: the last record needs no line end. */
  readonly isLast: boolean;
}

/**
 * Calls `found` for each record that is complete in `bytes`.
 * @returns where the first incomplete record starts; the length when there is none
 */
export function cutRecords(
  bytes: Buffer,
  options: CutOptions,
  found: (from: number, to: number, next: number) => void,
): number {
  const delimiter = options.delimiter?.charCodeAt(0) ?? 44;
  const hasQuotes = options.format === 'csv' && bytes.indexOf(QUOTE) >= 0;
  let start = 0;
  while (start < bytes.length) {
    const lineEnd = bytes.indexOf(LF, start);
    const end = hasQuotes ? quotedEnd(bytes, { start, lineEnd, delimiter, isLast: options.isLast }) : lineEnd;
    if (end === INCOMPLETE) return start;
    if (end < 0 && !options.isLast) return start;
    const stop = end < 0 ? bytes.length : end;
    const next = end < 0 ? bytes.length : end + 1;
    const to = stop > start && bytes[stop - 1] === CR ? stop - 1 : stop;
    if (to > start) found(start, to, next);
    start = next;
  }
  return start;
}

const INCOMPLETE = -2;

interface Line {
  readonly start: number;
  /** -1 when there is none. */
  readonly lineEnd: number;
  readonly delimiter: number;
  readonly isLast: boolean;
}

/** The line feed that ends the record, which may lie behind line feeds in quotes; -1 at the end of the bytes. */
function quotedEnd(bytes: Buffer, { start, lineEnd, delimiter, isLast }: Line): number {
  const limit = Math.min(bytes.length, start + MAX_QUOTED_BYTES);
  let isOpen = false;
  for (let at = start; at < limit; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      if (!isOpen) isOpen = at === start || bytes[at - 1] === delimiter;
      else if (bytes[at + 1] === QUOTE) at++;
      else isOpen = false;
    } else if (byte === LF && !isOpen) return at;
  }
  if (isOpen)
    return limit < bytes.length || isLast || limit - start >= MAX_QUOTED_BYTES ? lineEnd : INCOMPLETE;
  return bytes.indexOf(LF, limit);
}

/** The cells of one CSV record. A quote within an unquoted cell stands for itself. */
export function cellsOf(record: string, delimiter: string): string[] {
  if (!record.includes('"')) return record.split(delimiter);
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    const cell = record[at] === '"' ? quotedCell(record, at) : plainCell(record, at, delimiter);
    cells.push(cell.text);
    if (cell.next >= record.length) return cells;
    at = cell.next + 1;
    // What follows a closing quote up to the next delimiter belongs to nothing.
    if (record[cell.next] !== delimiter) {
      const following = record.indexOf(delimiter, cell.next);
      if (following < 0) return cells;
      at = following + 1;
    }
    if (at === record.length) return [...cells, ''];
  }
}

function plainCell(record: string, from: number, delimiter: string): { text: string; next: number } {
  const end = record.indexOf(delimiter, from);
  const next = end < 0 ? record.length : end;
  return { text: record.slice(from, next), next };
}

function quotedCell(record: string, from: number): { text: string; next: number } {
  let at = from + 1;
  for (;;) {
    const quote = record.indexOf('"', at);
    if (quote < 0) return { text: record.slice(from), next: record.length };
    if (record[quote + 1] !== '"')
      return { text: record.slice(from + 1, quote).replaceAll('""', '"'), next: quote + 1 };
    at = quote + 2;
  }
}

// Where records end in the bytes of a CSV or JSON Lines file, and what the cells of a CSV record are. `split-batch`
// cuts files with it and the stages read chunks with it, so both count alike: blank lines are no records, and a quote
// that is never closed costs the line that it stands in.
import { QuoteScanner } from './quote-scanner.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

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
  /** The first record's quote that is open where the bytes end is known to be closed nowhere. */
  readonly isFirstUnclosed?: boolean;
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
  const finder = options.format === 'csv' ? new QuotedEnds(bytes, options) : undefined;
  let start = 0;
  while (start < bytes.length) {
    const lineEnd = bytes.indexOf(LF, start);
    const end = finder === undefined ? lineEnd : finder.endOf(start, lineEnd);
    if (end === INCOMPLETE || (end < 0 && !options.isLast)) return start;
    const stop = end < 0 ? bytes.length : end;
    const next = end < 0 ? bytes.length : end + 1;
    const to = stop > start && bytes[stop - 1] === CR ? stop - 1 : stop;
    if (to > start) found(start, to, next);
    start = next;
  }
  return start;
}

const INCOMPLETE = -2;

/** Ends of records some of whose line feeds may stand in quotes. */
class QuotedEnds {
  readonly #bytes: Buffer;
  readonly #options: CutOptions;
  readonly #delimiter: number;
  #nextQuote = -1;

  constructor(bytes: Buffer, options: CutOptions) {
    this.#bytes = bytes;
    this.#options = options;
    this.#delimiter = options.delimiter?.charCodeAt(0) ?? COMMA;
  }

  /** The line feed that ends the record; -1 at the end of the bytes, INCOMPLETE when they do not tell. */
  endOf(start: number, lineEnd: number): number {
    const bytes = this.#bytes;
    if (this.#nextQuote < start) {
      const at = bytes.indexOf(QUOTE, start);
      this.#nextQuote = at < 0 ? bytes.length : at;
    }
    if (this.#nextQuote >= (lineEnd < 0 ? bytes.length : lineEnd)) return lineEnd;
    const scanner = new QuoteScanner(this.#delimiter);
    scanner.scan(bytes, start);
    const { isLast, isFirstUnclosed = false } = this.#options;
    if (scanner.isOpen && !isLast && !(isFirstUnclosed && start === 0)) return INCOMPLETE;
    const end = scanner.endAtLast;
    return end === undefined ? -1 : start + end;
  }
}

/**
 * The cells of one CSV record. A quote within an unquoted cell stands for itself.
 * @param onBroken told the number, from 1, of a cell whose quote is not closed or has text behind it
 */
export function cellsOf(
  record: string,
  delimiter: string,
  onBroken?: (cell: number, isClosed: boolean) => void,
): string[] {
  if (!record.includes('"')) return record.split(delimiter);
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    const cell = record[at] === '"' ? quotedCell(record, at) : plainCell(record, at, delimiter);
    cells.push(cell.text);
    if (!cell.isClosed) onBroken?.(cells.length, false);
    if (cell.next >= record.length) return cells;
    at = cell.next + 1;
    // Blanks between a closing quote and the next delimiter belong to nothing.
    if (record[cell.next] !== delimiter) {
      const following = record.indexOf(delimiter, cell.next);
      const between = record.slice(cell.next, following < 0 ? record.length : following);
      if (between.trim() !== '') onBroken?.(cells.length, true);
      if (following < 0) return cells;
      at = following + 1;
    }
    if (at === record.length) return [...cells, ''];
  }
}

interface Cell {
  readonly text: string;
  readonly next: number;
  readonly isClosed: boolean;
}

function plainCell(record: string, from: number, delimiter: string): Cell {
  const end = record.indexOf(delimiter, from);
  const next = end < 0 ? record.length : end;
  return { text: record.slice(from, next), next, isClosed: true };
}

function quotedCell(record: string, from: number): Cell {
  let at = from + 1;
  for (;;) {
    const quote = record.indexOf('"', at);
    if (quote < 0) return { text: record.slice(from), next: record.length, isClosed: false };
    if (record[quote + 1] !== '"') {
      const text = record.slice(from + 1, quote).replaceAll('""', '"');
      return { text, next: quote + 1, isClosed: true };
    }
    at = quote + 2;
  }
}

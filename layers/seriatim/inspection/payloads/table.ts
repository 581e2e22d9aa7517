// CSV and JSON Lines as the first rows of a table, with hidden columns hidden.
import { parse } from 'csv-parse/sync';
import { isObject } from '../history.ts';
import { parseJson } from '../payload.ts';
import type { Redactor } from './redact.ts';
import { REDACTED } from './redacted.ts';

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly totalRows: number;
  readonly redacted: readonly string[];
}

export const FIRST_ROWS = 20;

/** A first row whose cells are all text, and not all numbers below, names the columns. */
export function csvTable(text: string, redactor: Redactor, rows = FIRST_ROWS): Table {
  const all = parse(text, { relaxColumnCount: true, relaxQuotes: true, skipEmptyLines: true }) as string[][];
  const [first = [], ...rest] = all;
  const hasHeader = first.every((cell) => cell !== '' && Number.isNaN(Number(cell)));
  const columns = hasHeader ? first : first.map((_cell, at) => String(at));
  return tableOf(columns, hasHeader ? rest : all, { redactor, rows });
}

/** `undefined` when a line is no JSON. Lines that are objects have their members as columns. */
export function jsonLinesTable(text: string, redactor: Redactor, rows = FIRST_ROWS): Table | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const values = lines.map((line) => parseJson(line));
  if (values.length === 0 || values.includes(undefined)) return;
  const columns = [
    ...new Set(values.slice(0, rows).flatMap((value) => (isObject(value) ? Object.keys(value) : ['value']))),
  ];
  const cells = values.map((value) => {
    const { value: shown } = redactor.value(value);
    return columns.map((column) =>
      cellOf(isObject(shown) ? shown[column] : column === 'value' ? shown : undefined),
    );
  });
  return tableOf(columns, cells, { redactor, rows });
}

function cellOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function tableOf(
  columns: readonly string[],
  all: readonly (readonly string[])[],
  { redactor, rows }: { readonly redactor: Redactor; readonly rows: number },
): Table {
  const hidden = columns.filter((column) => redactor.hides([column]));
  const shown = all
    .slice(0, rows)
    .map((row) =>
      row.map((cell, at) => (hidden.includes(columns[at] ?? '') ? REDACTED : redactor.text(cell))),
    );
  return { columns, rows: shown, totalRows: all.length, redacted: hidden };
}

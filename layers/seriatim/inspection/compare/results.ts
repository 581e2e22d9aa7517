// Two result files of one input, record by record: how far their numbers lie apart, as a histogram, and which labels
// flipped. CSV with a header, or JSON Lines; records are matched by their line, as a batch keeps the input's order.
import { parse } from 'csv-parse/sync';
import type { FlipDifference } from '../api.ts';
import { parseJson } from '../payload.ts';
import { leavesOf } from './values.ts';

export interface ResultsComparison {
  readonly records: readonly [number, number];
  /** Records in which anything differs. */
  readonly differing: number;
  readonly fields: readonly FieldComparison[];
}

export interface FieldComparison {
  readonly field: string;
  /** Of numbers. */
  readonly count: number;
  readonly meanAbsolute: number;
  readonly largestAbsolute: number;
  /** The record where that is, from 0. */
  readonly at: number;
  readonly cosine: number | null;
  /** Of absolute differences, equal steps from 0 to the largest. */
  readonly histogram: readonly HistogramBin[];
  /** Of texts and booleans. */
  readonly flips?: FlipDifference;
}

export interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

const BINS = 10;
const TOLD = 10;

type ResultRecord = ReadonlyMap<string, unknown>;

export function compareResults(a: string, b: string): ResultsComparison {
  const [left, right] = [readRecords(a), readRecords(b)];
  const length = Math.min(left.length, right.length);
  const fields = new Set([...left, ...right].flatMap((record) => [...record.keys()]));
  let differing = Math.abs(left.length - right.length);
  for (let at = 0; at < length; at += 1) if (isDifferent(left[at]!, right[at]!)) differing += 1;
  return {
    records: [left.length, right.length],
    differing,
    fields: [...fields].map((field) => compareField(field, left.slice(0, length), right)),
  };
}

function isDifferent(a: ResultRecord, b: ResultRecord): boolean {
  return a.size !== b.size || [...a].some(([field, value]) => !Object.is(value, b.get(field)));
}

function compareField(
  field: string,
  left: readonly ResultRecord[],
  right: readonly ResultRecord[],
): FieldComparison {
  const pairs = left.map((record, at) => ({ at, a: record.get(field), b: right[at]!.get(field) }));
  const numeric = pairs.filter(isNumeric);
  const differences = numeric.map(({ at, a, b }) => ({ at, difference: Math.abs(a - b) }));
  const largest = differences.reduce((most, each) => (each.difference > most.difference ? each : most), {
    at: 0,
    difference: 0,
  });
  const texts = pairs.filter(({ a, b }) => typeof a !== 'number' || typeof b !== 'number');
  const flipped = texts.filter(({ a, b }) => a !== b);
  const total = differences.reduce((sum, { difference }) => sum + difference, 0);
  return {
    field,
    count: numeric.length,
    meanAbsolute: numeric.length === 0 ? 0 : total / numeric.length,
    largestAbsolute: largest.difference,
    at: largest.at,
    cosine: cosineOf(numeric),
    histogram: histogramOf(
      differences.map(({ difference }) => difference),
      largest.difference,
    ),
    ...(texts.length === 0
      ? {}
      : {
          flips: {
            compared: texts.length,
            flipped: flipped.length,
            first: flipped.slice(0, TOLD).map(({ at, a, b }) => ({ path: `${at}.${field}`, a, b })),
          },
        }),
  };
}

interface Numeric {
  readonly at: number;
  readonly a: number;
  readonly b: number;
}

function isNumeric(pair: { at: number; a: unknown; b: unknown }): pair is Numeric {
  return typeof pair.a === 'number' && typeof pair.b === 'number';
}

function cosineOf(pairs: readonly Numeric[]): number | null {
  let [dot, squareA, squareB] = [0, 0, 0];
  for (const { a, b } of pairs) {
    dot += a * b;
    squareA += a * a;
    squareB += b * b;
  }
  const norm = Math.sqrt(squareA) * Math.sqrt(squareB);
  return norm === 0 ? null : Math.min(1, dot / norm);
}

function histogramOf(differences: readonly number[], largest: number): HistogramBin[] {
  if (differences.length === 0) return [];
  if (largest === 0) return [{ from: 0, to: 0, count: differences.length }];
  const counts = new Array<number>(BINS).fill(0);
  for (const difference of differences) {
    counts[Math.min(BINS - 1, Math.floor((difference / largest) * BINS))]! += 1;
  }
  return counts.map((count, at) => ({ from: (largest * at) / BINS, to: (largest * (at + 1)) / BINS, count }));
}

/** JSON Lines when the first line is JSON, else CSV with a header. */
function readRecords(text: string): ResultRecord[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (/^\s*[[{]/.test(lines[0] ?? '')) return lines.map((line) => leavesOf(parseJson(line) ?? line));
  const rows = parse(text, { columns: true, relaxColumnCount: true, skipEmptyLines: true }) as Record<
    string,
    string
  >[];
  return rows.map((row) => new Map(Object.entries(row).map(([field, cell]) => [field, cellValue(cell)])));
}

function cellValue(cell: string): unknown {
  const number = Number(cell);
  return cell.trim() === '' || Number.isNaN(number) ? cell : number;
}

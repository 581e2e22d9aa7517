// What the bench of batches prints.
import type { BatchFigures } from './batch-product.ts';

export interface BatchRow {
  readonly rows: number;
  readonly ours: BatchFigures;
  readonly floor: BatchFigures;
  readonly peer: BatchFigures | undefined;
  /** Our output and the plain stream's are the same bytes. */
  readonly isEqual: boolean;
}

export interface Machine {
  readonly node: string;
  readonly cores: number;
  /** Processes that wanted a core over the last minute, ours among them. */
  readonly load: number;
}

const HEAD = [
  'rows',
  'rows/s',
  'CPU µs/row',
  'peak MB',
  'stream rows/s',
  'CPU µs/row',
  'peak MB',
  'pandas rows/s',
  'CPU µs/row',
  'peak MB',
  'of the stream',
  'equal',
];

export function batchText({ node, cores, load }: Machine, rows: readonly BatchRow[]): string {
  const cells = rows.map(({ rows: count, ours, floor, peer, isEqual }) => [
    count.toLocaleString('en-US'),
    ...figures(ours),
    ...figures(floor),
    ...(peer === undefined ? ['–', '–', '–'] : figures(peer)),
    (rate(ours) / rate(floor)).toFixed(3),
    isEqual ? 'yes' : 'NO',
  ]);
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]!.length)),
  );
  const line = (row: readonly string[]): string => row.map((cell, i) => cell.padStart(widths[i]!)).join('  ');
  return [
    `house-prices in batches, ten cities mixed, ${cores} cores, Node ${node}, load ${load.toFixed(1)}`,
    '',
    line(HEAD),
    ...cells.map(line),
    ...(rows.some(({ peer }) => peer !== undefined)
      ? []
      : ['', 'pandas or onnxruntime is not installed in Python here']),
  ].join('\n');
}

function figures(figure: BatchFigures): string[] {
  const { rows, cpuMs, peakMb } = figure;
  const cpu = cpuMs === undefined ? '–' : ((cpuMs * 1000) / rows).toFixed(1);
  return [Math.round(rate(figure)).toLocaleString('en-US'), cpu, String(peakMb)];
}

function rate({ rows, tookMs }: BatchFigures): number {
  return rows / (tookMs / 1000);
}

// What the bench prints.
import type { LoadFigures } from './load.ts';
import type { ProcessMemory } from './memory.ts';

/** One row of the table: both servers at one number of clients, medians over the rounds. */
export interface BenchRow {
  readonly clients: number;
  readonly product: LoadFigures;
  readonly floor: LoadFigures;
  /** Requests per second of the product, of the floor's. */
  readonly ratio: number;
  readonly addedP50Ms: number;
}

export interface BenchReport {
  readonly node: string;
  readonly cores: number;
  readonly rounds: number;
  readonly secondsEach: number;
  readonly startMs: number;
  readonly rows: readonly BenchRow[];
  readonly memory: {
    readonly productIdle: ProcessMemory;
    readonly productUnderLoad: ProcessMemory;
    readonly floorUnderLoad: ProcessMemory;
  };
}

/** The middle one by requests per second; of an even number the lower middle. Wrong answers are those of all rounds. */
export function medianOf(rounds: readonly LoadFigures[]): LoadFigures {
  const sorted = [...rounds].sort((a, b) => a.requestsPerSecond - b.requestsPerSecond);
  const wrong = rounds.reduce((sum, round) => sum + round.wrong, 0);
  return { ...sorted[Math.floor((sorted.length - 1) / 2)]!, wrong };
}

export function benchRow(clients: number, product: LoadFigures, floor: LoadFigures): BenchRow {
  return {
    clients,
    product,
    floor,
    ratio: product.requestsPerSecond / floor.requestsPerSecond,
    addedP50Ms: product.p50Ms - floor.p50Ms,
  };
}

const HEAD = [
  'clients',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'floor req/s',
  'p50 ms',
  'p99 ms',
  'ratio',
  'added p50 ms',
];

export function benchText(report: BenchReport): string {
  const { productIdle, productUnderLoad, floorUnderLoad } = report.memory;
  return [
    `house-prices, ${report.cores} cores, Node ${report.node}, ${report.rounds} rounds of ${report.secondsEach} s each, product and floor in turn`,
    '',
    ...alignRight([HEAD, ...report.rows.map(cells)]),
    '',
    `wrong answers      ${report.rows.reduce((sum, row) => sum + row.product.wrong + row.floor.wrong, 0)}`,
    `started in         ${(report.startMs / 1000).toFixed(1)} s, every endpoint in service`,
    `memory idle        ${memoryText(productIdle)}`,
    `memory under load  ${memoryText(productUnderLoad)}; floor ${memoryText(floorUnderLoad)}`,
  ].join('\n');
}

function cells({ clients, product, floor, ratio, addedP50Ms }: BenchRow): string[] {
  const figures = ({ requestsPerSecond, p50Ms, p99Ms }: LoadFigures): string[] => [
    requestsPerSecond.toFixed(0),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
  ];
  return [String(clients), ...figures(product), ...figures(floor), ratio.toFixed(3), addedP50Ms.toFixed(2)];
}

function memoryText({ residentMb, processes }: ProcessMemory): string {
  return `${residentMb} MB in ${processes} ${processes === 1 ? 'process' : 'processes'}`;
}

function alignRight(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  '));
}

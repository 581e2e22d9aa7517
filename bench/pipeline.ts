// Requests per second and latency of house-prices over HTTP with everything on, beside the floor (bench/floor.ts),
// measured in turn in the same run. Every answer is checked; exit code 1 when one was wrong.
//
//   npx node bench/pipeline.ts [--json] [--seconds 5] [--rounds 2] [--clients 1,8,64]
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Child, startChild } from './child.ts';
import type { LoadFigures, LoadOrder } from './load.ts';
import { memoryOf, type ProcessMemory } from './memory.ts';
import { type BenchReport, type BenchRow, benchRow, benchText, medianOf } from './report.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '2' },
    clients: { type: 'string', default: '1,8,64' },
  },
});
const seconds = positive('seconds', flags.seconds);
const rounds = positive('rounds', flags.rounds);
const clientCounts = flags.clients.split(',').map((count) => positive('clients', count));
const WARM_UP_MS = 1000;
/** What packaging used is given back by then. */
const SETTLE_MS = 2000;
/** Both servers compile their hot code before anything is measured. */
const FIRST_WARM_UP = { clients: 8, warmUpMs: 0, measureMs: 3000 };

interface Target {
  readonly name: 'product' | 'floor';
  readonly child: Child;
  readonly port: number;
  readonly path: string;
}

const children: Child[] = [];
try {
  const report = await bench();
  console.log(flags.json ? JSON.stringify(report) : benchText(report));
  if (report.rows.some(({ product, floor }) => product.wrong + floor.wrong > 0)) process.exitCode = 1;
} finally {
  await Promise.all(children.map((child) => child.close()));
}

async function bench(): Promise<BenchReport> {
  say('starting the product');
  const started = await startTarget('product', './product.ts', '/pipelines/house-prices/invocations');
  const floor = await startTarget('floor', './floor.ts', '/');
  const load = start('./load.ts');
  const product = started.target;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const productIdle = await memoryOf(product.child.pid);
  for (const target of [product, floor.target]) await order(load, target, FIRST_WARM_UP);
  const rows: BenchRow[] = [];
  for (const clients of clientCounts)
    rows.push(await compare(load, { product, floor: floor.target, clients }));
  const under = await underLoad(load, [product, floor.target]);
  return {
    node: process.versions.node,
    cores: availableParallelism(),
    rounds,
    secondsEach: seconds,
    startMs: started.startMs,
    rows,
    memory: { productIdle, productUnderLoad: under[0]!, floorUnderLoad: under[1]! },
  };
}

async function startTarget(
  name: Target['name'],
  file: string,
  path: string,
): Promise<{ target: Target; startMs: number }> {
  const child = start(file);
  const { url, startMs = 0 } = await child.next<{ url: string; startMs?: number }>();
  return { target: { name, child, port: Number(new URL(url).port), path }, startMs };
}

function start(file: string): Child {
  const child = startChild(file);
  children.push(child);
  return child;
}

/** Product, floor, product, floor …: what else the machine does falls on both. */
async function compare(
  load: Child,
  { product, floor, clients }: { product: Target; floor: Target; clients: number },
): Promise<BenchRow> {
  const found: Record<Target['name'], LoadFigures[]> = { product: [], floor: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const target of [product, floor]) {
      const figures = await order(load, target, { clients, warmUpMs: WARM_UP_MS, measureMs: seconds * 1000 });
      say(`${clients} clients, ${target.name}: ${figures.requestsPerSecond.toFixed(0)} requests/s`);
      if (figures.firstWrong !== undefined)
        say(`${figures.wrong} wrong answers, the first: ${figures.firstWrong}`);
      found[target.name].push(figures);
    }
  }
  return benchRow(clients, medianOf(found.product), medianOf(found.floor));
}

async function order(
  load: Child,
  { port, path }: Target,
  asked: Omit<LoadOrder, 'port' | 'path'>,
): Promise<LoadFigures> {
  load.tell({ port, path, ...asked } satisfies LoadOrder);
  return load.next<LoadFigures>();
}

/** Memory in the middle of two seconds with 8 clients. */
async function underLoad(load: Child, targets: readonly Target[]): Promise<ProcessMemory[]> {
  const found: ProcessMemory[] = [];
  for (const target of targets) {
    const done = order(load, target, { clients: 8, warmUpMs: 0, measureMs: 2000 });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    found.push(await memoryOf(target.child.pid));
    await done;
  }
  return found;
}

/** Progress goes to standard error, so that standard output is the report alone. */
function say(text: string): void {
  process.stderr.write(`  ${text}\n`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new RangeError(`--${name} takes a number above 0, not "${text}"`);
}

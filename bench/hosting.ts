// Figures of SageMaker hosting, each beside its floor in the same run: what a hop costs over calling the container
// directly, a chain of three containers against the fused floor, 1,000 models with room for 100, memory over 100,000
// requests. Run: npx node bench/hosting.ts [hops] [chain] [manyModels] [storm] [memory]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { generator, rankOf, zipf } from './hosting-cache-streams.ts';
import { type Call, type LoadResult, load, quantiles } from './hosting-load.ts';

const HELP = `npx node bench/hosting.ts [part …]    every part unless some are named

  hops         a call through InvokeEndpoint beside one to the container itself, one client
  chain        three containers in series beside the same work in one process, 1, 8 and 64 clients
  manyModels   1,000 models with room for 100 under a Zipf stream
  storm        warm calls while other models load, beside quiet ones
  memory       resident memory over 100,000 requests`;

interface Program {
  readonly child: ChildProcess;
  readonly lines: Interface;
  readonly origin: string;
}

async function start(file: string): Promise<Program> {
  const child = spawn(process.execPath, [new URL(file, import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout!);
  const [line] = (await once(lines, 'line')) as [string];
  return { child, lines, origin: `http://127.0.0.1:${JSON.parse(line).port}` };
}

const HOUSE = { numeric: [1998, 2900, 4, 2.5, 1.1, 2], categorical: ['y', 'n'] };
const BODY = JSON.stringify({ instances: [HOUSE] });
const JSON_TYPE = { 'content-type': 'application/json' };
const FEATURES = JSON.stringify({ instances: [{ features: Array(10).fill(0.1) }] });

function invocation(endpoint: string, body: string, targetModel?: string): Call {
  const headers: Record<string, string> = { ...JSON_TYPE };
  if (targetModel !== undefined) headers['x-amzn-sagemaker-target-model'] = targetModel;
  return { path: `/endpoints/${endpoint}/invocations`, headers, body };
}

function show(what: string, { perSecond, p50Ms, p99Ms, failures }: LoadResult, more = ''): void {
  const figures = `${perSecond.toFixed(0).padStart(7)}/s  p50 ${p50Ms.toFixed(3)} ms  p99 ${p99Ms.toFixed(2)} ms`;
  console.log(`${what.padEnd(34)} ${figures}${failures > 0 ? `  ${failures} FAILED` : ''}${more}`);
}

async function hops(hosting: Program): Promise<void> {
  const echo = await start('hosting-echo.ts');
  const direct = () => ({ path: '/invocations', headers: JSON_TYPE, body: BODY });
  const hosted = () => invocation('echo', BODY);
  for (const [origin, next] of [
    [echo.origin, direct],
    [hosting.origin, hosted],
  ] as const)
    await load(origin, next, { clients: 1, requests: 3_000 });
  const floor = await load(echo.origin, direct, { clients: 1, requests: 5_000 });
  const ours = await load(hosting.origin, hosted, { clients: 1, requests: 5_000 });
  show('a container, called directly', floor);
  show('the same behind InvokeEndpoint', ours, `  +${(ours.p50Ms - floor.p50Ms).toFixed(3)} ms`);
  echo.child.stdin!.end();
}

const CHAIN_CALLS = 6_000;

async function chain(hosting: Program): Promise<void> {
  const floor = await start('hosting-floor.ts');
  const fused = () => ({ path: '/', headers: JSON_TYPE, body: BODY });
  for (const clients of [1, 8, 64]) {
    await load(floor.origin, fused, { clients, requests: 2_000 });
    await load(hosting.origin, () => invocation('chain', BODY), { clients, requests: 2_000 });
    const below = await load(floor.origin, fused, { clients, requests: 10_000 });
    await ask(hosting, 'loop');
    const ours = await load(hosting.origin, () => invocation('chain', BODY), {
      clients,
      requests: CHAIN_CALLS,
    });
    const { cpuMicros } = await ask(hosting, 'loop');
    show(`fused floor, ${clients} clients`, below);
    show(
      `chain of three, ${clients} clients`,
      ours,
      `  ${(ours.perSecond / below.perSecond).toFixed(2)} of the floor, serving thread ${(cpuMicros! / CHAIN_CALLS).toFixed(0)} µs/call`,
    );
  }
  floor.child.kill();
}

async function manyModels(hosting: Program): Promise<void> {
  const random = generator(1);
  const popularity = zipf(1_000, 1.1);
  const warm: number[] = [];
  let cold = 0;
  const note = (headers: Record<string, unknown>, ms: number): void => {
    if (headers['x-seriatim-model-load'] === 'warm') warm.push(ms);
    else cold += 1;
  };
  const next = () => invocation('cities', FEATURES, `${rankOf(popularity, random())}.tar.gz`);
  await load(hosting.origin, next, { clients: 8, requests: 3_000 });
  const result = await load(hosting.origin, next, { clients: 8, requests: 10_000, note });
  const ratio = warm.length / (warm.length + cold);
  show(
    '1,000 models, room for 100',
    result,
    `  hit ratio ${ratio.toFixed(3)}, warm p99 ${quantiles(warm).p99Ms.toFixed(2)} ms`,
  );
}

/** Odd, so that there is a middle one. */
const STORM_ROUNDS = 7;

/**
 * Warm callers alone, then beside callers who only ever ask for models that are not there, round after round. Times of
 * callers swing with whatever else the machine does; what the serving thread spends, and how late it gets to things,
 * swings less.
 */
async function storm(hosting: Program): Promise<void> {
  const warmCall = () => invocation('cities', FEATURES, '0.tar.gz');
  const calm = async (): Promise<Reading> => measured(hosting, warmCall);
  await load(hosting.origin, warmCall, { clients: 2, requests: 2_000 });
  const quiet: Reading[] = [];
  const stormy: Reading[] = [];
  for (let round = 0; round < STORM_ROUNDS; round++) {
    quiet.push(await calm());
    const loads = startLoads(hosting, round * 100);
    const reading = await measured(hosting, warmCall);
    stormy.push({ ...reading, coldLoads: await loads.end() });
  }
  const ratios = quiet.map(({ p99Ms }, round) => stormy[round]!.p99Ms / p99Ms);
  const of = (readings: readonly Reading[], key: keyof Reading) => median(readings.map((one) => one[key]));
  for (const [what, readings] of [
    ['warm calls, quiet', quiet],
    ['warm calls in a storm of cold loads', stormy],
  ] as const)
    console.log(
      `${what.padEnd(36)} medians of ${STORM_ROUNDS}: p50 ${of(readings, 'p50Ms').toFixed(3)} ms  p99 ${of(readings, 'p99Ms').toFixed(2)} ms  serving thread ${of(readings, 'cpuMicros').toFixed(0)} µs/call, late p99 ${of(readings, 'lateMs').toFixed(2)} ms, ${of(readings, 'coldLoads').toFixed(0)} cold loads`,
    );
  console.log(
    `p99 in the storm against quiet: median ${median(ratios).toFixed(2)}, of ${ratios.map((one) => one.toFixed(2)).join(', ')}`,
  );
}

interface Reading {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The hosting process's serving thread, for each warm call. */
  readonly cpuMicros: number;
  readonly lateMs: number;
  readonly coldLoads: number;
}

const STORM_CALLS = 3_000;

async function measured(hosting: Program, next: () => Call): Promise<Reading> {
  await ask(hosting, 'loop');
  const { p50Ms, p99Ms } = await load(hosting.origin, next, { clients: 2, requests: STORM_CALLS });
  const { cpuMicros, lateMs } = await ask(hosting, 'loop');
  return { p50Ms, p99Ms, cpuMicros: cpuMicros! / STORM_CALLS, lateMs: lateMs!, coldLoads: 0 };
}

/** Eight callers, each asking for one absent model after the other. */
function startLoads(hosting: Program, from: number): { end(): Promise<number> } {
  let count = 0;
  let isOver = false;
  const callers = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const model = 100 + ((from + count++) % 900);
      const next = () => invocation('cities', FEATURES, `${model}.tar.gz`);
      await load(hosting.origin, next, { clients: 1, requests: 1 });
    }
  });
  return {
    async end() {
      isOver = true;
      const loaded = count;
      await Promise.all(callers);
      return loaded;
    },
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Asks the hosting process on its standard input. */
async function ask(hosting: Program, what: string): Promise<Record<string, number>> {
  hosting.child.stdin!.write(`${what}\n`);
  const [line] = (await once(hosting.lines, 'line')) as [string];
  return JSON.parse(line);
}

async function memory(hosting: Program): Promise<void> {
  const resident = async (): Promise<number> => (await ask(hosting, 'memory')).residentMb!;
  const readings: string[] = [];
  for (let round = 0; round < 5; round++) {
    await load(hosting.origin, () => invocation('echo', BODY), { clients: 8, requests: 20_000 });
    readings.push((await resident()).toFixed(0));
  }
  console.log(`resident MB after each 20,000 requests: ${readings.join(', ')}`);
}

const parts = { hops, chain, manyModels, storm, memory };
const strangers = process.argv.slice(2).filter((argument) => !Object.hasOwn(parts, argument));
if (strangers.length > 0) {
  const isHelp = strangers.some((argument) => argument === '--help' || argument === '-h');
  if (!isHelp) console.error(`There is no part called ${strangers.join(', ')}.`);
  console.log(HELP);
  process.exit(isHelp ? 0 : 1);
}
const hosting = await start('hosting-server.ts');
for (const [name, part] of Object.entries(parts)) {
  if (process.argv.length < 3 || process.argv.includes(name)) await part(hosting);
}
hosting.child.stdin!.end();

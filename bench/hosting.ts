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

async function chain(hosting: Program): Promise<void> {
  const floor = await start('hosting-floor.ts');
  const fused = () => ({ path: '/', headers: JSON_TYPE, body: BODY });
  for (const clients of [1, 8, 64]) {
    await load(floor.origin, fused, { clients, requests: 2_000 });
    await load(hosting.origin, () => invocation('chain', BODY), { clients, requests: 2_000 });
    const below = await load(floor.origin, fused, { clients, requests: 10_000 });
    const ours = await load(hosting.origin, () => invocation('chain', BODY), { clients, requests: 6_000 });
    show(`fused floor, ${clients} clients`, below);
    show(
      `chain of three, ${clients} clients`,
      ours,
      `  ${(ours.perSecond / below.perSecond).toFixed(2)} of the floor`,
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

/** Warm callers alone, then beside callers who only ever ask for models that are not there. */
async function storm(hosting: Program): Promise<void> {
  const warmCall = () => invocation('cities', FEATURES, '0.tar.gz');
  await load(hosting.origin, warmCall, { clients: 2, requests: 2_000 });
  const quiet = await load(hosting.origin, warmCall, { clients: 2, requests: 5_000 });
  let model = 0;
  let isOver = false;
  const coldCallers = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      model = (model + 1) % 900;
      await load(hosting.origin, () => invocation('cities', FEATURES, `${100 + model}.tar.gz`), {
        clients: 1,
        requests: 1,
      });
    }
  });
  const stormy = await load(hosting.origin, warmCall, { clients: 2, requests: 5_000 });
  isOver = true;
  await Promise.all(coldCallers);
  show('warm calls, quiet', quiet);
  show(
    'warm calls in a storm of cold loads',
    stormy,
    `  p99 ${(stormy.p99Ms / quiet.p99Ms).toFixed(1)} times the quiet one`,
  );
}

async function memory(hosting: Program): Promise<void> {
  const resident = async (): Promise<number> => {
    hosting.child.stdin!.write('memory\n');
    const [line] = (await once(hosting.lines, 'line')) as [string];
    return JSON.parse(line).residentMb;
  };
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

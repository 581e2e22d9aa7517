// One model over HTTP: the container beside its floor (onnxruntime-node behind a bare node:http server) and its peers
// (FastAPI and LitServe, where `--peers` names a Python that has them), at 1, 8 and 64 clients. Rounds alternate
// between the servers, so that a noisy machine is noisy for all of them; ratios are to be trusted, and the servers' CPU
// time per request before both.
//
//   npx node bench/container.ts [--seconds 3] [--rounds 3] [--model tabular|image|dense] [--clients 1,8,64]
//     [--providers cuda,webgpu] [--peers <python>]; --help tells what each is
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DENSE_WIDTH, writeDenseModel } from './container-dense.ts';
import type { LoadResult } from './container-load.ts';
import { readBenchArguments } from './container-options.ts';

const { values: options } = readBenchArguments({
  command: 'bench/container.ts [options]',
  about:
    'Requests/s and CPU time per request of the container, of onnxruntime-node behind a bare node:http server, and of the peers.',
  options: {
    seconds: { default: '3', takes: 'number', help: 'how long each server is measured at a time' },
    rounds: { default: '3', takes: 'number', help: 'how often each server has its turn; medians are told' },
    model: { default: 'tabular', takes: ['tabular', 'image', 'dense'], help: 'what is served' },
    clients: { default: '1,8,64', takes: 'numbers', help: 'requests under way at once' },
    providers: {
      default: '',
      takes: 'text',
      help: 'a container more for each execution provider, such as cuda,webgpu; one that the machine lacks ends the bench',
    },
    peers: {
      default: process.env.BENCH_PYTHON ?? '',
      takes: 'text',
      help: 'a Python with fastapi, uvicorn, orjson, litserve, onnxruntime and numpy, for the peers (BENCH_PYTHON)',
    },
  },
});

interface Case {
  readonly model: string;
  readonly contentType: string;
  readonly body: () => string | Uint8Array;
  /** Whether the peers' servers take this content type. */
  readonly hasPeers: boolean;
}

const CASES: Readonly<Record<string, Case>> = {
  tabular: {
    model: 'models/house-prices/preprocess.onnx',
    contentType: 'application/json',
    body: () =>
      JSON.stringify({ instances: [{ numeric: [1998, 2900, 4, 2.5, 1.1, 2], categorical: ['y', 'n'] }] }),
    hasPeers: true,
  },
  // The pixels as they are: parsing them from JSON would take longer than the model.
  image: {
    model: 'models/photo-recognition/recognition/model.onnx',
    contentType: 'application/vnd.sagemaker-triton.binary+json;json-header-size=0',
    body: () => new Uint8Array(192 * 192 * 3).fill(128),
    hasPeers: false,
  },
  // Made on the spot: a model that gains by batching.
  dense: {
    model: '',
    contentType: 'application/vnd.sagemaker-triton.binary+json;json-header-size=0',
    body: () => new Uint8Array(new Float32Array(DENSE_WIDTH).fill(0.5).buffer),
    hasPeers: false,
  },
};

interface Server {
  readonly name: string;
  readonly url: string;
  readonly child: ChildProcess;
}

const CLIENTS = options.clients.split(',').map(Number);
const scratch = mkdtempSync(join(tmpdir(), 'seriatim-bench-'));

async function main(): Promise<void> {
  const chosen = CASES[options.model];
  if (chosen === undefined) throw new Error(`--model is one of ${Object.keys(CASES).join(', ')}.`);
  const model = chosen.model || join(scratch, 'dense.onnx');
  if (chosen.model === '') writeDenseModel(model);
  if (!existsSync(model)) throw new Error(`${model} is not here.`);
  const bodyFile = join(scratch, 'request');
  writeFileSync(bodyFile, chosen.body());
  const load = { bodyFile, contentType: chosen.contentType };
  try {
    const servers = await startServers({ ...chosen, model });
    for (const server of servers) await warmUp(server, load);
    for (const clients of CLIENTS) report(clients, await measure(servers, clients, load));
    for (const { name, child } of servers) console.log(`${name}: ${residentMegabytes(child)} MB resident`);
  } finally {
    for (const child of started) child.kill('SIGKILL');
    rmSync(scratch, { recursive: true });
  }
}

async function startServers({ model, hasPeers }: Case): Promise<Server[]> {
  const floor = await startPrinting('bare node:http', ['bench/container-floor.mjs', model], {});
  const container = await startContainer('container', model, {});
  const worker = await startContainer('container, in workers', model, { SERIATIM_THREAD: 'worker' });
  const unbatched = await startContainer('container, unbatched', model, { SERIATIM_MAX_BATCH: '1' });
  const others: Server[] = [];
  for (const provider of options.providers.split(',').filter(Boolean))
    others.push(await startContainer(`container, ${provider}`, model, { SERIATIM_PROVIDERS: provider }));
  return [floor, container, worker, unbatched, ...others, ...(hasPeers ? await startPeers(model) : [])];
}

function startContainer(name: string, model: string, env: Record<string, string>): Promise<Server> {
  const base = mkdtempSync(join(scratch, 'base-'));
  mkdirSync(join(base, 'model'));
  copyFileSync(model, join(base, 'model/model.onnx'));
  const own = {
    SAGEMAKER_BASE_DIR: base,
    SAGEMAKER_BIND_TO_PORT: '0',
    NODE_COMPILE_CACHE: join(scratch, 'cache'),
  };
  return startPrinting(name, ['container/main.ts', 'serve'], { ...own, ...env });
}

/** All that run, to be ended with the bench, also where one of them does not start. */
const started: ChildProcess[] = [];

/** A server that prints its URL when it is ready. */
async function startPrinting(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Server> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const [line] = await Promise.race([once(child.stdout!, 'data'), once(child, 'exit').then(() => [''])]);
  const origin = /http:\/\/[\d.]+:\d+/.exec(String(line))?.[0];
  if (origin === undefined) throw new Error(`${name} did not start.`);
  return { name, url: `${origin}/invocations`, child };
}

/** What each peer imports besides numpy. */
const PEERS: Readonly<Record<string, string>> = {
  fastapi: 'fastapi, uvicorn, onnxruntime',
  'fastapi-tuned': 'fastapi, uvicorn, orjson, onnxruntime',
  litserve: 'litserve, onnxruntime',
};

async function startPeers(model: string): Promise<Server[]> {
  const python = options.peers;
  if (python === '') {
    console.log(
      'No peers: --peers (or BENCH_PYTHON) names no Python, so FastAPI and LitServe are not measured.',
    );
    return [];
  }
  const peers = Object.entries(PEERS).filter(([peer, modules]) => isInstalled(python, peer, modules));
  return Promise.all(peers.map(([peer]) => startPeer(python, peer, model)));
}

function isInstalled(python: string, peer: string, modules: string): boolean {
  try {
    execFileSync(python, ['-c', `import numpy, ${modules}`], { stdio: ['ignore', 'ignore', 'pipe'] });
    return true;
  } catch (thrown) {
    const said = String((thrown as { stderr?: Buffer }).stderr ?? (thrown as Error).message).trim();
    console.log(`${peer} is not measured: ${said.split('\n').at(-1)}`);
    return false;
  }
}

async function startPeer(python: string, peer: string, model: string): Promise<Server> {
  const port = await freePort();
  const child = spawn(python, ['bench/container-peer.py', peer, model, String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  started.push(child);
  const url = `http://127.0.0.1:${port}/invocations`;
  while ((await fetch(url).catch(() => undefined)) === undefined)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return { name: peer, url, child };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

const WARM_UP_MS = 1500;

interface LoadBody {
  readonly bodyFile: string;
  readonly contentType: string;
}

async function warmUp(server: Server, load: LoadBody): Promise<void> {
  const { errors } = await runLoad(server, { clients: 8, durationMs: WARM_UP_MS, ...load });
  if (errors > 0) throw new Error(`${server.name} answered ${errors} requests with errors.`);
}

interface LoadOptions extends LoadBody {
  readonly clients: number;
  readonly durationMs: number;
}

async function runLoad(
  { url }: Server,
  { clients, durationMs, bodyFile, contentType }: LoadOptions,
): Promise<LoadResult> {
  const args = ['bench/container-load.ts', url, String(clients), String(durationMs), bodyFile, contentType];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return JSON.parse(text) as LoadResult;
}

interface Measured {
  readonly name: string;
  readonly rounds: readonly Round[];
}

interface Round extends LoadResult {
  /** CPU time of the server per request. */
  readonly cpuMs: number;
}

async function measure(servers: readonly Server[], clients: number, load: LoadBody): Promise<Measured[]> {
  const results = servers.map(({ name }) => ({ name, rounds: [] as Round[] }));
  const durationMs = Number(options.seconds) * 1000;
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [index, server] of servers.entries()) {
      const before = cpuMilliseconds(server.child);
      const result = await runLoad(server, { clients, durationMs, ...load });
      const requests = result.requestsPerSecond * Number(options.seconds);
      results[index]!.rounds.push({ ...result, cpuMs: (cpuMilliseconds(server.child) - before) / requests });
    }
  }
  return results;
}

function report(clients: number, measured: readonly Measured[]): void {
  console.log(
    `\n${options.model}, ${clients} client${clients === 1 ? '' : 's'}, medians of ${options.rounds} rounds`,
  );
  const floor = medianOf(measured[0]!.rounds, ({ requestsPerSecond }) => requestsPerSecond);
  const rows = measured.map(({ name, rounds }) => {
    const rate = medianOf(rounds, ({ requestsPerSecond }) => requestsPerSecond);
    return {
      server: name,
      'requests/s': Math.round(rate),
      'to the floor': Number((rate / floor).toFixed(2)),
      'CPU ms/request': Number(medianOf(rounds, ({ cpuMs }) => cpuMs).toFixed(3)),
      'p50 ms': Number(medianOf(rounds, ({ p50Ms }) => p50Ms).toFixed(2)),
      'p99 ms': Number(medianOf(rounds, ({ p99Ms }) => p99Ms).toFixed(2)),
      errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
    };
  });
  console.table(rows);
}

function medianOf<Result>(rounds: readonly Result[], value: (result: Result) => number): number {
  const sorted = rounds.map(value).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

const TICK_MS = 10;

/** User and system time of the process with all its threads; fields 14 and 15, counted after the name in brackets. */
function cpuMilliseconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function residentMegabytes({ pid }: ChildProcess): string {
  try {
    return (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024).toFixed(0);
  } catch {
    return 'unknown';
  }
}

await main();

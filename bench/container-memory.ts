// Whether the container's memory stays flat: resident megabytes after each tenth of many requests.
// `npx node bench/container-memory.ts [--requests 1000000] [--clients 32]`
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { readBenchArguments } from './container-options.ts';

const { values: options } = readBenchArguments({
  command: 'bench/container-memory.ts [options]',
  about: 'Resident memory of the container after each tenth of many requests.',
  options: {
    requests: { default: '1000000', takes: 'number', help: 'requests in all' },
    clients: { default: '32', takes: 'number', help: 'requests under way at once' },
  },
});
const MODEL = 'models/house-prices/preprocess.onnx';
const BODY = JSON.stringify({
  instances: [{ numeric: [1998, 2900, 4, 2.5, 1.1, 2], categorical: ['y', 'n'] }],
});
const TENTHS = 10;

async function main(): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'seriatim-bench-'));
  cpSync(MODEL, join(base, 'model/model.onnx'));
  const env = { ...process.env, SAGEMAKER_BASE_DIR: base, SAGEMAKER_BIND_TO_PORT: '0' };
  const child = spawn(process.execPath, ['container/main.ts', 'serve'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const pool = new Pool(/http:\/\/[\d.]+:\d+/.exec(String(line))![0], {
    connections: Number(options.clients),
  });
  const perTenth = Math.ceil(Number(options.requests) / TENTHS);
  console.log(`at the start: ${residentMegabytes(child.pid!)} MB`);
  for (let tenth = 1; tenth <= TENTHS; tenth++) {
    await send(pool, perTenth);
    console.log(`after ${tenth * perTenth} requests: ${residentMegabytes(child.pid!)} MB`);
  }
  await pool.close();
  child.kill();
  rmSync(base, { recursive: true });
}

async function send(pool: Pool, count: number): Promise<void> {
  let left = count;
  const client = async () => {
    while (left-- > 0) {
      const headers = { 'content-type': 'application/json' };
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/invocations',
        body: BODY,
        headers,
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`The container answered ${statusCode}.`);
    }
  };
  await Promise.all(Array.from({ length: Number(options.clients) }, client));
}

function residentMegabytes(pid: number): string {
  return (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024).toFixed(0);
}

await main();

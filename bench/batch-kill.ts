// `npx node bench/batch-kill.ts [--rows 1000000] [--kills 5]`: one run undisturbed, one of the same rows whose process is
// killed at random points and started again. Outputs must be equal byte for byte. Exit code 1 when they are not.
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import type { S3Client } from '@aws-sdk/client-s3';
import { countParts, download, putFile, readManifest, s3At } from './batch-product.ts';
import { writeRows } from './batch-rows.ts';
import { type Child, PRODUCT_COMMAND, startChild } from './child.ts';

const { values: flags } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, kills: { type: 'string', default: '5' } },
});
const rows = Number(flags.rows);
const kills = Number(flags.kills);
const CHUNK = 10_000;
const POLL_MS = 20;

const folder = mkdtempSync(join(tmpdir(), 'seriatim-batch-kill-'));
process.env.SERIATIM_BENCH_STATE = join(folder, 'state');
let product: Child | undefined;
let s3: S3Client;
try {
  const file = join(folder, 'rows.csv');
  await writeRows(file, rows);
  await start();
  const calmMs = await timed(() => run(file, 'calm.csv', []));
  const points = Array.from({ length: kills }, () => Math.floor(Math.random() * (rows / CHUNK) * 0.95)).sort(
    (a, b) => a - b,
  );
  const killedMs = await timed(() => run(file, 'killed.csv', points));
  const [calm, killed] = [await digest('calm.csv'), await digest('killed.csv')];
  console.log(
    `${rows.toLocaleString('en-US')} rows: undisturbed in ${seconds(calmMs)}; killed after ${points.join(', ')} of ${Math.ceil(rows / CHUNK)} chunks and started again in ${seconds(killedMs)}`,
  );
  console.log(calm === killed ? `outputs equal, sha256 ${calm}` : `OUTPUTS DIFFER: ${calm} ${killed}`);
  if (calm !== killed) process.exitCode = 1;
} finally {
  await product?.close();
  rmSync(folder, { recursive: true, force: true });
}

async function start(): Promise<void> {
  product = startChild('./product.ts', PRODUCT_COMMAND);
  const { awsUrl } = await product.next<{ awsUrl: string }>();
  s3 = s3At(awsUrl);
}

async function run(file: string, name: string, points: readonly number[]): Promise<void> {
  await putFile(s3, file, name);
  for (const point of points) {
    while ((await countParts(s3, name)) < point && (await readManifest(s3, name)) === undefined)
      await pause();
    process.kill(product!.pid, 'SIGKILL');
    await product!.close();
    s3.destroy();
    await start();
  }
  for (;;) {
    const manifest = await readManifest(s3, name);
    if (manifest?.status === 'SUCCEEDED' && manifest.counts.records === rows) return;
    if (manifest !== undefined) throw new Error(`${name}: ${JSON.stringify(manifest)}`);
    await pause();
  }
}

async function digest(name: string): Promise<string> {
  const local = join(folder, name);
  await download(s3, `out/${name}.out`, local);
  const hash = createHash('sha256');
  await pipeline(createReadStream(local), hash);
  return hash.digest('hex');
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begunMs = performance.now();
  await work();
  return performance.now() - begunMs;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

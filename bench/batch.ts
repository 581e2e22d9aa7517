// `npx node bench/batch.ts [--rows 1000,10000,100000,1000000] [--json]`: rows of house prices per second through a batch
// run with everything on, beside a plain Node stream (bench/batch-floor.ts) and pandas with onnxruntime
// (bench/batch-peer.py, where both are installed) on the same file in the same run. Outputs must be equal byte for byte.

import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { type BatchFigures, download, runBatch, s3At } from './batch-product.ts';
import { type BatchRow, batchText } from './batch-report.ts';
import { writeRows } from './batch-rows.ts';
import { type Child, PRODUCT_COMMAND, startChild } from './child.ts';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000,10000,100000,1000000' },
    json: { type: 'boolean', default: false },
  },
});
const sizes = flags.rows.split(',').map(Number);
if (!sizes.every((size) => Number.isInteger(size) && size > 0)) throw new RangeError(`--rows: ${flags.rows}`);

const folder = mkdtempSync(join(tmpdir(), 'seriatim-batch-bench-'));
const children: Child[] = [];
try {
  const rows = await bench();
  const machine = { node: process.versions.node, cores: availableParallelism(), load: loadavg()[0]! };
  console.log(flags.json ? JSON.stringify({ machine, rows }) : batchText(machine, rows));
  if (rows.some(({ isEqual }) => !isEqual)) process.exitCode = 1;
} finally {
  await Promise.all(children.map((child) => child.close()));
  rmSync(folder, { recursive: true, force: true });
}

async function bench(): Promise<BatchRow[]> {
  const product = start('./product.ts', PRODUCT_COMMAND);
  const { awsUrl } = await product.next<{ awsUrl: string }>();
  const floor = start('./batch-floor.ts');
  await floor.next();
  const peer = await startPeer();
  const s3 = s3At(awsUrl);
  await measureOnce('warm-up', 2_000);
  const rows: BatchRow[] = [];
  for (const size of sizes) rows.push(await measureOnce(`rows-${size}`, size));
  s3.destroy();
  return rows;

  async function measureOnce(name: string, size: number): Promise<BatchRow> {
    const file = join(folder, `${name}.csv`);
    await writeRows(file, size);
    const floorFigures = await order(floor, file, `${file}.floor`);
    const ours = await runBatch(s3, { file, name: `${name}.csv`, pid: product.pid });
    const peerFigures = peer === undefined ? undefined : await order(peer, file, `${file}.peer`);
    await download(s3, `out/${name}.csv.out`, `${file}.ours`);
    const isEqual = (await digest(`${file}.ours`)) === (await digest(`${file}.floor`));
    process.stderr.write(`  ${size} rows: ${perSecond(ours)}/s, plain stream ${perSecond(floorFigures)}/s\n`);
    return { rows: size, ours, floor: floorFigures, peer: peerFigures, isEqual };
  }
}

function start(file: string, command?: readonly string[]): Child {
  const child = startChild(file, command);
  children.push(child);
  return child;
}

/** Undefined where Python lacks one of its packages. */
async function startPeer(): Promise<Child | undefined> {
  const child = start('./batch-peer.py', ['python3']);
  try {
    await child.next();
    return child;
  } catch {
    return undefined;
  }
}

function order(child: Child, from: string, to: string): Promise<BatchFigures> {
  child.tell({ from, to });
  return child.next<BatchFigures>();
}

function perSecond({ rows, tookMs }: BatchFigures): string {
  return Math.round(rows / (tookMs / 1000)).toLocaleString('en-US');
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

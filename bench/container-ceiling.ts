// What batching can give: records/s of the runtime itself over batches of several sizes, in this process on one thread
// and without HTTP. The container's requests/s at 64 clients (`bench/container.ts`) are to be held against the best of
// them, times the cores that it has. `npx node bench/container-ceiling.ts <model.onnx | dense> [--ms 1000]`
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { writeDenseModel } from './container-dense.ts';
import { readBenchArguments } from './container-options.ts';

const ort = createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node');
const { values: options, positionals } = readBenchArguments({
  command: 'bench/container-ceiling.ts [model.onnx | dense] [options]',
  about: 'Records per second of CPU time of the runtime itself, by the size of the batch.',
  options: { ms: { default: '1000', takes: 'number', help: 'milliseconds for each size of batch' } },
});
const BATCHES = [1, 2, 4, 8, 16, 32, 64];

async function main(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'seriatim-bench-'));
  const [model = 'dense'] = positionals;
  const file = model === 'dense' ? join(scratch, 'model.onnx') : model;
  if (model === 'dense') writeDenseModel(file);
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const rows: { readonly batch: number; readonly rate: number }[] = [];
  for (const batch of BATCHES) rows.push({ batch, rate: await recordsPerSecond(session, batch) });
  console.table(
    rows.map(({ batch, rate }) => ({
      batch,
      'records/s of CPU time': Math.round(rate),
      'to batch 1': Number((rate / rows[0]!.rate).toFixed(2)),
    })),
  );
  await session.release();
  rmSync(scratch, { recursive: true });
}

/** By CPU time, not by the clock: others may be busy on the machine. */
async function recordsPerSecond(session: InferenceSession, batch: number): Promise<number> {
  const feeds = Object.fromEntries(
    session.inputMetadata.map((metadata) => [metadata.name, createInput(metadata, batch)]),
  );
  await session.run(feeds);
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  let records = 0;
  for (; performance.now() - startedAt < Number(options.ms); records += batch) await session.run(feeds);
  const { user, system } = process.cpuUsage(cpuBefore);
  return records / ((user + system) / 1_000_000);
}

function createInput(metadata: InferenceSession.ValueMetadata, batch: number): Tensor {
  if (!metadata.isTensor) throw new Error(`${metadata.name} is no tensor.`);
  const dims = [batch, ...metadata.shape.slice(1).map(Number)];
  const length = dims.reduce((product, size) => product * size, 1);
  if (metadata.type === 'string') return new ort.Tensor('string', Array<string>(length).fill('y'), dims);
  if (metadata.type === 'uint8') return new ort.Tensor('uint8', new Uint8Array(length).fill(128), dims);
  return new ort.Tensor('float32', new Float32Array(length).fill(0.5), dims);
}

await main();

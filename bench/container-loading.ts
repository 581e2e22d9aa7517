// Loading a model by the container's API beside the runtime's own session creation, both over the same files in turn.
// The container also reads what is in the artefact's folder, tells light models from heavy ones, takes the heavy ones to
// a worker thread, and answers over HTTP.
// `npx node bench/container-loading.ts [--model cities|image|dense] [--rounds 200]`
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Container, startContainer } from '../container/container.ts';
import { readSettings } from '../container/settings.ts';
import { writeDenseModel } from './container-dense.ts';
import { readBenchArguments } from './container-options.ts';

const { values: options } = readBenchArguments({
  command: 'bench/container-loading.ts [options]',
  about:
    "The container's load of a model to the runtime's own session creation, over the same files in turn.",
  options: {
    model: {
      default: 'cities',
      takes: ['cities', 'image', 'dense'],
      help: 'ten of 11 KB, convolutions of 0.9 MB, or 8 MB of weights',
    },
    rounds: { default: '200', takes: 'number', help: 'loads of each' },
  },
});
const CITIES = 'models/house-prices/cities';
const IMAGE = 'models/photo-recognition/recognition/model.onnx';
const ort = createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node');
const scratch = mkdtempSync(join(tmpdir(), 'seriatim-bench-'));

async function main(): Promise<void> {
  const folders = modelFiles().map(layOut);
  const settings = readSettings({
    SAGEMAKER_BASE_DIR: scratch,
    SAGEMAKER_BIND_TO_PORT: '0',
    SAGEMAKER_MULTI_MODEL: '1',
  });
  const quiet = () => undefined;
  const container = await startContainer(settings, { info: quiet, warn: quiet, error: console.error });
  const floor: number[] = [];
  const overHttp: number[] = [];
  const inside: number[] = [];
  // The first load starts a worker thread and both sides' copies of the runtime.
  await timeLoad(container, 'first', folders[0]!);
  await timeSession(join(folders[0]!, 'model.onnx'));
  for (let round = 0; round < Number(options.rounds); round++) {
    const folder = folders[round % folders.length]!;
    floor.push(await timeSession(join(folder, 'model.onnx')));
    const { totalMs, loadMs } = await timeLoad(container, `model-${round}`, folder);
    await fetch(`${container.url}/models/model-${round}`, { method: 'DELETE' });
    overHttp.push(totalMs);
    inside.push(loadMs);
  }
  console.table([
    row("the runtime's session", floor, floor),
    row('the container, without HTTP', inside, floor),
    row('POST /models', overHttp, floor),
  ]);
  await container.close();
  rmSync(scratch, { recursive: true });
}

function modelFiles(): string[] {
  if (options.model === 'cities') return readdirSync(CITIES).map((name) => join(CITIES, name));
  if (options.model === 'image') return [IMAGE];
  const dense = join(scratch, 'dense.onnx');
  writeDenseModel(dense);
  return [dense];
}

function layOut(file: string, index: number): string {
  const folder = join(scratch, String(index));
  mkdirSync(folder);
  cpSync(file, join(folder, 'model.onnx'));
  return folder;
}

async function timeSession(file: string): Promise<number> {
  const startedAt = performance.now();
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const milliseconds = performance.now() - startedAt;
  await session.release();
  return milliseconds;
}

async function timeLoad(
  { url, registry }: Container,
  name: string,
  folder: string,
): Promise<{ totalMs: number; loadMs: number }> {
  const startedAt = performance.now();
  const body = JSON.stringify({ model_name: name, url: folder });
  const response = await fetch(`${url}/models`, { method: 'POST', body });
  await response.json();
  // The answer gives it in tenths of a millisecond.
  return { totalMs: performance.now() - startedAt, loadMs: registry.get(name).loadMs };
}

function row(what: string, milliseconds: readonly number[], floor: readonly number[]) {
  const median = medianOf(milliseconds);
  return {
    what,
    'median ms': Number(median.toFixed(2)),
    'to the floor': Number((median / medianOf(floor)).toFixed(2)),
  };
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

await main();

// Loading a model by the container's API beside the runtime's own session creation, both over the same files in turn:
// `npx node bench/container-loading.ts [--rounds 200]`. The container also reads what is in the artefact's folder,
// tells light models from heavy ones and answers over HTTP.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Container, startContainer } from '../container/container.ts';
import { readSettings } from '../container/settings.ts';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '200' } } });
const CITIES = 'models/house-prices/cities';
const ort = createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node');
const scratch = mkdtempSync(join(tmpdir(), 'seriatim-bench-'));

async function main(): Promise<void> {
  const folders = readdirSync(CITIES).map(layOut);
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
  for (let round = 0; round < Number(options.rounds); round++) {
    const folder = folders[round % folders.length]!;
    floor.push(await timeSession(join(folder, 'model.onnx')));
    const { totalMs, loadMs } = await timeLoad(container, `model-${round}`, folder);
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

function layOut(file: string): string {
  const folder = join(scratch, basename(file, '.onnx'));
  mkdirSync(folder);
  cpSync(join(CITIES, file), join(folder, 'model.onnx'));
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
  { url }: Container,
  name: string,
  folder: string,
): Promise<{ totalMs: number; loadMs: number }> {
  const startedAt = performance.now();
  const body = JSON.stringify({ model_name: name, url: folder });
  const response = await fetch(`${url}/models`, { method: 'POST', body });
  const { loadMs } = (await response.json()) as { loadMs: number };
  return { totalMs: performance.now() - startedAt, loadMs };
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

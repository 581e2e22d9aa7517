// A whole SageMaker for the bench, in a process of its own: a chain of three containers, one echoing container, and a
// multi-model endpoint of 1,000 models. Prints its port; `memory` on standard input prints its resident memory, `loop`
// what the serving thread spent.
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { createMonitoring } from '../local/monitoring/index.ts';
import { createS3 } from '../local/s3/index.ts';
import type { ImageLauncher } from '../local/sagemaker/api.ts';
import { createSageMaker } from '../local/sagemaker/index.ts';
import { createWireServer } from '../local/wire/server.ts';

const MODELS = 1_000;
const ROOM = 100;
const path = (file: string): string => new URL(file, import.meta.url).pathname;
const program = (file: string): ImageLauncher => ({
  kind: 'command',
  command: process.execPath,
  args: [path(file)],
});

const folder = mkdtempSync(join(tmpdir(), 'hosting-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const s3 = await createS3({ folder: join(folder, 's3') });
const monitoring = createMonitoring();
const sagemaker = await createSageMaker({
  s3,
  monitoring,
  // Settings to try: HOSTING_BENCH_SETTINGS='{"concurrentModelLoads":1}'
  settings: JSON.parse(process.env.HOSTING_BENCH_SETTINGS ?? '{}'),
  volumesFolder: join(folder, 'volumes'),
  images: {
    container: program('../container/main.ts'),
    format: program('hosting-format.ts'),
    echo: program('hosting-echo.ts'),
  },
});

async function putModel(key: string, file: string): Promise<void> {
  const tar = pack();
  tar.entry({ name: 'model.onnx' }, await readFile(path(`../models/house-prices/${file}`)));
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  await s3.putObject({ bucket: 'models', key }, gzipSync(Buffer.concat(chunks)));
}

async function deploy(name: string, Containers: object[]): Promise<void> {
  const { operations } = sagemaker;
  await operations.createModel!({ ModelName: name, Containers });
  const variant = { VariantName: 'AllTraffic', ModelName: name, InitialInstanceCount: 1 };
  await operations.createEndpointConfig!({ EndpointConfigName: name, ProductionVariants: [variant] });
  await operations.createEndpoint!({ EndpointName: name, EndpointConfigName: name });
  const outcome = await sagemaker.settled(name);
  if (outcome.status !== 'InService') throw new Error(outcome.failureReason);
}

await s3.createBucket('models');
await putModel('features.tar.gz', 'preprocess.onnx');
await putModel('city.tar.gz', 'cities/Houston_TX.onnx');
for (let index = 0; index < MODELS; index++)
  await putModel(`cities/${index}.tar.gz`, 'cities/Houston_TX.onnx');
const features = { Image: 'container', ModelDataUrl: 's3://models/features.tar.gz' };
await deploy('echo', [{ Image: 'echo' }]);
await deploy('chain', [
  features,
  { Image: 'container', ModelDataUrl: 's3://models/city.tar.gz' },
  { Image: 'format' },
]);
const Environment = { SERIATIM_MAX_MODELS: String(ROOM) };
await deploy('cities', [
  { Image: 'container', Mode: 'MultiModel', ModelDataUrl: 's3://models/cities/', Environment },
]);

const server = createWireServer({ services: [sagemaker, sagemaker.runtime, monitoring] });
server.listen(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })),
);
const loopDelay = monitorEventLoopDelay({ resolution: 1 });
loopDelay.enable();
let cpuBefore = process.threadCpuUsage();

function residentMemory(): Record<string, number> {
  return { residentMb: process.memoryUsage.rss() / 1024 / 1024 };
}

/** What this thread spent since it was last asked, and how late it got to its timers. */
function servingThread(): Record<string, number> {
  const { user, system } = process.threadCpuUsage(cpuBefore);
  cpuBefore = process.threadCpuUsage();
  const lateMs = loopDelay.percentile(99) / 1e6;
  loopDelay.reset();
  return { cpuMicros: user + system, lateMs };
}

createInterface(process.stdin)
  .on('line', (what) => console.log(JSON.stringify(what === 'loop' ? servingThread() : residentMemory())))
  .on('close', () => void sagemaker.close().then(() => process.exit(0)));

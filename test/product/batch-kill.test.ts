// A run whose process is killed at random points ends with the bytes of an undisturbed one, and does finished work once.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BATCH_BUCKET, csvOf, samples } from './callers.ts';
import { pause, runSeriatim, untilOutput } from './product.ts';

const RECORDS = 12_000;
const CHUNKS = 60;
const KILLS = 2;
const TIMEOUT_MS = 120_000;

const houses = samples<{ instances: [Record<string, unknown>] }>('house-prices/requests.ndjson');
const rows = Array.from({ length: RECORDS }, (_, id) => ({
  id,
  ...houses[(id * 37) % houses.length]!.instances[0],
  // Some records fail: error records must come out alike too.
  ...(id % 501 === 7 ? { bedrooms: 'many' } : {}),
}));

interface Running {
  readonly s3: S3Client;
  end(signal: NodeJS.Signals): Promise<void>;
}

let stateFolder: string;
beforeAll(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'seriatim-batch-kill-'));
});
afterAll(() => rm(stateFolder, { recursive: true, force: true }));

async function start(): Promise<Running> {
  const child = runSeriatim(['start', '--http-port', '0', '--aws-port', '0', '--state-folder', stateFolder]);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const exited = once(child, 'exit');
  await untilOutput(() => output, /Read on:/, exited);
  const endpoint = /AWS APIs\s+(http:\/\/\S+)\n/.exec(output)![1]!;
  const s3 = new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    s3,
    async end(signal) {
      s3.destroy();
      child.kill(signal);
      await exited;
    },
  };
}

const put = ({ s3 }: Running, key: string, Body: string) =>
  s3.send(new PutObjectCommand({ Bucket: BATCH_BUCKET, Key: `house-prices/in/${key}`, Body }));

async function keysUnder({ s3 }: Running, prefix: string): Promise<{ key: string; modified: number }[]> {
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: BATCH_BUCKET, Prefix: `house-prices/${prefix}` }),
  );
  return Contents.map(({ Key, LastModified }) => ({ key: Key!, modified: LastModified!.getTime() }));
}

async function text({ s3 }: Running, key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BATCH_BUCKET, Key: `house-prices/${key}` }));
  return Body!.transformToString();
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(15);
}

const partsOf = async (running: Running, name: string) =>
  (await keysUnder(running, 'work/')).filter(
    ({ key }) => key.includes(`work/${name}-`) && key.includes('/parts/'),
  );

describe('a run', () => {
  it(
    'that is killed at random points ends as an undisturbed one',
    async () => {
      const options = JSON.stringify({ recordsPerBatch: RECORDS / CHUNKS, concurrency: 4 });
      let running = await start();
      const isDone = (name: string) => async () =>
        (await keysUnder(running, `out/${name}/all.csv.manifest.json`)).length === 1;
      await put(running, 'calm/_run.json', options);
      await put(running, 'killed/_run.json', options);
      await put(running, 'killed/all.csv', csvOf(rows));
      const points = Array.from({ length: KILLS }, () => Math.floor(Math.random() * CHUNKS * 0.7)).sort(
        (a, b) => a - b,
      );
      const seen = new Map<string, number>();
      for (const point of points) {
        await until(
          async () =>
            (await isDone('killed')()) || (await partsOf(running, 'killed-all-csv')).length >= point,
        );
        for (const { key, modified } of await partsOf(running, 'killed-all-csv')) seen.set(key, modified);
        await running.end('SIGKILL');
        running = await start();
        const told = `killed at ${points} of ${CHUNKS} parts`;
        for (const { key, modified } of await partsOf(running, 'killed-all-csv'))
          if (seen.has(key)) expect(modified, told).toBe(seen.get(key));
      }
      await until(isDone('killed'));
      await put(running, 'calm/all.csv', csvOf(rows));
      await until(isDone('calm'));

      const told = `killed at ${points} of ${CHUNKS} parts`;
      const [killed, calm] = await Promise.all(
        ['killed', 'calm'].map(async (name) => ({
          out: await text(running, `out/${name}/all.csv.out`),
          errors: await text(running, `errors/${name}/all.csv.errors.jsonl`),
        })),
      );
      expect(calm!.out.split('\n')).toHaveLength(RECORDS + 2);
      expect(calm!.errors.split('\n')).toHaveLength(Math.ceil((RECORDS - 7) / 501) + 1);
      expect(killed!.out === calm!.out, told).toBe(true);
      expect(killed!.errors === calm!.errors, told).toBe(true);
      await running.end('SIGINT');
    },
    TIMEOUT_MS,
  );
});

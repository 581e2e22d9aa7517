// One definition, three placements: every sample record of every pipeline gets the very same answer, to the last
// digit, whether its models are states, containers in series on one endpoint, or fused in one container.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { PLACEMENTS, type Placement } from '../../statemachines/pipeline.ts';
import { agree, ask, BATCH_BUCKET, runBatch, s3Of, samples } from './callers.ts';
import { PROJECT, type Product, startProduct } from './product.ts';

const TABULAR = ['diabetes-progression', 'tumour-screening', 'house-prices'];
const PLACED = [...TABULAR, 'photo-themes'];

type Request = { instances?: unknown[] };
const recordsOf = (pipeline: string): unknown[] =>
  samples<Request>(`${pipeline}/requests.ndjson`).flatMap((request) => request.instances ?? [request]);

const SCENES = join(PROJECT, 'models/photo-themes/scenes');
const photos = readdirSync(SCENES)
  .filter((name) => name.endsWith('.png'))
  .sort();

/** As many as the limit on a request's bytes lets through. */
const CHUNK = 100;

async function answerAll(product: Product, pipeline: string): Promise<unknown[]> {
  const records = recordsOf(pipeline);
  const answers: unknown[] = [];
  for (let at = 0; at < records.length; at += CHUNK) {
    const instances = records.slice(at, at + CHUNK);
    const { status, json } = await ask<{ predictions: unknown[] }>(product, pipeline, { instances });
    expect({ status, json: status === 200 ? {} : json }).toEqual({ status: 200, json: {} });
    answers.push(...json.predictions);
  }
  return answers;
}

/** Every sample photo, one on which nothing is, and one that leaves early. */
async function answerPhotos(product: Product): Promise<unknown[]> {
  const good = photos.map((name) => readFileSync(join(SCENES, name)));
  const plain = await sharp({ create: { width: 96, height: 96, channels: 3, background: '#808080' } })
    .png()
    .toBuffer();
  const poor = await sharp(good[0]).blur(2).png().toBuffer();
  const answers: unknown[] = [];
  for (const photo of [...good, plain, poor]) {
    const { json } = await ask(product, 'photo-themes', photo, { contentType: 'image/png' });
    answers.push(json);
  }
  expect(answers.at(-2)).toMatchObject({ labels: [], theme: null, reason: expect.any(String) });
  expect(answers.at(-1)).toMatchObject({ rejected: expect.any(String) });
  return answers;
}

/** The file of requests as it is, `{"instances":[…]}` a line. */
async function answerBatch(product: Product, pipeline: string): Promise<unknown[]> {
  const text = readFileSync(join(PROJECT, 'models', pipeline, 'requests.ndjson'), 'utf8');
  const { out, errors } = await runBatch(product, pipeline, { name: 'all.jsonl', text });
  expect(errors).toEqual([]);
  return out.map((line) => JSON.parse(line) as unknown);
}

/** The recorded answers: numbers to four digits, prices to one, all else exactly. */
function expectRecorded(pipeline: string, answers: readonly unknown[]): void {
  // What the model itself said of a price stays within the pipeline.
  const recorded = samples<Record<string, unknown>>(`${pipeline}/answers.ndjson`).map(
    ({ log_price: _, ...answer }) => answer,
  );
  const off = recorded.filter((expected, i) => {
    const found = answers[i] as Record<string, unknown>;
    return Object.entries(expected).some(([key, value]) => !isRecorded(found[key], value, key));
  });
  expect({ pipeline, count: answers.length, off }).toEqual({ pipeline, count: recorded.length, off: [] });
}

function isRecorded(found: unknown, expected: unknown, key: string): boolean {
  if (/price$/i.test(key)) return Math.abs(Number(found) - Number(expected)) <= 1;
  return key !== 'label' && typeof expected === 'number' ? agree(found, expected) : found === expected;
}

/** A few of the photos, as objects of the batch bucket. */
async function batchPhotos(product: Product): Promise<unknown[]> {
  const s3 = s3Of(product);
  const keys = photos.slice(0, 5).map((name) => `photo-themes/photos/${name}`);
  for (const Key of keys) {
    const Body = readFileSync(join(SCENES, basename(Key)));
    await s3.send(new PutObjectCommand({ Bucket: BATCH_BUCKET, Key, Body }));
  }
  s3.destroy();
  const text = keys.map((key) => JSON.stringify({ key })).join('\n');
  const { out } = await runBatch(product, 'photo-themes', { name: 'some.jsonl', text });
  return out.map((line) => JSON.parse(line) as unknown);
}

interface Answered {
  readonly byPipeline: Record<string, unknown[]>;
  readonly batches: readonly (readonly unknown[])[];
}

const answered = new Map<string, Answered>();

async function answersOf(placement: Placement | 'as written', product: Product): Promise<Answered> {
  const byPipeline: Record<string, unknown[]> = {};
  for (const pipeline of TABULAR) byPipeline[pipeline] = await answerAll(product, pipeline);
  byPipeline['photo-themes'] = await answerPhotos(product);
  const batches = await Promise.all(TABULAR.map((pipeline) => answerBatch(product, pipeline)));
  const found = { byPipeline, batches: [...batches, await batchPhotos(product)] };
  answered.set(placement, found);
  return found;
}

let product: Product | undefined;
afterAll(async () => {
  await product?.stop();
});

async function running(environment: Record<string, string>): Promise<Product> {
  await product?.stop();
  product = undefined;
  product = await startProduct({ environment });
  return product;
}

describe('one definition, three placements', () => {
  it.each(PLACEMENTS)(
    'answers every sample record as %s',
    async (placement) => {
      const placements = PLACED.map((name) => `${name}:${placement}`).join(',');
      const place = await running({
        SERIATIM_PIPELINES: PLACED.join(','),
        SERIATIM_PLACEMENTS: placements,
      });

      const { byPipeline, batches } = await answersOf(placement, place);

      expect(Object.values(byPipeline).map((answers) => answers.length)).toEqual([
        221,
        285,
        500,
        photos.length + 2,
      ]);
      for (const pipeline of TABULAR) expectRecorded(pipeline, byPipeline[pipeline]!);
      // A file's records get what the same records get by request.
      expect(batches.slice(0, 3)).toEqual(TABULAR.map((pipeline) => byPipeline[pipeline]));
      expect(batches[3]).toMatchObject(byPipeline['photo-themes']!.slice(0, 5) as object[]);
    },
    120_000,
  );

  it('gives regional-prices as states what it gives as written; no other placement is possible', async () => {
    const answers: unknown[][] = [];
    const batches: unknown[][] = [];
    for (const placements of ['', 'regional-prices:state-machine']) {
      const place = await running({
        SERIATIM_PIPELINES: 'regional-prices',
        SERIATIM_PLACEMENTS: placements,
      });
      answers.push(await answerAll(place, 'regional-prices'));
      batches.push(await answerBatch(place, 'regional-prices'));
    }

    expectRecorded('regional-prices', answers[0]!);
    expect(answers[1]).toEqual(answers[0]);
    expect(batches).toEqual(answers);
  }, 120_000);

  it.each(['inference-pipeline', 'container'])(
    'gives as %s what it gives as states, exactly',
    (placement) => {
      expect(answered.get(placement)).toEqual(answered.get('state-machine'));
    },
  );
});

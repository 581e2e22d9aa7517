// Runs of the whole product: every form of input and output, and every bad input to a clear end.
import { gzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BATCH_BUCKET, csvOf, s3Of, samples } from './callers.ts';
import { type Product, pause, startProduct } from './product.ts';

interface House {
  readonly city: string;
  readonly [field: string]: unknown;
}

const houses = samples<{ instances: [House] }>('house-prices/requests.ndjson')
  .map(({ instances }, id) => ({ id, ...instances[0] }))
  .slice(0, 40);
const prices = samples<{ price: number }>('house-prices/answers.ndjson').slice(0, 40);
const header = Object.keys(houses[0]!).join(',');

let product: Product;
let s3: S3Client;
beforeAll(async () => {
  product = await startProduct();
  s3 = s3Of(product);
}, 60_000);
afterAll(async () => {
  s3.destroy();
  await product.stop();
});

interface Manifest {
  readonly id: string;
  readonly status: string;
  readonly error?: { readonly stage: string; readonly code: string; readonly message: string };
  readonly counts: { readonly records: number; readonly failed: number; readonly errors: object };
  readonly input: { readonly sha256?: string };
  readonly output?: { readonly sha256: string };
  readonly note?: string;
}

interface Outcome {
  readonly manifest: Manifest;
  readonly out: Buffer | undefined;
  readonly errors: {
    position: number;
    id?: unknown;
    error: { code: string; message: string };
    record: unknown;
  }[];
}

const put = (key: string, Body: string | Uint8Array, ContentType?: string) =>
  s3.send(new PutObjectCommand({ Bucket: BATCH_BUCKET, Key: `house-prices/${key}`, Body, ContentType }));

async function bytesOf(key: string): Promise<Buffer | undefined> {
  try {
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: BATCH_BUCKET, Key: `house-prices/${key}` }),
    );
    return Buffer.from(await Body!.transformToByteArray());
  } catch (thrown) {
    if ((thrown as Error).name === 'NoSuchKey') return undefined;
    throw thrown;
  }
}

async function run(
  name: string,
  body: string | Uint8Array,
  { options, type }: { options?: object; type?: string } = {},
): Promise<Outcome> {
  const folder = name.includes('/') ? `${name.split('/')[0]}/` : '';
  if (options !== undefined) await put(`in/${folder}_run.json`, JSON.stringify(options));
  await put(`in/${name}`, body, type);
  return outcome(name);
}

async function outcome(name: string): Promise<Outcome> {
  let text: Buffer | undefined;
  while (text === undefined) {
    text = await bytesOf(`out/${name}.manifest.json`);
    if (text === undefined) await pause(30);
  }
  const errors = (await bytesOf(`errors/${name}.errors.jsonl`))?.toString('utf8') ?? '';
  return {
    manifest: JSON.parse(text.toString('utf8')) as Manifest,
    out: await bytesOf(`out/${name}.out`),
    errors: errors
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Outcome['errors'][number]),
  };
}

const lines = (out: Buffer | undefined): string[] => out!.toString('utf8').trimEnd().split('\n');
const jsonLines = houses.map((house) => JSON.stringify(house)).join('\n');
const closeTo = (found: readonly unknown[]): void => {
  expect(found).toHaveLength(prices.length);
  found.forEach((price, i) => {
    expect(Math.abs(Number(price) - prices[i]!.price), `record ${i}`).toBeLessThanOrEqual(1);
  });
};
const pricesIn = (out: Buffer | undefined): unknown[] =>
  lines(out)[0]!.startsWith('{')
    ? lines(out).map((line) => (JSON.parse(line) as { price: number }).price)
    : lines(out)
        .slice(1)
        .map((line) => line.split(',')[0]);

const table = (): Uint8Array => {
  const data = (name: string) => houses.map((house) => (house as Record<string, unknown>)[name]);
  const names = Object.keys(houses[0]!);
  return new Uint8Array(
    parquetWriteBuffer({ columnData: names.map((name) => ({ name, data: data(name) as never })) }),
  );
};

describe('a run', () => {
  it.each<[string, () => string | Uint8Array]>([
    ['plain.csv', () => csvOf(houses)],
    ['gzip.csv.gz', () => gzipSync(csvOf(houses))],
    ['mark.csv', () => `\ufeff${csvOf(houses)}`],
    ['crlf.csv', () => csvOf(houses).replaceAll('\n', '\r\n')],
    ['tabs.tsv', () => csvOf(houses).replaceAll(',', '\t')],
    [
      'no-header.csv',
      () =>
        csvOf(houses.map(({ id: _id, ...house }) => house))
          .split('\n')
          .slice(1)
          .join('\n'),
    ],
    ['quoted.csv', () => csvOf(houses.map((house) => ({ ...house, note: '"two\nlines, ""quoted"""' })))],
    ['lines.jsonl', () => jsonLines],
    ['lines.ndjson.gz', () => gzipSync(jsonLines)],
    ['array.json', () => JSON.stringify(houses, null, 2)],
    ['table.parquet', table],
  ])('of %s gives each record its price, in order', async (name, body) => {
    const { manifest, out, errors } = await run(name, body());

    expect(manifest).toMatchObject({ status: 'SUCCEEDED', counts: { records: 40, failed: 0 } });
    expect(errors).toEqual([]);
    if (name.endsWith('.parquet')) {
      const file = out!.buffer.slice(out!.byteOffset, out!.byteOffset + out!.length) as ArrayBuffer;
      const rows = await parquetReadObjects({ file });
      closeTo(rows.map(({ price }) => price));
      expect(rows[0]).toMatchObject({ city: houses[0]!.city, error: null });
    } else closeTo(pricesIn(out));
  });

  it('tells the format by the content type where the name does not', async () => {
    const { out } = await run('houses', jsonLines, { type: 'application/x-ndjson' });

    closeTo(pricesIn(out));
  });

  it('takes options beside the data: small batches, joined, columns chosen, as JSON Lines', async () => {
    const options = {
      recordsPerBatch: 7,
      concurrency: 2,
      join: true,
      columns: ['id', 'price'],
      output: 'jsonl',
    };

    const { manifest, out } = await run('options/some.csv', csvOf(houses), { options });

    expect(manifest.counts.records).toBe(40);
    const found = lines(out).map((line) => JSON.parse(line) as { id: string; price: number });
    expect(found.map(({ id }) => Number(id))).toEqual(houses.map(({ id }) => id));
    expect(Object.keys(found[0]!)).toEqual(['id', 'price']);
    closeTo(found.map(({ price }) => price));
  });

  it('makes error records of what is broken and goes on with the rest', async () => {
    const some = houses.map((house) => JSON.stringify(house));
    some[3] = '{"city": "Houston_TX", ';
    some[8] = JSON.stringify({ ...houses[8], city: 'Atlantis_XX' });
    some[20] = JSON.stringify({ ...houses[20], bedrooms: 'many' });

    const { manifest, out, errors } = await run('broken.jsonl', some.join('\n'));

    expect(manifest.counts).toEqual({
      records: 40,
      succeeded: 37,
      failed: 3,
      errors: { InvalidPayload: 2, ModelNotFound: 1 },
    });
    expect(errors.map(({ position, id, error, record }) => [position, id, error.code, record])).toEqual([
      [3, undefined, 'InvalidPayload', some[3]],
      [8, 8, 'ModelNotFound', JSON.parse(some[8])],
      [20, 20, 'InvalidPayload', JSON.parse(some[20])],
    ]);
    expect(lines(out).map((line) => Object.keys(JSON.parse(line) as object)[0] === 'error')).toEqual(
      houses.map((_, i) => [3, 8, 20].includes(i)),
    );
  });

  it('stops over the tolerated share, says why, and keeps what it has done', async () => {
    const some = houses.map((house, i) => (i % 2 === 0 ? house : { ...house, bedrooms: 'many' }));

    const { manifest, out, errors } = await run('strict/half.csv', csvOf(some), {
      options: { toleratedFailures: '10%', recordsPerBatch: 10, concurrency: 1 },
    });

    expect(manifest).toMatchObject({
      status: 'FAILED',
      error: { stage: 'WritePart', code: 'TooManyFailures' },
    });
    expect(manifest.error!.message).toContain('of 40 records failed; 10% are tolerated');
    expect(out).toBeUndefined();
    expect(manifest.counts.records).toBeGreaterThanOrEqual(10);
    expect(manifest.counts.records).toBeLessThan(40);
    expect(errors.length).toBe(manifest.counts.failed);
  });
});

describe('bad input', () => {
  it.each<[string, string, () => string | Uint8Array, Partial<Manifest>]>([
    ['an empty object', 'empty.csv', () => '', { status: 'SUCCEEDED', note: 'The object is empty.' }],
    [
      'a header only',
      'header.csv',
      () => `${header}\n`,
      { status: 'SUCCEEDED', note: 'The object holds no records.' },
    ],
    [
      'another delimiter',
      'semicolons.csv',
      () => csvOf(houses).replaceAll(',', ';'),
      failing('InvalidPayload', 'Line 1 is delimited by ";"'),
    ],
    [
      'no columns of ours',
      'strange.csv',
      () => 'a,b\n1,2\n',
      failing('InvalidPayload', 'Line 1 is no header'),
    ],
    [
      'a missing column',
      'less.csv',
      () =>
        csvOf(
          houses
            .map((house) => ({ ...house, deck: undefined }))
            .map((house) => JSON.parse(JSON.stringify(house)) as Record<string, unknown>),
        ),
      failing('InvalidPayload', 'lacks "deck"'),
    ],
    [
      'a cut gzip',
      'cut.csv.gz',
      () => gzipSync(csvOf(houses)).subarray(0, 300),
      failing('InvalidPayload', 'cut off after'),
    ],
    [
      'an open array',
      'open.json',
      () => JSON.stringify(houses).slice(0, -20),
      failing('InvalidPayload', 'position 39'),
    ],
    [
      'UTF-16',
      'wide.csv',
      () => Buffer.from(`\ufeff${csvOf(houses)}`, 'utf16le'),
      failing('InvalidPayload', 'UTF-16'),
    ],
    ['Parquet that is none', 'none.parquet', () => 'PAR0', failing('InvalidPayload', 'no Parquet file')],
    [
      'Parquet with other columns',
      'other.parquet',
      () => new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'a', data: [1, 2] }] })),
      failing('InvalidPayload', 'The Parquet file lacks "city"'),
    ],
    ['a name that tells nothing', 'photo.png', () => 'x', failing('UnsupportedContentType', '.csv')],
  ])('that is %s ends clearly', async (_what, name, body, expected) => {
    const { manifest, out } = await run(name, body());

    expect(manifest).toMatchObject(expected);
    if (manifest.status === 'FAILED') expect(out).toBeUndefined();
  });

  it('in single bytes or lines costs those records only', async () => {
    const rows = csvOf(houses).trim().split('\n');
    const big = `9,${'x'.repeat(10_000_000)}`;
    const body = Buffer.concat([
      Buffer.from(rows.slice(0, 5).join('\n')),
      Buffer.from('\n4,San Jos\xe9,1990,1,1,1,1,1,y,y\n', 'latin1'),
      Buffer.from(`${rows[5]}\n${big}\n${rows[6]}\n7,"Houston_TX,1990,2000,3,2,0.5,1,y,n\n${rows[7]}\n`),
    ]);

    const { manifest, errors } = await run('bytes.csv', body);

    expect(manifest).toMatchObject({ status: 'SUCCEEDED', counts: { records: 10, failed: 3 } });
    expect(errors.map(({ position, error }) => [position, error.code])).toEqual([
      [4, 'InvalidPayload'],
      [6, 'PayloadTooLarge'],
      [8, 'InvalidPayload'],
    ]);
    expect(errors[0]!.error.message).toContain('0xe9');
  });

  it('of options names the one that is wrong', async () => {
    const { manifest } = await run('wrong/some.csv', csvOf(houses), { options: { recordPerBatch: 5 } });

    expect(manifest).toMatchObject(failing('InvalidPayload', 'recordPerBatch'));
  });
});

function failing(code: string, text: string): Partial<Manifest> {
  return {
    status: 'FAILED',
    error: expect.objectContaining({ code, message: expect.stringContaining(text) }) as Manifest['error'],
  } as Partial<Manifest>;
}

// Putting a batch together from what a Distributed Map leaves in S3, over a real S3.

import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AssembleEvent, handler } from '../../functions/assemble-batch/index.ts';
import { lineWriter } from '../../functions/assemble-batch/lines.ts';
import type { RecordEnvelope } from '../../layers/seriatim/index.ts';
import type { S3 } from '../../local/s3/api.ts';
import { serveS3, useEndpoint } from './servers.ts';

let s3: S3;
let close: () => Promise<void>;
beforeAll(async () => {
  const served = await serveS3();
  const restore = useEndpoint(served.url);
  s3 = served.s3;
  await s3.createBucket('batch');
  close = async () => {
    restore();
    await served.close();
  };
});
afterAll(() => close());

const price = (city: string) => ({ price: 10, low: 9, high: 11, city, model: `${city}.tar.gz` });
const live = (position: number, city = `C${position}`): RecordEnvelope => ({ position, value: price(city) });
const failed = (position: number): RecordEnvelope => ({
  position,
  error: {
    stage: 'Preprocess',
    code: 'InvalidPayload',
    message: 'deck: "no"\nat all',
    record: { id: position },
  },
});

const put = (key: string, text: string) => s3.putObject({ bucket: 'batch', key }, text);
async function get(key: string): Promise<string> {
  const { body } = await s3.getObject({ bucket: 'batch', key });
  return (await body.setEncoding('utf8').toArray()).join('');
}

let runs = 0;

/** Writes what a Map Run with these children leaves, and assembles it. */
async function run(
  format: 'csv' | 'jsonl',
  children: readonly (readonly RecordEnvelope[])[],
  failedChildren: readonly object[] = [],
) {
  const prefix = `house-prices/work/run-${++runs}/map`;
  const lines = children.map((records) => `${JSON.stringify({ records })}\n`).join('');
  await put(`${prefix}/SUCCEEDED_0.jsonl`, lines);
  await put(`${prefix}/FAILED_0.json`, JSON.stringify(failedChildren));
  const ResultFiles = {
    SUCCEEDED: [{ Key: `${prefix}/SUCCEEDED_0.jsonl` }],
    FAILED: [{ Key: `${prefix}/FAILED_0.json` }],
    PENDING: [],
  };
  await put(`${prefix}/manifest.json`, JSON.stringify({ DestinationBucket: 'batch', ResultFiles }));
  return assemble({ format, results: { Bucket: 'batch', Key: `${prefix}/manifest.json` } });
}

async function assemble({ format, ...more }: { format: 'csv' | 'jsonl' } & Partial<AssembleEvent>) {
  const name = `list-${runs}.${format}`;
  const key = `house-prices/in/${name}`;
  const batch = {
    pipeline: 'house-prices',
    bucket: 'batch',
    key,
    etag: 'e',
    sizeBytes: 5,
    format,
    name,
    workPrefix: 'w',
  };
  const result = await handler({ batch, executionArn: 'arn:e', startedAt: '2026-11-22T10:00:00Z', ...more });
  return { result, name, manifest: JSON.parse(await get(`house-prices/out/${name}.manifest.json`)) };
}

describe('assemble-batch', () => {
  it('writes the results of a CSV file in its order, however the children ended', async () => {
    const { name, manifest } = await run('csv', [
      [live(2), live(3)],
      [live(0), failed(1)],
    ]);

    expect((await get(`house-prices/out/${name}.out`)).split('\n')).toEqual([
      'price,low,high,city,model,error',
      '10,9,11,C0,C0.tar.gz,',
      ',,,,,"InvalidPayload: deck: ""no"" at all"',
      '10,9,11,C2,C2.tar.gz,',
      '10,9,11,C3,C3.tar.gz,',
      '',
    ]);
    expect(manifest).toMatchObject({
      status: 'SUCCEEDED',
      counts: { records: 4, succeeded: 3, failed: 1, errors: { InvalidPayload: 1 } },
      input: { etag: 'e', sizeBytes: 5 },
    });
  });

  it('writes JSON Lines for JSON Lines, and error records beside them', async () => {
    const { name } = await run('jsonl', [[failed(0), live(1)]]);
    const lines = (await get(`house-prices/out/${name}.out`))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const errors = JSON.parse(await get(`house-prices/errors/${name}.errors.jsonl`));

    expect(lines).toEqual([
      { error: { stage: 'Preprocess', code: 'InvalidPayload', message: 'deck: "no"\nat all' } },
      price('C1'),
    ]);
    expect(errors).toMatchObject({ position: 0, error: { code: 'InvalidPayload' }, record: { id: 0 } });
  });

  it('makes error records of the records of a failed child', async () => {
    const Input = JSON.stringify({
      Items: [
        { position: 1, value: { id: 1 } },
        { position: 2, value: { id: 2 } },
      ],
    });
    const Cause = JSON.stringify({ stage: 'Postprocess', error: 'States.Timeout', message: '' });
    const child = { Input, Status: 'FAILED', Error: 'States.Timeout', Cause };
    const { name, manifest } = await run('jsonl', [[live(0)], [live(3)]], [child]);
    const errors = (await get(`house-prices/errors/${name}.errors.jsonl`)).trimEnd().split('\n');

    expect(manifest.counts).toMatchObject({ records: 4, failed: 2, errors: { StageTimeout: 2 } });
    expect(JSON.parse(errors[0]!)).toMatchObject({
      position: 1,
      error: { stage: 'Postprocess' },
      record: { id: 1 },
    });
  });

  it('leaves no gap for a record that nobody answered, and no second line for one answered twice', async () => {
    const { name, manifest } = await run('jsonl', [[live(0)], [live(0)], [live(2)]]);

    expect((await get(`house-prices/out/${name}.out`)).trimEnd().split('\n')).toHaveLength(3);
    expect(manifest.counts).toMatchObject({ records: 3, failed: 1, errors: { ExecutionFailed: 1 } });
  });

  it('ends an empty file with an empty result and a manifest', async () => {
    runs++;
    const { name, manifest } = await assemble({ format: 'csv', results: {} });

    expect(await get(`house-prices/out/${name}.out`)).toBe('');
    expect(manifest).toMatchObject({ status: 'SUCCEEDED', counts: { records: 0, failed: 0 } });
  });

  it('ends a file that could not be read with a manifest that says why', async () => {
    runs++;
    const failure = { Error: 'States.ItemReaderFailed', Cause: 'no CSV' };
    const { result, manifest } = await assemble({ format: 'csv', failure });

    expect(result.status).toBe('FAILED');
    expect(manifest).toMatchObject({
      status: 'FAILED',
      error: { message: 'States.ItemReaderFailed: no CSV' },
    });
  });
});

describe('a CSV line', () => {
  it('reads back as what was written, on one line', () => {
    const columns = ['a', 'b'];
    const writer = lineWriter('csv', columns);
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (a, b) => {
          const line = writer.line({ position: 0, value: { a, b } });
          const [row] = parse(`${line}\n`, { relax_column_count: true }) as string[][];

          expect(line).not.toMatch(/[\r\n]/);
          expect(row).toEqual([a.replace(/[\r\n]+/g, ' '), String(b), '']);
        },
      ),
    );
  });
});

// Which uploads start a run, under which name, and what options they may bring.
import type { S3Event } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkOutputColumns } from '../../functions/split-batch/columns.ts';
import { handler } from '../../functions/start-batch/index.ts';
import {
  type BatchOptions,
  checkOptions,
  checkResumeOptions,
  executionName,
  inputPlaceOf,
  optionsKeyOf,
  planRun,
  runIdOf,
  toleratedCount,
} from '../../layers/seriatim/index.ts';
import { type Running, serveJson, serveS3, useEndpoint } from '../functions/servers.ts';

const input = {
  pipeline: 'house-prices',
  name: 'a.csv',
  bucket: 'b',
  key: 'house-prices/in/a.csv',
  etag: 'e',
  sizeBytes: 1,
};

describe('a key', () => {
  it.each([
    ['house-prices/in/2026/a b.csv', { pipeline: 'house-prices', name: '2026/a b.csv' }],
    ['house-prices/in/_run.json', undefined],
    ['house-prices/in/2026/_run.json', undefined],
    ['house-prices/in/', undefined],
    ['house-prices/in/folder/', undefined],
    ['house-prices/out/a.csv.out', undefined],
    ['in/a.csv', undefined],
  ])('%s names %j', (key, place) => {
    expect(inputPlaceOf(key)).toEqual(place);
  });

  it('has its options beside it', () => {
    expect(optionsKeyOf({ pipeline: 'p', name: '2026/a.csv' })).toBe('p/in/2026/_run.json');
    expect(optionsKeyOf({ pipeline: 'p', name: 'a.csv' })).toBe('p/in/_run.json');
  });
});

describe('a run', () => {
  it('has the same id for the same input and options, and another for other ones', () => {
    const { id } = planRun(input, {});
    const ids = [
      planRun({ ...input, sizeBytes: 2 }, { concurrency: 3, toleratedFailures: 5 }).id,
      planRun({ ...input, etag: 'f' }, {}).id,
      planRun(input, { output: 'jsonl' }).id,
      planRun(input, { rerun: 2 }).id,
    ];

    expect(ids.map((other) => other === id)).toEqual([true, false, false, false]);
    expect(id).toMatch(/^a-csv-[0-9a-f]{32}$/);
  });

  it('of a file in a folder that is called by its content is called by the file', () => {
    expect(planRun({ ...input, name: 'by-content/0a1b/houses.csv' }, {}).id).toMatch(
      /^houses-csv-[0-9a-f]{32}$/,
    );
  });

  it.each([
    ['数据.csv', /^csv-[0-9a-f]{32}$/],
    ['-x.csv', /^x-csv-/],
    ['数据', /^run-[0-9a-f]{32}$/],
  ])('of %s begins with a letter or digit', (name, id) => {
    expect(planRun({ ...input, name, contentType: 'text/csv' }, {}).id).toMatch(id);
  });

  it('is found again from the name of any of its starts', () => {
    const { id } = planRun({ ...input, name: `${'long '.repeat(30)}.csv` }, {});
    const names = [1, 2, 37].map((attempt) => executionName({ id, attempt }));

    expect(names.map(runIdOf)).toEqual([id, id, id]);
    expect(names.every((name) => name.length <= 80)).toBe(true);
  });

  it.each([
    ['a.csv.gz', undefined, 'csv'],
    ['a.TSV', undefined, 'csv'],
    ['a.ndjson', undefined, 'jsonl'],
    ['a.json', undefined, 'json'],
    ['a.parquet', undefined, 'parquet'],
    ['a', 'text/csv; charset=utf-8', 'csv'],
    ['a.dat', 'application/jsonlines', 'jsonl'],
  ])('of %s with the type %s is read as %s', (name, contentType, format) => {
    expect(planRun({ ...input, name, contentType }, {}).format).toBe(format);
  });
});

describe('columns', () => {
  it.each<[BatchOptions, string]>([
    [{ columns: ['nonsense'] }, '"nonsense" is no field of the results'],
    [{ columns: ['id', 'price'] }, '"id" is no field of the results'],
  ])('%j are refused before there is a run', (options, told) => {
    expect(() => planRun(input, options)).toThrow(told);
  });

  it('of a joined output are those of the file or of the results, once the file is known', () => {
    const { options } = planRun(input, { columns: ['id', 'price', 'nonsense'], join: true });

    expect(() => checkOutputColumns({ pipeline: 'house-prices', options }, ['id', 'city'])).toThrow(
      'neither the file nor the results have "nonsense"',
    );
  });
});

describe('a run that is resumed', () => {
  it('may bear more and go faster, and is the same run in all else', () => {
    expect(checkResumeOptions({ toleratedFailures: '5%', concurrency: 8 })).toEqual({
      toleratedFailures: '5%',
      concurrency: 8,
    });
    expect(() => checkResumeOptions({ output: 'jsonl' })).toThrow('output: cannot be changed');
  });
});

describe('options', () => {
  it.each<[unknown, string]>([
    [{ recordPerBatch: 1 }, 'recordPerBatch: is no option'],
    [{ recordsPerBatch: 0 }, 'recordsPerBatch: expected a whole number from 1'],
    [{ toleratedFailures: 'some' }, 'toleratedFailures: expected a number of records or a share'],
    [{ toleratedFailures: '101%' }, 'share from "0%" to "100%"'],
    [{ columns: ['price', 'price'] }, 'columns: names "price" twice'],
    [{ output: 'xml' }, 'output'],
    [[], 'expected an object'],
  ])('%j are refused by name', (value, told) => {
    expect(() => checkOptions(value, 'o')).toThrow(told);
  });

  it.each<[number | `${number}%` | undefined, number]>([
    [undefined, Number.POSITIVE_INFINITY],
    [7, 7],
    ['10%', 25],
    ['0%', 0],
  ])('tolerate %s of 250 records: %s', (toleratedFailures, count) => {
    expect(toleratedCount(toleratedFailures === undefined ? {} : { toleratedFailures }, 250)).toBe(count);
  });
});

describe('start-batch', () => {
  let s3: Awaited<ReturnType<typeof serveS3>>;
  let states: Running & { calls: { operation: string; body: string }[] };
  let restore: () => void;
  const started = new Set<string>();
  beforeAll(async () => {
    s3 = await serveS3();
    await s3.s3.createBucket('batch');
    states = await serveJson(({ operation, body }) => {
      const { name, executionArn } = JSON.parse(body) as { name?: string; executionArn?: string };
      const isKnown = executionArn !== undefined && started.has(executionArn.split(':').at(-1)!);
      if (operation === 'StartExecution') started.add(name!);
      if (operation === 'StartExecution' || isKnown)
        return {
          status: 200,
          body: { executionArn: 'arn:e', startDate: 1, status: 'RUNNING', stateMachineArn: 'm' },
        };
      return { status: 400, body: { __type: 'ExecutionDoesNotExist', message: 'no' } };
    });
    restore = useEndpoint(s3.url);
    process.env.AWS_ENDPOINT_URL_SFN = states.url;
  });
  afterAll(async () => {
    restore();
    delete process.env.AWS_ENDPOINT_URL_SFN;
    await states.close();
    await s3.close();
  });
  beforeEach(() => {
    states.calls.length = 0;
    started.clear();
  });

  const put = (key: string, body: string) => s3.s3.putObject({ bucket: 'batch', key }, body, {});
  const event = (...keys: string[]): S3Event =>
    ({ Records: keys.map((key) => ({ s3: { bucket: { name: 'batch' }, object: { key } } })) }) as S3Event;
  const startsMade = () => states.calls.filter(({ operation }) => operation === 'StartExecution');
  const manifest = async (
    pipeline: string,
    name: string,
  ): Promise<{ status: string; error: { code: string; message: string } }> => {
    const { body } = await s3.s3.getObject({
      bucket: 'batch',
      key: `${pipeline}/out/${name}.manifest.json`,
    });
    return JSON.parse((await body.setEncoding('utf8').toArray()).join('')) as never;
  };

  it('starts one run for an event that comes twice, and none for options or results', async () => {
    await put('house-prices/in/my list.csv', 'x');

    await handler(
      event('house-prices/in/my+list.csv', 'house-prices/in/_run.json', 'house-prices/out/x.csv.out'),
    );
    await handler(event('house-prices/in/my+list.csv'));

    expect(startsMade()).toHaveLength(1);
    const { input: text, stateMachineArn } = JSON.parse(startsMade()[0]!.body) as {
      input: string;
      stateMachineArn: string;
    };
    expect(stateMachineArn).toMatch(/house-prices-batch$/);
    expect(JSON.parse(text)).toMatchObject({
      key: 'house-prices/in/my list.csv',
      format: 'csv',
      sizeBytes: 1,
      attempt: 1,
    });
  });

  it('runs what lies there now, whichever upload the event is of', async () => {
    await put('house-prices/in/late.csv', 'first');
    await put('house-prices/in/late.csv', 'second one');

    await handler(event('house-prices/in/late.csv', 'house-prices/in/late.csv'));
    await handler(event('house-prices/in/late.csv'));

    const runs = startsMade().map(({ body }) => JSON.parse(body) as { name: string; input: string });
    expect(new Set(runs.map(({ name }) => name)).size).toBe(1);
    expect(JSON.parse(runs[0]!.input)).toMatchObject({ sizeBytes: 10 });
  });

  it.each([
    ['photo.png', 'x', 'UnsupportedContentType', '.csv'],
    ['gone.csv', undefined, 'ClaimNotFound', 'deleted'],
  ])('starts a run that fails for %s, of which no run can be made, once', async (name, body, code, told) => {
    if (body !== undefined) await put(`house-prices/in/${name}`, body);

    await handler(event(`house-prices/in/${name}`));
    await handler(event(`house-prices/in/${name}`));

    expect(startsMade()).toHaveLength(1);
    const { input: text } = JSON.parse(startsMade()[0]!.body) as { input: string };
    expect(JSON.parse(text)).toMatchObject({
      key: `house-prices/in/${name}`,
      refusal: { code, message: expect.stringContaining(told) },
    });
  });

  it('leaves a manifest under a prefix that is no pipeline’s', async () => {
    await put('castles/in/a.csv', 'x');

    await handler(event('castles/in/a.csv'));

    expect(await manifest('castles', 'a.csv')).toMatchObject({
      status: 'FAILED',
      error: { code: 'PipelineNotFound', message: expect.stringContaining('castles') },
    });
    expect(startsMade()).toEqual([]);
  });
});

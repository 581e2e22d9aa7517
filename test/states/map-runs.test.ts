// Distributed Maps over real S3: readers, batches, tolerated failures, result writers, redrive.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineForExecutionCommand,
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
  UpdateMapRunCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { S3 } from '../../local/s3/api.ts';
import { createS3 } from '../../local/s3/index.ts';
import { startEngine, type TestEngine } from './engine.ts';

/** Three rows as pyarrow writes them, compressed with Snappy. */
const PARQUET = [
  'UEFSMRUEFTYVOkwVBBUAEgAAG2gKAAAASG91c3Rvbl9UWAkAAABBdXN0aW5fVFgVABUSFRYsFQYVEBUGFQYcAAAACSACAAAAAwMBAwIVBBUwFS',
  '5MFQYVABIAABgEAwAJATwEAAAAAAAAAAUAAAAAAAAAFQAVFBUYLBUGFRAVBhUGHAAAAAokAgAAAAYBAgMkABUEFSAVJEwVBBUAEgAAEDwAAAAA',
  'AAD4PwAAAAAAAApAFQAVEhUWLBUGFRAVBhUGHAAAAAkgAgAAAAMFAQMCFQAVDhUSLBUGFQAVBhUGHAAAAAcYAgAAAAYBBRUEFR4VIkwVBhUAEg',
  'AADzgBAAAAYQEAAABiAQAAAGMVABUiFSYsFQgVEBUGFQYcAAAAEUACAAAAAwIDAAAAA98AAgMkABUEGYw1ABgGc2NoZW1hFQoAFQwlAhgEY2l0',
  'eSUATBwAAAAVBCUCGAVyb29tcwAVCiUCGAVwcmljZQAVACUCGARzb2xkADUCGAR0YWdzFQIVBkw8AAAANQQYBGxpc3QVAgAVDCUCGAdlbGVtZW',
  '50JQBMHAAAABYGGRwZXCYAHBUMGTUABhAZGARjaXR5FQIWBhaKARaSASZeJggpLBUEFQAVAgAVABUQFQIAPBYmGQYZJgIEAAAAJgAcFQQZNQAG',
  'EBkYBXJvb21zFQIWBhaGARaIASbkASaaASksFQQVABUCABUAFRAVAgA8KQYZJgAGAAAAJgAcFQoZNQAGEBkYBXByaWNlFQIWBhZ0Fnwm4gImog',
  'IpLBUEFQAVAgAVABUQFQIAPCkGGSYCBAAAACYAHBUAGSUGABkYBHNvbGQVAhYGFjQWOCaeA0kcFQAVABUCADwpBhkmAAYAAAAmABwVDBk1AAYQ',
  'GTgEdGFncwRsaXN0B2VsZW1lbnQVAhYIFoIBFooBJpQEJtYDKSwVBBUAFQIAFQAVEBUCADwWBhkmBgIZRgACAAYAAAAWugQWBiYIFtgEACggcG',
  'FycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNS4wLjEZXBwAABwAABwAABwAABwAAADnAQAAUEFSMQ==',
].join('');

let folder: string;
let s3: S3;
let engine: TestEngine;
let isBroken = false;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seriatim-maps-'));
  s3 = await createS3({ folder });
  await s3.createBucket('data');
  engine = await startEngine({
    s3,
    lambda: {
      async invoke({ payload }) {
        const fails = isBroken && payload.includes('bad');
        return {
          statusCode: 200,
          payload: fails ? '{"errorType":"Bad"}' : payload,
          executedVersion: '$LATEST',
          requestId: 'r',
          ...(fails ? { functionError: 'Unhandled' as const } : {}),
        };
      },
    },
  });
});

afterAll(async () => {
  await engine.close();
  await s3.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an item reader', () => {
  it('gives the rows of a CSV object as objects, short rows filled and long ones cut', async () => {
    await s3.putObject({ bucket: 'data', key: 'a.csv' }, 'name,age\nAnn,30\nBob\nCy,40,extra\n"D, Jr.",50\n');

    const { output } = await run(reading('a.csv', { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' }));

    expect(output).toEqual([
      { name: 'Ann', age: '30' },
      { name: 'Bob', age: '' },
      { name: 'Cy', age: '40' },
      { name: 'D, Jr.', age: '50' },
    ]);
  });

  it('reads a gzipped CSV object as what it holds, and fails at one that is broken', async () => {
    const zipped = gzipSync('n\n1\n2\n');
    await s3.putObject({ bucket: 'data', key: 'z.csv' }, zipped);
    await s3.putObject({ bucket: 'data', key: 'broken.csv' }, zipped.subarray(0, 12));
    const config = { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' };

    expect((await run(reading('z.csv', config))).output).toEqual([{ n: '1' }, { n: '2' }]);
    expect(await run(reading('broken.csv', config))).toMatchObject({
      status: 'FAILED',
      error: 'States.ItemReaderFailed',
    });
  });

  it('is not there for items of the state: they say so', async () => {
    const { output } = await run({ ItemSelector: { 's.$': '$$.Map.Item.Source' } }, [1]);

    expect(output).toEqual([{ s: 'STATE_DATA' }]);
  });

  it('takes given headers, another delimiter and a limit', async () => {
    await s3.putObject({ bucket: 'data', key: 'b.csv' }, '1|2\n3|4\n5|6\n');
    const config = {
      InputType: 'CSV',
      CSVHeaderLocation: 'GIVEN',
      CSVHeaders: ['x', 'y'],
      CSVDelimiter: 'PIPE',
      MaxItems: 2,
    };

    const { output } = await run(reading('b.csv', config));

    expect(output).toEqual([
      { x: '1', y: '2' },
      { x: '3', y: '4' },
    ]);
  });

  it('gives the lines of a JSON Lines object', async () => {
    await s3.putObject({ bucket: 'data', key: 'c.jsonl' }, '{"n":1}\n\n{"n":2}\n');

    expect((await run(reading('c.jsonl', { InputType: 'JSONL' }))).output).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('gives the rows of a Parquet object, of every type', async () => {
    await s3.putObject({ bucket: 'data', key: 'rows.parquet' }, Buffer.from(PARQUET, 'base64'));

    const { output } = await run(reading('rows.parquet', { InputType: 'PARQUET' }));

    expect(output).toEqual([
      { city: 'Houston_TX', rooms: 3, price: 1.5, sold: true, tags: ['a', 'b'] },
      { city: 'Austin_TX', rooms: 4, price: null, sold: false, tags: [] },
      { city: null, rooms: 5, price: 3.25, sold: true, tags: ['c'] },
    ]);
  });

  it('fails by name when the object is no Parquet', async () => {
    await s3.putObject({ bucket: 'data', key: 'text.parquet' }, 'not parquet');

    const { status, error } = await run(reading('text.parquet', { InputType: 'PARQUET' }));

    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.ItemReaderFailed' });
  });

  it('gives the keys under a prefix', async () => {
    await s3.putObject({ bucket: 'data', key: 'list/1' }, 'a');
    await s3.putObject({ bucket: 'data', key: 'list/2' }, 'bb');
    const reader = {
      Resource: 'arn:aws:states:::s3:listObjectsV2',
      Parameters: { Bucket: 'data', Prefix: 'list/' },
    };

    const { output } = await run({ ItemReader: reader, ItemSelector: { 'key.$': '$$.Map.Item.Value.Key' } });

    expect(output).toEqual([{ key: 'list/1' }, { key: 'list/2' }]);
  });

  it('gives what is in the objects under a prefix when told to load them', async () => {
    await s3.putObject({ bucket: 'data', key: 'load/1.jsonl' }, '{"n":1}\n{"n":2}\n');
    await s3.putObject({ bucket: 'data', key: 'load/2.jsonl' }, '{"n":3}\n');
    const reader = {
      Resource: 'arn:aws:states:::s3:listObjectsV2',
      ReaderConfig: { InputType: 'JSONL', Transformation: 'LOAD_AND_FLATTEN' },
      Parameters: { Bucket: 'data', Prefix: 'load/' },
    };

    expect((await run({ ItemReader: reader })).output).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it("follows an inventory's manifest and Athena's", async () => {
    await s3.putObject({ bucket: 'data', key: 'inv/1.csv.gz' }, gzipSync('"data","a+b.txt","5"\n'));
    const manifest = {
      destinationBucket: 'arn:aws:s3:::data',
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key, Size',
      files: [{ key: 'inv/1.csv.gz' }],
    };
    await s3.putObject({ bucket: 'data', key: 'inv/manifest.json' }, JSON.stringify(manifest));
    await s3.putObject({ bucket: 'data', key: 'athena/part' }, 'x,y\n1,2\n');
    await s3.putObject({ bucket: 'data', key: 'athena/manifest.csv' }, 's3://data/athena/part\n');
    const athena = { ManifestType: 'ATHENA_DATA', InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' };

    const inventory = await run(
      reading('inv/manifest.json', { InputType: 'MANIFEST', ManifestType: 'S3_INVENTORY' }),
    );
    const unloaded = await run(reading('athena/manifest.csv', athena));

    expect(inventory.output).toEqual([{ Bucket: 'data', Key: 'a b.txt', Size: '5' }]);
    expect(unloaded.output).toEqual([{ x: '1', y: '2' }]);
  });

  it('fails by name when the object is missing', async () => {
    const { error, status } = await run(reading('none.json', { InputType: 'JSON' }));

    expect({ error, status }).toEqual({ error: 'States.ItemReaderFailed', status: 'FAILED' });
  });
});

describe('batches', () => {
  it('hold as many items as the definition says, with a common input', async () => {
    const { output } = await run(
      { ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { 'k.$': '$[0]' } } },
      [1, 2, 3],
    );

    expect(output).toEqual([
      { BatchInput: { k: 1 }, Items: [1, 2] },
      { BatchInput: { k: 1 }, Items: [3] },
    ]);
  });

  it('hold as many bytes as the definition says', async () => {
    const { output } = await run({ ItemBatcher: { MaxInputBytesPerBatch: 100 } }, [
      'a'.repeat(40),
      'b'.repeat(40),
      'c',
    ]);

    expect((output as { Items: string[] }[]).map((batch) => batch.Items.length)).toEqual([1, 2]);
  });
});

describe('a result writer', () => {
  it.each([
    ['NONE', 'JSON', 'SUCCEEDED_0.json', 'Output'],
    ['COMPACT', 'JSON', 'SUCCEEDED_0.json', 'value'],
    ['FLATTEN', 'JSONL', 'SUCCEEDED_0.jsonl', 'value'],
  ])(
    'writes results in the form %s as %s, and a manifest',
    async (Transformation, OutputType, file, member) => {
      const writer = {
        Resource: 'arn:aws:states:::s3:putObject',
        Parameters: { Bucket: 'data', Prefix: 'out' },
        WriterConfig: { Transformation, OutputType },
      };

      const { output } = await run({ ResultWriter: writer }, [{ value: 1 }, { value: 2 }]);

      const { Key } = (output as { ResultWriterDetails: { Key: string } }).ResultWriterDetails;
      const manifest = JSON.parse(await read(Key));
      expect(manifest.ResultFiles.FAILED).toEqual([]);
      expect(manifest.ResultFiles.SUCCEEDED[0].Key).toMatch(new RegExp(`${file.replace('.', '\\.')}$`));
      const text = await read(manifest.ResultFiles.SUCCEEDED[0].Key);
      const results =
        OutputType === 'JSONL'
          ? text
              .trim()
              .split('\n')
              .map((line) => JSON.parse(line))
          : JSON.parse(text);
      expect(results).toHaveLength(2);
      expect(results[0]).toHaveProperty(member);
    },
  );
});

describe('a Map Run under way', () => {
  it('counts its items from the start, and says which children can be redriven', async () => {
    const { activityArn } = await engine.client.send(new CreateActivityCommand({ name: 'counted' }));
    const work = { Type: 'Task', Resource: activityArn, End: true };
    const executionArn = await begin({ MaxConcurrency: 1 }, [1, 2, 3], work);
    const take = (): Promise<{ taskToken?: string }> =>
      engine.client.send(new GetActivityTaskCommand({ activityArn }));
    const first = await take();
    await engine.client.send(new SendTaskSuccessCommand({ taskToken: first.taskToken, output: '1' }));
    await take();

    const { mapRuns } = await engine.client.send(new ListMapRunsCommand({ executionArn }));
    const { mapRunArn } = mapRuns![0]!;
    const { itemCounts, executionCounts } = await engine.client.send(
      new DescribeMapRunCommand({ mapRunArn }),
    );
    await engine.client.send(new StopExecutionCommand({ executionArn }));
    const { executions } = await engine.client.send(new ListExecutionsCommand({ mapRunArn }));
    const described = await Promise.all(
      executions!.map((child) =>
        engine.client.send(new DescribeExecutionCommand({ executionArn: child.executionArn })),
      ),
    );

    const { label } = await engine.client.send(
      new DescribeStateMachineForExecutionCommand({ executionArn: executions![0]!.executionArn }),
    );

    expect(mapRunArn).toContain(`/${label}:`);
    expect(itemCounts).toMatchObject({ total: 3, pending: 1, running: 1, succeeded: 1 });
    expect(executionCounts).toMatchObject({ total: 3, pending: 1, running: 1, succeeded: 1 });
    expect(described.map(({ status, redriveStatus }) => [status, redriveStatus]).sort()).toEqual([
      ['ABORTED', 'REDRIVABLE_BY_MAP_RUN'],
      ['SUCCEEDED', 'NOT_REDRIVABLE'],
    ]);
  });

  it('is aborted with its execution, in the history too, and a redrive goes on with the same children', async () => {
    const { activityArn } = await engine.client.send(new CreateActivityCommand({ name: 'stopped' }));
    const work = { Type: 'Task', Resource: activityArn, End: true };
    const executionArn = await begin({ MaxConcurrency: 1 }, [1, 2], work);
    const answer = async (): Promise<void> => {
      const { taskToken, input } = await engine.client.send(new GetActivityTaskCommand({ activityArn }));
      await engine.client.send(new SendTaskSuccessCommand({ taskToken, output: input }));
    };
    await answer();
    await engine.client.send(new GetActivityTaskCommand({ activityArn }));
    await engine.client.send(new StopExecutionCommand({ executionArn, error: 'Enough' }));
    const { mapRuns } = await engine.client.send(new ListMapRunsCommand({ executionArn }));
    const { mapRunArn } = mapRuns![0]!;
    const stopped = await engine.client.send(new DescribeMapRunCommand({ mapRunArn }));
    await engine.client.send(new RedriveExecutionCommand({ executionArn }));
    await answer();
    const { output } = await end(executionArn);

    expect(stopped).toMatchObject({ status: 'ABORTED', itemCounts: { succeeded: 1, aborted: 1 } });
    expect(output).toEqual([1, 2]);
    const { events } = await engine.client.send(new GetExecutionHistoryCommand({ executionArn }));
    const started = events!.find(({ type }) => type === 'MapRunStarted')!;
    expect(events!.slice(started.id!).map(({ type, previousEventId }) => [type, previousEventId])).toEqual([
      ['MapRunAborted', started.id],
      ['ExecutionAborted', 0],
      ['ExecutionRedriven', started.id! + 2],
      ['MapRunRedriven', started.id! + 3],
      ['MapRunSucceeded', started.id! + 4],
      ['MapStateSucceeded', started.id! + 5],
      ['MapStateExited', started.id! + 5],
      ['ExecutionSucceeded', started.id! + 7],
    ]);
    const children = await engine.client.send(new ListExecutionsCommand({ mapRunArn }));
    expect(children.executions).toHaveLength(2);
  });

  it('is aborted by the failure of the branch beside it', async () => {
    const { activityArn } = await engine.client.send(new CreateActivityCommand({ name: 'beside' }));
    const work = { Type: 'Task', Resource: activityArn, End: true };
    const states = { Do: work };
    const each = { Type: 'Map', End: true, ItemProcessor: { ...DISTRIBUTED, StartAt: 'Do', States: states } };
    const pause = { Type: 'Task', Resource: activityArn, Next: 'Break' };
    const failing = { StartAt: 'Pause', States: { Pause: pause, Break: { Type: 'Fail' } } };
    const both = [{ StartAt: 'Each', States: { Each: each } }, failing];
    const definition = { StartAt: 'Both', States: { Both: { Type: 'Parallel', Branches: both, End: true } } };
    const executionArn = await start(definition, [1]);
    const tokens = new Map<string, string>();
    while (tokens.size < 2) {
      const { taskToken, input } = await engine.client.send(new GetActivityTaskCommand({ activityArn }));
      tokens.set(input!, taskToken!);
    }
    await engine.client.send(new SendTaskSuccessCommand({ taskToken: tokens.get('[1]'), output: '1' }));
    await end(executionArn);

    const { events } = await engine.client.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events!.slice(-5).map(({ type }) => type)).toEqual([
      'FailStateEntered',
      'MapRunAborted',
      'MapStateAborted',
      'ParallelStateFailed',
      'ExecutionFailed',
    ]);
  });
});

describe('failures', () => {
  const items = ['ok', 'bad 1', 'ok', 'bad 2', 'ok'];

  it('up to the tolerated number do not fail the Map', async () => {
    isBroken = true;
    const { output, status } = await run({ ToleratedFailureCount: 2, MaxConcurrency: 1 }, items, TASK);

    expect(status).toBe('SUCCEEDED');
    expect(output).toEqual(['ok', 'ok', 'ok']);
  });

  it.each([
    ['a percentage of all items, not of those so far', { ToleratedFailurePercentage: 50 }, 'SUCCEEDED'],
    [
      'both a count and a percentage: either is enough',
      { ToleratedFailureCount: 1, ToleratedFailurePercentage: 90 },
      'FAILED',
    ],
    [
      'both a count and a percentage: neither is exceeded',
      { ToleratedFailureCount: 2, ToleratedFailurePercentage: 50 },
      'SUCCEEDED',
    ],
  ])('are held to %s', async (_what, fields, expected) => {
    isBroken = true;
    const failing = ['bad 1', 'bad 2', 'ok', 'ok'];

    const { status } = await run({ ...fields, MaxConcurrency: 1 }, failing, TASK);

    expect(status).toBe(expected);
  });

  it('beyond it do, and a redrive runs only what failed again', async () => {
    isBroken = true;
    const failed = await run({ ToleratedFailurePercentage: 30, MaxConcurrency: 1 }, items, TASK);
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
    isBroken = false;

    await engine.client.send(new RedriveExecutionCommand({ executionArn: failed.executionArn }));

    const { status, output } = await end(failed.executionArn);
    expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: items });
    const { mapRuns } = await engine.client.send(
      new ListMapRunsCommand({ executionArn: failed.executionArn }),
    );
    const mapRun = await engine.client.send(new DescribeMapRunCommand({ mapRunArn: mapRuns![0]!.mapRunArn }));
    expect(mapRun).toMatchObject({
      status: 'SUCCEEDED',
      redriveCount: 1,
      itemCounts: { succeeded: 5, total: 5 },
    });
    const mapRunArn = mapRuns![0]!.mapRunArn;
    await expect(
      engine.client.send(new UpdateMapRunCommand({ mapRunArn, toleratedFailurePercentage: 101 })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
    const children = await engine.client.send(
      new ListExecutionsCommand({ mapRunArn: mapRuns![0]!.mapRunArn }),
    );
    expect(children.executions).toHaveLength(5);
  });
});

const DISTRIBUTED = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } };

const TASK = {
  Type: 'Task',
  Resource: 'arn:aws:lambda:us-east-1:000000000000:function:work',
  End: true,
};

function reading(Key: string, ReaderConfig: object): object {
  return {
    ItemReader: {
      Resource: 'arn:aws:states:::s3:getObject',
      ReaderConfig,
      Parameters: { Bucket: 'data', Key },
    },
  };
}

let count = 0;

interface Ended {
  readonly executionArn: string;
  readonly status: string | undefined;
  readonly output: unknown;
  readonly error: string | undefined;
}

async function run(fields: object, input?: unknown, state?: object): Promise<Ended> {
  return end(await begin(fields, input, state));
}

async function begin(
  fields: object,
  input: unknown = {},
  state: object = { Type: 'Pass', End: true },
): Promise<string> {
  const processor = { ...DISTRIBUTED, StartAt: 'Do', States: { Do: state } };
  const each = { Type: 'Map', ItemProcessor: processor, End: true, ...fields };
  return start({ StartAt: 'Each', States: { Each: each } }, input);
}

async function start(definition: object, input: unknown): Promise<string> {
  count += 1;
  const { stateMachineArn } = await engine.client.send(
    new CreateStateMachineCommand({
      name: `map-${count}`,
      roleArn: 'arn:aws:iam::000000000000:role/r',
      definition: JSON.stringify(definition),
    }),
  );
  const started = await engine.client.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  return started.executionArn!;
}

async function end(executionArn: string): Promise<Ended> {
  for (;;) {
    const described = await engine.client.send(new DescribeExecutionCommand({ executionArn }));
    if (described.status === 'RUNNING') continue;
    const { status, output, error } = described;
    return { executionArn, status, output: output === undefined ? undefined : JSON.parse(output), error };
  }
}

async function read(key: string): Promise<string> {
  const { body } = await s3.getObject({ bucket: 'data', key });
  let text = '';
  for await (const chunk of body) text += String(chunk);
  return text;
}

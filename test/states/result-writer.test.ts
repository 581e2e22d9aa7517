// What a Map Run that fails writes, what a writer's settings may be, and large numbers that a reader gives.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { S3 } from '../../local/s3/api.ts';
import { createS3 } from '../../local/s3/index.ts';
import type { SdkValues } from '../../local/service.ts';
import type { States } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';

let folder: string;
let s3: S3;
let states: States;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seriatim-writer-'));
  s3 = await createS3({ folder });
  await s3.createBucket('data');
  states = await createStates({ s3 });
});

afterAll(async () => {
  await states.close();
  await s3.close();
  rmSync(folder, { recursive: true, force: true });
});

const Bad = {
  Type: 'Choice',
  Choices: [{ Variable: '$.n', NumericEquals: 2, Next: 'Fail' }],
  Default: 'Good',
};
const processor = {
  ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
  StartAt: 'Bad',
  States: { Bad, Fail: { Type: 'Fail', Error: 'Bad' }, Good: { Type: 'Pass', End: true } },
};

describe('a Map Run that fails', () => {
  it('writes what succeeded, what failed and what was never started', async () => {
    const executionArn = await start({});

    expect(await ended(executionArn)).toMatchObject({
      status: 'FAILED',
      error: 'States.ExceedToleratedFailureThreshold',
    });
    const { mapRuns } = await states.operations.listMapRuns!({ executionArn });
    const [{ mapRunArn }] = mapRuns as [{ mapRunArn: string }];
    const { ResultFiles } = JSON.parse(await read(`out/${mapRunArn.split(':').at(-1)}/manifest.json`));
    const inputs: Record<string, unknown> = {};
    for (const name of ['SUCCEEDED', 'FAILED', 'PENDING']) {
      const rows = JSON.parse(await read(ResultFiles[name][0].Key)) as { Input: string; Status: string }[];
      inputs[name] = rows.map(({ Input, Status }) => [Input, Status]);
    }
    expect(inputs).toEqual({
      SUCCEEDED: [['{"n":1}', 'SUCCEEDED']],
      FAILED: [['{"n":2}', 'FAILED']],
      PENDING: [
        ['{"n":3}', 'PENDING'],
        ['{"n":4}', 'PENDING'],
      ],
    });
  });
});

describe("a result writer's settings", () => {
  it.each([
    ['Transformation', 'BAD', 'NONE, COMPACT, FLATTEN'],
    ['OutputType', 'XML', 'JSON, JSONL'],
  ])('have a %s of those that there are', async (field, value, values) => {
    const WriterConfig = { Transformation: 'NONE', OutputType: 'JSON', [field]: value };

    await expect(start({ WriterConfig })).rejects.toThrow(
      `The field '${field}' should have one of these values: [${values}]`,
    );
  });
});

describe('whole numbers of a Parquet object', () => {
  it('keep their digits beyond 2^53', async () => {
    const bytes = parquetWriteBuffer({
      columnData: [{ name: 'id', data: [9007199254740993n, 5n], type: 'INT64' }],
    });
    await s3.putObject({ bucket: 'data', key: 'large.parquet' }, Buffer.from(bytes));
    const executionArn = await startMap({
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'PARQUET' },
        Parameters: { Bucket: 'data', Key: 'large.parquet' },
      },
      ItemProcessor: { ...processor, StartAt: 'P', States: { P: { Type: 'Pass', End: true } } },
    });

    expect((await ended(executionArn)).output).toBe('[{"id":9007199254740993},{"id":5}]');
  });
});

async function start(settings: object): Promise<string> {
  const ResultWriter = {
    Resource: 'arn:aws:states:::s3:putObject',
    Parameters: { Bucket: 'data', Prefix: 'out' },
    ...settings,
  };
  return startMap({ ItemProcessor: processor, MaxConcurrency: 1, ResultWriter });
}

let count = 0;

async function startMap(fields: object): Promise<string> {
  const each = { Type: 'Map', End: true, ...fields };
  count += 1;
  const { stateMachineArn } = await states.operations.createStateMachine!({
    name: `writing-${count}`,
    roleArn: 'arn:aws:iam::000000000000:role/r',
    definition: JSON.stringify({ StartAt: 'Each', States: { Each: each } }),
  });
  const input = JSON.stringify([1, 2, 3, 4].map((n) => ({ n })));
  const { executionArn } = await states.operations.startExecution!({ stateMachineArn, input });
  return String(executionArn);
}

async function ended(executionArn: string): Promise<SdkValues> {
  for (;;) {
    await new Promise(setImmediate);
    const described = await states.operations.describeExecution!({ executionArn });
    if (described.status !== 'RUNNING') return described;
  }
}

async function read(key: string): Promise<string> {
  const { body } = await s3.getObject({ bucket: 'data', key });
  let text = '';
  for await (const chunk of body) text += String(chunk);
  return text;
}

// Batch transform jobs through the SDK: splitting, strategies, filters, joins, order, and what a bad record does.
import {
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DescribeTransformJobCommand,
  type DescribeTransformJobCommandOutput,
  ListTransformJobsCommand,
} from '@aws-sdk/client-sagemaker';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileFilter } from '../../local/sagemaker/batch/json-path.ts';
import { packPayloads, splitRecords } from '../../local/sagemaker/batch/records.ts';
import { image, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;
let count = 0;

beforeAll(async () => {
  stack = await startStack();
  const Environment = { NAME: 'batch', ANSWER: 'lines' };
  await stack.control.send(
    new CreateModelCommand({ ModelName: 'lines', PrimaryContainer: { Image: image('box'), Environment } }),
  );
  const put = (key: string, text: string) => stack.s3.putObject({ bucket: 'inputs', key }, text);
  await put('csv/a.csv', '1,aa\n2,bbb\n3,c\n');
  await put('csv/sub/b.csv', '4,dddd\n');
  await put('json/a.jsonl', '{"id":1,"x":"aa"}\n{"id":2,"x":"b"}\n');
  await put('mixed/good.csv', '1,a\n');
  await put('mixed/wrong.csv', '1,a\nbad,b\n');
});

afterAll(() => stack.close());

type Overrides = Partial<Omit<CreateTransformJobCommandInput, 'TransformInput' | 'TransformOutput'>> & {
  uri: string;
  input?: Partial<CreateTransformJobCommandInput['TransformInput']>;
  output?: Partial<CreateTransformJobCommandInput['TransformOutput']>;
};

async function transform({
  uri,
  input,
  output,
  ...rest
}: Overrides): Promise<DescribeTransformJobCommandOutput> {
  const TransformJobName = `job-${count++}`;
  await stack.control.send(
    new CreateTransformJobCommand({
      TransformJobName,
      ModelName: 'lines',
      TransformInput: {
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: uri } },
        ContentType: 'text/csv',
        SplitType: 'Line',
        ...input,
      },
      TransformOutput: {
        S3OutputPath: `s3://results/${TransformJobName}`,
        Accept: 'text/csv',
        AssembleWith: 'Line',
        ...output,
      },
      TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
      ModelClientConfig: { InvocationsMaxRetries: 0 },
      ...rest,
    }),
  );
  for (;;) {
    const job = await stack.control.send(new DescribeTransformJobCommand({ TransformJobName }));
    if (job.TransformJobStatus !== 'InProgress') return job;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function outputOf(job: DescribeTransformJobCommandOutput, key: string): Promise<string | undefined> {
  const found = await stack.s3
    .getObject({ bucket: 'results', key: `${job.TransformJobName}/${key}` })
    .catch(() => undefined);
  return found && Buffer.concat(await found.body.toArray()).toString();
}

function requestSizes(job: DescribeTransformJobCommandOutput): string[] {
  return [...stack.logs]
    .filter(([stream]) => stream.startsWith(`/aws/sagemaker/TransformJobs|${job.TransformJobName}/`))
    .flatMap(([, lines]) => lines.filter((line) => line.startsWith('request of')));
}

describe('a transform job', () => {
  it('that failed points to the log group of transform jobs', async () => {
    const job = await transform({ uri: 's3://inputs/mixed/' });

    expect(job.FailureReason).toContain('group=/aws/sagemaker/TransformJobs');
  });

  it.each(['Approved', 'Rejected'] as const)('of a version that is %s', async (ModelApprovalStatus) => {
    const group = `batch-${ModelApprovalStatus}`;
    const Environment = { NAME: 'batch', ANSWER: 'lines' };
    await stack.control.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: group }));
    const { ModelPackageArn: ModelPackageName } = await stack.control.send(
      new CreateModelPackageCommand({
        ModelPackageGroupName: group,
        ModelApprovalStatus,
        InferenceSpecification: { Containers: [{ Image: image('box'), Environment }] },
      }),
    );
    await stack.control.send(
      new CreateModelCommand({ ModelName: group, PrimaryContainer: { ModelPackageName } }),
    );

    const job = await transform({ uri: 's3://inputs/csv/', ModelName: group });

    expect(await outputOf(job, 'a.csv.out')).toBe(
      ModelApprovalStatus === 'Approved' ? '4\n5\n3\n' : undefined,
    );
    if (ModelApprovalStatus === 'Rejected')
      expect(job.FailureReason).toContain('its approval status is Rejected');
  });

  it('leaves an output beside each input, in the input’s order', async () => {
    const job = await transform({ uri: 's3://inputs/csv/' });

    expect(job.TransformJobStatus).toBe('Completed');
    expect(await outputOf(job, 'a.csv.out')).toBe('4\n5\n3\n');
    expect(await outputOf(job, 'sub/b.csv.out')).toBe('6\n');
    expect(requestSizes(job)).toEqual(['request of 3 lines', 'request of 1 lines']);
  });

  it('sends one record at a time when told, so many at once, and keeps the order', async () => {
    const job = await transform({
      uri: 's3://inputs/csv/a.csv',
      BatchStrategy: 'SingleRecord',
      MaxConcurrentTransforms: 3,
    });

    expect(await outputOf(job, 'a.csv.out')).toBe('4\n5\n3\n');
    expect(requestSizes(job)).toEqual(Array(3).fill('request of 1 lines'));
  });

  it('filters columns, joins the answer to its record, and filters again', async () => {
    const job = await transform({
      uri: 's3://inputs/csv/a.csv',
      DataProcessing: { InputFilter: '$[1:]', JoinSource: 'Input', OutputFilter: '$[0,-1]' },
    });

    expect(await outputOf(job, 'a.csv.out')).toBe('1,2\n2,3\n3,1\n');
  });

  it('joins JSON Lines under SageMakerOutput', async () => {
    const job = await transform({
      uri: 's3://inputs/json/',
      input: { ContentType: 'application/json' },
      output: { Accept: 'application/json' },
      DataProcessing: { JoinSource: 'Input', OutputFilter: "$['id','SageMakerOutput']" },
    });

    expect(await outputOf(job, 'a.jsonl.out')).toBe(
      '{"id":1,"SageMakerOutput":{"length":17}}\n{"id":2,"SageMakerOutput":{"length":16}}\n',
    );
  });

  it('fails for a bad record: its file has no output, the others do', async () => {
    const job = await transform({ uri: 's3://inputs/mixed/' });

    expect(job.TransformJobStatus).toBe('Failed');
    expect(job.FailureReason).toContain('mixed/wrong.csv');
    expect(await outputOf(job, 'good.csv.out')).toBe('3\n');
    expect(await outputOf(job, 'wrong.csv.out')).toBeUndefined();
  });

  it('says that there is nothing under the prefix', async () => {
    const job = await transform({ uri: 's3://inputs/nothing/' });

    expect(job.FailureReason).toContain('No S3 objects found under S3 URL "s3://inputs/nothing/"');
  });

  it('is listed with its status', async () => {
    const listed = await stack.control.send(
      new ListTransformJobsCommand({ NameContains: 'job-', StatusEquals: 'Failed' }),
    );

    expect(listed.TransformJobSummaries?.length).toBeGreaterThan(0);
  });
});

describe('what is refused', () => {
  it.each([
    ['a filter that is not JSONPath', { DataProcessing: { InputFilter: 'x' } }],
    ['payloads over 100 MB together', { MaxConcurrentTransforms: 20, MaxPayloadInMB: 6 }],
    [
      'single records without a split',
      { BatchStrategy: 'SingleRecord' as const, input: { SplitType: 'None' as const } },
    ],
    [
      'a join of unlike types',
      { DataProcessing: { JoinSource: 'Input' as const }, output: { Accept: 'application/json' } },
    ],
    ['a model that is not there', { ModelName: 'nobody' }],
    ['data capture', { DataCaptureConfig: { DestinationS3Uri: 's3://results/captured' } }],
  ])('is %s', async (_what, overrides) => {
    await expect(transform({ uri: 's3://inputs/csv/', ...overrides })).rejects.toThrow();
  });
});

async function* inChunks(bytes: Buffer, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('records', () => {
  it('are the same however the object arrives in pieces, and lose no byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string()),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 40, max: 60 }),
        async (lines, chunk, maxBytes) => {
          const bytes = Buffer.from(lines.map((line) => line.replaceAll('\n', '').slice(0, 10)).join('\n'));
          const records = splitRecords(inChunks(bytes, chunk), 'Line');
          const payloads = await collect(
            packPayloads(records, { isMultiRecord: true, maxBytes, prepare: (record) => record }),
          );

          expect(Buffer.concat(payloads.map((payload) => payload.bytes)).equals(bytes)).toBe(true);
          expect(payloads.every((payload) => payload.bytes.length <= maxBytes)).toBe(true);
        },
      ),
    );
  });

  it('of TFRecord and RecordIO end where their lengths say', async () => {
    const tf = (text: string) => {
      const frame = Buffer.alloc(16 + text.length);
      frame.writeBigUInt64LE(BigInt(text.length));
      frame.write(text, 12);
      return frame;
    };
    const io = (text: string) => {
      const frame = Buffer.alloc(8 + Math.ceil(text.length / 4) * 4);
      frame.writeUInt32LE(0xced7230a);
      frame.writeUInt32LE(text.length, 4);
      frame.write(text, 8);
      return frame;
    };
    for (const [type, make] of [
      ['TFRecord', tf],
      ['RecordIO', io],
    ] as const) {
      const frames = [make('one'), make('twelve'), make('')];
      const records = await collect(splitRecords(inChunks(Buffer.concat(frames), 5), type));
      expect(records).toEqual(frames);
    }
  });
});

describe('a filter', () => {
  it.each([
    ['$', [1, 2], [1, 2]],
    ['$.a.b', { a: { b: 3 } }, 3],
    ['$[-1]', [1, 2, 3], 3],
    ['$[0,2]', [1, 2, 3], [1, 3]],
    ['$[1:]', [1, 2, 3], [2, 3]],
    ['$[:-1]', [1, 2, 3], [1, 2]],
    ["$['a','c']", { a: 1, b: 2, c: 3 }, { a: 1, c: 3 }],
    ['$.*', { a: 1, b: 2 }, [1, 2]],
  ])('%s', (expression, value, expected) => {
    expect(compileFilter(expression)(value)).toEqual(expected);
  });
});

describe('a job is refused', () => {
  const create = (members: object) => transform({ uri: 's3://inputs/csv/', ...members });

  it('with more than 16 variables', async () => {
    const Environment = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`K${index}`, 'x']));

    await expect(create({ Environment })).rejects.toThrow(
      "at 'environment' failed to satisfy constraint: Member must have length less than or equal to 16",
    );
  });

  it.each([
    [{ InvocationsMaxRetries: 4 }, 'invocationsMaxRetries'],
    [{ InvocationsTimeoutInSeconds: 0 }, 'invocationsTimeoutInSeconds'],
    [{ InvocationsTimeoutInSeconds: 3601 }, 'invocationsTimeoutInSeconds'],
  ])('with %o', async (ModelClientConfig, member) => {
    await expect(create({ ModelClientConfig })).rejects.toThrow(`at 'modelClientConfig.${member}'`);
  });

  it('of payloads over the limit on them all', async () => {
    await expect(create({ MaxConcurrentTransforms: 20, MaxPayloadInMB: 6 })).rejects.toThrow(
      'The product of MaxConcurrentTransforms and MaxPayloadInMB must be at most 100 MB.',
    );
  });

  it('on a multi-model model', async () => {
    const PrimaryContainer = {
      Image: image('box'),
      Mode: 'MultiModel' as const,
      ModelDataUrl: 's3://models/mm/',
    };
    await stack.control.send(new CreateModelCommand({ ModelName: 'mm', PrimaryContainer }));

    await expect(create({ ModelName: 'mm' })).rejects.toThrow(
      'Batch transform does not support multi-model containers',
    );
  });
});

it('tells its container SageMaker’s defaults, and logs under the instance and the time', async () => {
  const Environment = { ANSWER: 'environment' };
  const PrimaryContainer = { Image: image('box'), Environment };
  await stack.control.send(new CreateModelCommand({ ModelName: 'told', PrimaryContainer }));

  const job = await transform({
    uri: 's3://inputs/csv/a.csv',
    ModelName: 'told',
    input: { SplitType: 'None' },
    output: { AssembleWith: 'None' },
  });

  expect(job.TransformJobStatus).toBe('Completed');
  const key = `${job.TransformJobName}/a.csv.out`;
  const { body } = await stack.s3.getObject({ bucket: 'results', key });
  expect(JSON.parse(Buffer.concat(await body.toArray()).toString())).toMatchObject({
    SAGEMAKER_MAX_PAYLOAD_IN_MB: '6',
    SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: '1',
  });
  const streams = [...stack.logs.keys()].filter((name) => name.includes(`|${job.TransformJobName}/`));
  expect(streams.sort()).toEqual([
    expect.stringMatching(/\/i-[0-9a-f]{17}-\d{10}$/),
    expect.stringMatching(/\/i-[0-9a-f]{17}-\d{10}\/data-log$/),
  ]);
});

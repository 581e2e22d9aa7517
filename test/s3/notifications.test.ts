// Notifications to Lambda functions: who is told what, how often, and that nothing is lost.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { createS3 } from '../../local/s3/index.ts';
import { failure, type RunningS3, startS3 } from './running-s3.ts';

const Bucket = 'batch';
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:start-batch';

interface Told {
  readonly arn: string;
  readonly record: {
    readonly eventName: string;
    readonly s3: { object: { key: string; sequencer: string }; bucket: { name: string } };
  };
}

let running: RunningS3 | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** A function that keeps what it is told, failing the first `failures` times, and a promise of having been told. */
function listener(failures = 0) {
  const told: Told[] = [];
  let attempts = 0;
  let waiting: { count: number; resolve: () => void } | undefined;
  return {
    told,
    attempts: () => attempts,
    deliver: async (arn: string, eventJson: string) => {
      attempts += 1;
      if (attempts <= failures) throw new Error('throttled');
      told.push({ arn, record: JSON.parse(eventJson).Records[0] });
      if (waiting !== undefined && told.length >= waiting.count) waiting.resolve();
    },
    heard: (count: number) =>
      new Promise<void>((resolve) => {
        waiting = { count, resolve };
        if (told.length >= count) resolve();
      }),
  };
}

describe('a notification', () => {
  it('has the record that S3 sends', async () => {
    const clock = turnedClock(Date.parse('2026-05-01T10:00:00Z'));
    const { told, deliver, heard } = listener();
    running = await startS3({ deliver, clock });
    await running.s3.createBucket(Bucket, {
      notifications: [{ functionArn, events: ['s3:ObjectCreated:*'] }],
    });

    await running.client.send(new PutObjectCommand({ Bucket, Key: 'in/a b+ü.csv', Body: 'hello' }));
    await heard(1);

    expect(told[0]?.arn).toBe(functionArn);
    expect(told[0]?.record).toMatchObject({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: 'us-east-1',
      eventTime: '2026-05-01T10:00:00.000Z',
      eventName: 'ObjectCreated:Put',
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: expect.any(String),
        bucket: { name: Bucket, arn: `arn:aws:s3:::${Bucket}` },
        object: {
          key: 'in/a+b%2B%C3%BC.csv',
          size: 5,
          eTag: '5d41402abc4b2a76b9719d911017c592',
          sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
        },
      },
    });
  });

  it('tells of every way to make and remove an object, in the order of its sequencers', async () => {
    const { told, deliver, heard } = listener();
    running = await startS3({ deliver });
    const { client, s3 } = running;
    await s3.createBucket(Bucket, {
      notifications: [{ functionArn, events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:Delete'] }],
    });

    await client.send(new PutObjectCommand({ Bucket, Key: 'put', Body: 'x' }));
    await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/put` }));
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    const part = { Bucket, Key: 'parts', UploadId, PartNumber: 1 };
    const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: 'x' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'put' }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'never there' }));
    await heard(4);

    const inOrder = [...told].sort((a, b) => (sequencer(a) < sequencer(b) ? -1 : 1));
    expect(inOrder.map(({ record }) => `${record.eventName} ${record.s3.object.key}`)).toEqual([
      'ObjectCreated:Put put',
      'ObjectCreated:Copy copy',
      'ObjectCreated:CompleteMultipartUpload parts',
      'ObjectRemoved:Delete put',
    ]);
  });

  const sequencer = ({ record }: Told): string => record.s3.object.sequencer;

  it('goes only where prefix, suffix and event are met', async () => {
    const { told, deliver, heard } = listener();
    running = await startS3({ deliver });
    const rule = { functionArn, events: ['s3:ObjectCreated:Put'], prefix: 'in/', suffix: '.csv' };
    await running.s3.createBucket(Bucket, { notifications: [rule] });

    for (const key of ['in/a.txt', 'out/a.csv', 'in/a.csv', 'in/b.csv']) {
      await running.s3.putObject({ bucket: Bucket, key }, 'x');
    }
    await heard(2);

    expect(told.map(({ record }) => record.s3.object.key)).toEqual(['in/a.csv', 'in/b.csv']);
  });

  it('does not hold up the write, and is tried again later and later', async () => {
    const clock = turnedClock(Date.parse('2026-05-01T10:00:00Z'));
    const { told, attempts, deliver } = listener(3);
    running = await startS3({ deliver, clock });
    await running.s3.createBucket(Bucket, {
      notifications: [{ functionArn, events: ['s3:ObjectCreated:*'] }],
    });

    await running.s3.putObject({ bucket: Bucket, key: 'k' }, 'x');
    await clock.turn(999);
    expect(attempts()).toBe(1);
    await clock.turn(1 + 2000);
    expect(attempts()).toBe(3);
    await clock.turn(4000);

    expect(told.map(({ record }) => record.s3.object.key)).toEqual(['k']);
  });

  it('that was not taken is delivered by the next process', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'seriatim-s3-'));
    const deaf = await createS3({ folder, deliver: () => Promise.reject(new Error('no such function')) });
    await deaf.createBucket(Bucket, { notifications: [{ functionArn, events: ['s3:ObjectCreated:*'] }] });
    await deaf.putObject({ bucket: Bucket, key: 'late' }, 'x');
    await deaf.close();

    const { told, deliver, heard } = listener();
    const next = await createS3({ folder, deliver });
    await heard(1);
    await next.close();
    const after = listener();
    const third = await createS3({ folder, deliver: after.deliver });
    await third.putObject({ bucket: Bucket, key: 'new' }, 'x');
    await after.heard(1);
    await third.close();

    expect(told.map(({ record }) => record.s3.object.key)).toEqual(['late']);
    expect(after.told.map(({ record }) => record.s3.object.key)).toEqual(['new']);
    await rm(folder, { recursive: true });
  });
});

describe('a notification configuration', () => {
  const configuration = {
    LambdaFunctionConfigurations: [
      {
        Id: 'start',
        LambdaFunctionArn: functionArn,
        Events: ['s3:ObjectCreated:*' as const],
        Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'house-prices/in/' }] } },
      },
    ],
  };
  const put = (NotificationConfiguration: object) =>
    running!.client.send(
      new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }),
    );

  it('is given back as it was put', async () => {
    running = await startS3({ deliver: async () => {} });
    await running.s3.createBucket(Bucket);

    await put(configuration);

    const answer = await running.client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    const rule = configuration.LambdaFunctionConfigurations[0]!;
    expect(answer.LambdaFunctionConfigurations).toEqual([
      { ...rule, Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: 'house-prices/in/' }] } } },
    ]);
  });

  it('is refused for destinations and events that are not served', async () => {
    running = await startS3({ deliver: async () => {} });
    await running.s3.createBucket(Bucket);
    const queue = { QueueArn: 'arn:aws:sqs:us-east-1:000000000000:q', Events: ['s3:ObjectCreated:*'] };
    const events = { LambdaFunctionArn: functionArn, Events: ['s3:Replication:*'] };

    expect((await failure(put({ QueueConfigurations: [queue] }))).code).toBe('NotImplemented');
    expect((await failure(put({ EventBridgeConfiguration: {} }))).code).toBe('NotImplemented');
    expect((await failure(put({ LambdaFunctionConfigurations: [events] }))).code).toBe('InvalidArgument');
  });

  it('is refused where no functions run', async () => {
    running = await startS3();
    await running.s3.createBucket(Bucket);

    expect((await failure(put(configuration))).code).toBe('NotImplemented');
    await put({});
  });
});

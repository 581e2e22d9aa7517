// Lifecycle rules: objects are gone when their time has come, and are swept away with a notification.
import {
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { failure, type RunningS3, startS3 } from './running-s3.ts';

const HOUR_MS = 3600 * 1000;
const Bucket = 'claims';
let running: RunningS3;
afterEach(() => running.stop());

async function start(options: object = {}) {
  const clock = turnedClock(Date.parse('2026-05-01T10:00:00Z'));
  running = await startS3({ clock, ...options });
  return clock;
}
const put = (key: string) => running.s3.putObject({ bucket: Bucket, key }, key);
const keys = async () => (await running.s3.listObjects({ bucket: Bucket })).objects.map(({ key }) => key);

describe('an expiration rule', () => {
  it('lets objects under its prefix go at midnight after its days', async () => {
    const clock = await start();
    await running.s3.createBucket(Bucket, { expiration: [{ prefix: 'claims/', days: 1 }] });
    await put('claims/a');
    await put('kept');

    // Written at 10:00 on the 1st: a day makes 10:00 on the 2nd, and the next midnight is that of the 3rd.
    await clock.turn(38 * HOUR_MS - 1);
    expect(await keys()).toEqual(['claims/a', 'kept']);
    await clock.turn(1);

    expect(await keys()).toEqual(['kept']);
    expect((await failure(running.s3.headObject({ bucket: Bucket, key: 'claims/a' }))).code).toBe(
      'NoSuchKey',
    );
    expect((await failure(running.s3.getObject({ bucket: Bucket, key: 'claims/a' }))).code).toBe('NoSuchKey');
    await running.s3.putObject({ bucket: Bucket, key: 'claims/a' }, 'new', { onlyIfAbsent: true });
    expect(await keys()).toEqual(['claims/a', 'kept']);
  });

  it('is told in the headers of the object', async () => {
    await start();
    await running.s3.createBucket(Bucket, { expiration: [{ id: 'one day', days: 1 }] });
    await put('a');

    const { Expiration } = await running.client.send(new HeadObjectCommand({ Bucket, Key: 'a' }));

    expect(Expiration).toBe('expiry-date="Sun, 03 May 2026 00:00:00 GMT", rule-id="one%20day"');
  });

  it('sweeps objects and unfinished uploads away within the hour', async () => {
    const told: string[] = [];
    let heard = (): void => {};
    const clock = await start({
      deliver: async (_: string, event: string) => {
        told.push(JSON.parse(event).Records[0].eventName);
        heard();
      },
    });
    const hearing = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
    const notifications = [{ functionArn, events: ['s3:LifecycleExpiration:*'] }];
    await running.s3.createBucket(Bucket, { notifications });
    await running.client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [
            {
              Status: 'Enabled',
              Filter: { Prefix: '' },
              Expiration: { Days: 1 },
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
            },
          ],
        },
      }),
    );
    await put('a');
    await running.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'u' }));

    await clock.turn(40 * HOUR_MS);
    await hearing;

    expect(told).toEqual(['LifecycleExpiration:Delete']);
    const { Uploads } = await running.client.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(Uploads).toBeUndefined();
  });

  it('may ask for tags and sizes, and is still when it is disabled', async () => {
    const clock = await start();
    await running.s3.createBucket(Bucket);
    const Expiration = { Days: 1 };
    const Tag = { Key: 'keep', Value: 'no' };
    await running.client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [
            {
              Status: 'Enabled',
              Filter: { And: { Prefix: '', Tags: [Tag], ObjectSizeGreaterThan: 2 } },
              Expiration,
            },
            { Status: 'Disabled', Filter: { Prefix: '' }, Expiration },
          ],
        },
      }),
    );
    const Tagging = 'keep=no';
    await running.client.send(new PutObjectCommand({ Bucket, Key: 'tagged', Body: 'xxx', Tagging }));
    await running.client.send(new PutObjectCommand({ Bucket, Key: 'tiny', Body: 'x', Tagging }));
    await put('untagged');

    await clock.turn(72 * HOUR_MS);

    expect(await keys()).toEqual(['tiny', 'untagged']);
  });

  it.each([{ Days: 0 }, { Date: new Date('2030-01-01T01:00:00Z') }])(
    'of %j is refused',
    async (Expiration) => {
      await start();
      await running.s3.createBucket(Bucket);
      const Rules = [{ Status: 'Enabled' as const, Filter: { Prefix: '' }, Expiration }];

      const put = running.client.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
      );

      expect(await failure(put)).toEqual({ code: 'InvalidArgument', status: 400 });
    },
  );
});

// Which uploads start a batch, and that one upload starts one.
import type { S3Event, S3EventRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { handler } from '../../functions/start-batch/index.ts';
import { isRefused, planBatch } from '../../functions/start-batch/plan.ts';
import { type Running, type Scripted, serveJson, serveS3, useEndpoint } from './servers.ts';

function uploaded(key: string, more: Partial<S3EventRecord['s3']['object']> = {}): S3EventRecord {
  const object = { key, size: 10, eTag: 'e1', sequencer: '001', ...more };
  return { s3: { bucket: { name: 'batch' }, object } } as S3EventRecord;
}

describe('planBatch', () => {
  it('reads pipeline, name and format from the key, which comes form-encoded', () => {
    expect(planBatch(uploaded('house-prices/in/2026/my+list%C3%A4.csv'))).toMatchObject({
      executionName: expect.stringMatching(/^[A-Za-z0-9-]{1,80}$/),
      input: {
        pipeline: 'house-prices',
        key: 'house-prices/in/2026/my listä.csv',
        name: '2026/my listä.csv',
        format: 'csv',
        sizeBytes: 10,
      },
    });
  });

  it.each(['a.jsonl', 'a.ndjson', 'A.JSONL'])('reads %s as JSON Lines', (name) => {
    expect(planBatch(uploaded(`p/in/${name}`))).toMatchObject({ input: { format: 'jsonl' } });
  });

  it.each(['house-prices/out/a.csv.out', 'house-prices/in/', 'house-prices/in/folder/', 'in/a.csv', 'a.csv'])(
    'starts nothing for %s',
    (key) => {
      expect(planBatch(uploaded(key))).toBeUndefined();
    },
  );

  it('names the execution alike for one upload and differently for the next', () => {
    const names = [
      uploaded('p/in/a.csv'),
      uploaded('p/in/a.csv'),
      uploaded('p/in/a.csv', { sequencer: '002' }),
    ]
      .map(planBatch)
      .map((plan) => (plan !== undefined && !isRefused(plan) ? plan.executionName : undefined));

    expect(names[0]).toBe(names[1]);
    expect(names[2]).not.toBe(names[0]);
  });
});

describe('start-batch', () => {
  let states: Running & { calls: { body: string }[] };
  let restore: () => void;
  let answer: Scripted;
  beforeAll(async () => {
    states = await serveJson(() => answer);
    restore = useEndpoint(states.url);
  });
  afterAll(async () => {
    restore();
    await states.close();
  });
  beforeEach(() => {
    states.calls.length = 0;
  });
  const event = (...keys: string[]): S3Event => ({ Records: keys.map((key) => uploaded(key)) });

  it('starts the batch machine with the file', async () => {
    answer = { status: 200, body: { executionArn: 'arn:e', startDate: 1 } };

    await handler(event('house-prices/in/a.csv'));

    const { name, input, stateMachineArn } = JSON.parse(states.calls[0]!.body);
    expect(stateMachineArn).toMatch(/house-prices-batch$/);
    expect(JSON.parse(input)).toMatchObject({ bucket: 'batch', workPrefix: `house-prices/work/${name}` });
  });

  it('is content when the same upload has been started before', async () => {
    answer = { status: 400, body: { __type: 'ExecutionAlreadyExists', message: 'there' } };

    await expect(handler(event('house-prices/in/a.csv'))).resolves.toBeUndefined();
  });

  it('fails, to be invoked again, when the start fails otherwise', async () => {
    answer = { status: 400, body: { __type: 'StateMachineDoesNotExist', message: 'gone' } };

    await expect(handler(event('house-prices/in/a.csv'))).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
  });
});

describe('a file that no batch can read', () => {
  it('gets a manifest that says so', async () => {
    const { s3, url, close } = await serveS3();
    const restore = useEndpoint(url);
    try {
      await s3.createBucket('batch');
      await handler({ Records: [uploaded('house-prices/in/photo.png')] });

      const { body } = await s3.getObject({
        bucket: 'batch',
        key: 'house-prices/out/photo.png.manifest.json',
      });
      const manifest = JSON.parse((await body.setEncoding('utf8').toArray()).join(''));
      expect(manifest).toMatchObject({
        status: 'FAILED',
        error: { message: expect.stringContaining('.csv') },
      });
    } finally {
      restore();
      await close();
    }
  });
});

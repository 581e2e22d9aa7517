// A shadow stage: its answer recorded and compared, never used, never waited for, in real executions.
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waterfall } from '../../cli/format/waterfall.ts';
import { differencesOf } from '../../functions/compare-shadow/compare.ts';
import type { ShadowRecord } from '../../functions/compare-shadow/index.ts';
import { withShadows } from '../../layers/seriatim/inspection/payloads/shadows.ts';
import { shadowStage } from '../../statemachines/composition.ts';
import { pipeline } from '../../statemachines/pipeline.ts';
import { type ComposedSystem, startComposedSystem } from './composed-system.ts';
import { asking, single } from './endpoints.ts';

const shadowed = pipeline({
  name: 'shadowed',
  description: 'One model, and another in its shadow.',
  input: v.object({ ask: v.any() }),
  output: v.object({ by: v.string() }),
  flow: 'record',
  stages: [
    asking('Main'),
    shadowStage({
      name: 'TryNext',
      endpoint: single('Next'),
      instance: '{ask}',
      against: '{"by": {main}.by, "size": {ask}.size}',
    }),
  ],
  answer: { by: '{main}.by' },
});

const BUCKET = 'seriatim-dev-batch-000000000000';

let system: ComposedSystem;

beforeAll(async () => {
  system = await startComposedSystem({ pipelines: [shadowed] });
}, 60_000);

afterAll(() => system.close());

/** Waits for what the function writes after the execution has ended. */
async function recordOf(executionArn: string): Promise<ShadowRecord> {
  const id = executionArn.split(':').at(-1)!;
  for (;;) {
    const list = new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'shadowed/shadow/TryNext/' });
    const { Contents = [] } = await system.s3.send(list);
    const Key = Contents.map((one) => one.Key!).find((key) => key.includes(id));
    if (Key !== undefined) {
      const { Body } = await system.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      return JSON.parse(await Body!.transformToString()) as ShadowRecord;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a shadow stage', () => {
  it('records how its answer compares with the one that is used', async () => {
    const asked = await system.ask('shadowed', [{ ask: { size: 3 } }]);

    expect(asked.predictions).toEqual([{ by: 'Main' }]);
    expect(await recordOf(asked.executionArn)).toMatchObject({
      agrees: false,
      position: 0,
      used: { by: 'Main', size: 3 },
      shadow: { by: 'Next', size: 3 },
      differences: expect.arrayContaining([{ path: '$.by', used: 'Main', shadow: 'Next' }]),
    });
  });

  it('is told in the view of the execution: whether it agreed, and where the comparison is', async () => {
    const asked = await system.ask('shadowed', [{ ask: { size: 3 } }]);
    const { executionArn } = asked;
    await recordOf(executionArn);
    const readHead = async ({ bucket, key }: { bucket: string; key: string }) => {
      const { Body } = await system.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Body!.transformToByteArray();
    };

    const view = await withShadows(await asked.view(), { readHead, buckets: [BUCKET] });

    const { shadow } = view.stages.find(({ name }) => name === 'TryNext')!.attempts[0]!;
    const id = executionArn.split(':').slice(6).join('.');
    expect(shadow).toEqual({ agrees: false, record: `shadowed/shadow/TryNext/${id}-0.json` });
    expect(waterfall(view, {})).toMatch(
      /shadow differs; in the batch bucket:\n +shadowed\/shadow\/TryNext\//,
    );
  });

  it('is not waited for', async () => {
    const asked = await system.ask('shadowed', [{ ask: { size: 1, whom: 'Next', waitMs: 1_000 } }]);

    // The record is written after the answer has come; a shadow that was waited for would have written it before.
    const before = await system.s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'shadowed/shadow/TryNext/' }),
    );
    const id = asked.executionArn.split(':').at(-1)!;
    expect((before.Contents ?? []).some(({ Key }) => Key!.includes(id))).toBe(false);
    expect((await recordOf(asked.executionArn)).shadowMs).toBeGreaterThan(999);
  });

  it('harms nothing when it fails, and tells why', async () => {
    const asked = await system.ask('shadowed', [{ ask: { size: 1, whom: 'Next', fail: 500 } }]);

    expect(asked.predictions).toEqual([{ by: 'Main' }]);
    expect(await asked.states()).toEqual(['EachRecord', 'TakeRecord', 'AskMain', 'TryNext', 'Answer']);
    expect(await recordOf(asked.executionArn)).toMatchObject({
      agrees: false,
      error: { code: 'ModelFailed' },
    });
  });
});

describe('the comparison', () => {
  it.each<[string, unknown, unknown, string[]]>([
    ['numbers within the tolerance', { price: 100_000 }, { price: 100_000.05 }, []],
    ['numbers beyond it', { price: 100 }, { price: 101 }, ['$.price']],
    ['a list that is longer', { labels: ['a'] }, { labels: ['a', 'b'] }, ['$.labels[1]']],
    ['a list in place of an object', { x: {} }, { x: [] }, ['$.x']],
    ['what is missing', { a: 1, b: null }, { a: 1 }, ['$.b']],
  ])('finds %s', (_, used, shadow, paths) => {
    expect(differencesOf(used, shadow, 1e-6).map(({ path }) => path)).toEqual(paths);
  });

  it('finds nothing between a value and itself', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => differencesOf(value, value, 0).length === 0));
  });
});

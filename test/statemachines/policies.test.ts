// Retry, timeout, concurrency and circuit breaker of a stage, in real executions.
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waterfall } from '../../cli/format/waterfall.ts';
import { afterFailure, isCounted } from '../../functions/count-failure/breaker.ts';
import { parallelStage } from '../../statemachines/composition.ts';
import { functionStage, pipeline, type Stage } from '../../statemachines/pipeline.ts';
import { type ComposedSystem, startComposedSystem } from './composed-system.ts';
import { asking } from './endpoints.ts';

const input = v.object({ ask: v.any() });
const output = v.object({ by: v.any() });
const one = (name: string, stages: readonly Stage[], answer: Record<string, string>) =>
  pipeline({ name, description: 'One stage with a policy.', input, output, flow: 'record', stages, answer });

const retried = one(
  'retried',
  [
    functionStage({
      name: 'SucceedAtLast',
      function: 'fail-twice',
      takes: ['ask'],
      gives: ['times'],
      retry: [{ ErrorEquals: ['EndpointThrottled'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1 }],
    }),
  ],
  { by: '{times}' },
);

const timed = one('timed', [asking('Slow', { timeoutSeconds: 1, retry: [] })], { by: '{slow}.by' });
const hasty = one(
  'hasty',
  [
    parallelStage({
      name: 'AskBoth',
      branches: [
        { name: 'Sure', stages: [asking('Sturdy')], gives: ['sturdy'] },
        {
          name: 'Extra',
          stages: [asking('Slow', { timeoutSeconds: 1, retry: [] })],
          gives: ['slow'],
          dependence: 'soft',
        },
      ],
    }),
  ],
  { by: '{sturdy}.by', why: '{ExtraFailure}' },
);

const narrow = one('narrow', [asking('Narrow', { concurrency: 2 })], { by: '{narrow}' });

const broken = one('broken', [asking('Fragile', { retry: [], breaker: { failures: 2, openSeconds: 60 } })], {
  by: '{fragile}.by',
});

const spared = one(
  'spared',
  [
    parallelStage({
      name: 'AskBoth',
      branches: [
        { name: 'Sure', stages: [asking('Sturdy')], gives: ['sturdy'] },
        {
          name: 'Extra',
          stages: [asking('Fragile', { retry: [], breaker: { failures: 1, openSeconds: 60 } })],
          gives: ['fragile'],
          dependence: 'soft',
        },
      ],
    }),
  ],
  { by: '{sturdy}.by', why: '{ExtraFailure}.error' },
);

let system: ComposedSystem;

beforeAll(async () => {
  system = await startComposedSystem({
    pipelines: [retried, timed, hasty, narrow, broken, spared],
    functions: {
      'fail-twice': `
        const times = (globalThis.times = (globalThis.times ?? 0) + 1);
        if (times % 3 !== 0) throw new SeriatimError('EndpointThrottled', 'not yet');
        return { times };`,
    },
  });
}, 60_000);

afterAll(() => system.close());

describe('a stage’s policy', () => {
  it('retries what it says', async () => {
    const { predictions } = await system.ask('retried', [{ ask: {} }]);

    expect(predictions).toEqual([{ by: 3 }]);
  });

  it('ends an attempt after its timeout', async () => {
    const { error } = await system.ask('timed', [{ ask: { waitMs: 5_000 } }]);

    expect(error).toMatchObject({ code: 'StageTimeout', stage: 'AskSlow' });
  });

  it('is a soft branch’s too, whose timeout costs the record that branch only', async () => {
    const { predictions } = await system.ask('hasty', [{ ask: { waitMs: 5_000, whom: 'Slow' } }]);

    expect(predictions).toEqual([
      { by: 'Sturdy', why: { stage: 'AskSlow', error: 'States.Timeout', message: expect.any(String) } },
    ]);
  });

  it('lets only so many records into the stage at once', async () => {
    const records = Array.from({ length: 8 }, () => ({ ask: { waitMs: 20 } }));

    const { predictions } = await system.ask('narrow', records);

    expect(Math.max(...predictions.map(({ by }) => (by as { mostAtOnce: number }).mostAtOnce))).toBe(2);
  });
});

describe('a circuit breaker', () => {
  const Bucket = 'seriatim-dev-claims-000000000000';
  const Key = 'breakers/broken/AskFragile.json';
  const put = (state: object) =>
    system.s3.send(new PutObjectCommand({ Bucket, Key, Body: JSON.stringify(state) }));
  const read = async (): Promise<unknown> => {
    const { Body } = await system.s3.send(new GetObjectCommand({ Bucket, Key }));
    return JSON.parse(await Body!.transformToString());
  };

  beforeEach(() => put({ failures: 0, openUntil: 0 }));

  it('opens after so many failures in a row, and then no call is made', async () => {
    const failing = { ask: { fail: 500 } };
    const errors = [
      (await system.ask('broken', [failing])).error,
      (await system.ask('broken', [failing])).error,
    ];

    const refused = await system.ask('broken', [{ ask: {} }]);

    expect(errors).toMatchObject([{ code: 'ModelFailed' }, { code: 'ModelFailed' }]);
    expect(refused.error).toMatchObject({ code: 'CircuitOpen', stage: 'AskFragile', httpStatus: 503 });
    expect(await refused.states()).not.toContain('AskFragile');
    expect(await read()).toMatchObject({ failures: 2 });
  });

  it('counts no record that the model refuses', async () => {
    const refused = { ask: { fail: 400 } };
    for (let i = 0; i < 3; i++) await system.ask('broken', [refused]);

    const { predictions } = await system.ask('broken', [{ ask: {} }]);

    expect(predictions).toEqual([{ by: 'Fragile' }]);
  });

  it('starts its count anew after a success', async () => {
    await system.ask('broken', [{ ask: { fail: 500 } }]);
    const healthy = await system.ask('broken', [{ ask: {} }]);

    expect(await healthy.states()).toContain('ResetAskFragileBreaker');
    await expect(read()).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('tries again when its time is over: a failure opens it at once, a success closes it', async () => {
    await put({ failures: 2, openUntil: Date.now() - 1 });
    const failed = await system.ask('broken', [{ ask: { fail: 500 } }]);
    const state = (await read()) as { openUntil: number };
    await put({ failures: 3, openUntil: Date.now() - 1 });
    const succeeded = await system.ask('broken', [{ ask: {} }]);

    expect(failed.error).toMatchObject({ code: 'ModelFailed' });
    expect(state.openUntil).toBeGreaterThan(Date.now());
    expect(succeeded.predictions).toEqual([{ by: 'Fragile' }]);
    await expect(read()).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('that is closed shows no failure in the execution', async () => {
    await system.s3.send(new DeleteObjectCommand({ Bucket, Key }));

    const view = await (await system.ask('broken', [{ ask: {} }])).view();

    expect(view.stages.find(({ name }) => name === 'ReadAskFragileBreaker')).toMatchObject({
      status: 'SUCCEEDED',
      breaker: 'closed',
    });
    const attempts = view.stages.flatMap((stage) => stage.attempts);
    expect(attempts.filter(({ error, status }) => error !== undefined || status !== 'SUCCEEDED')).toEqual([]);
    expect(waterfall(view)).not.toContain('✗');
  });

  it('in a soft branch costs the record that branch only', async () => {
    await system.ask('spared', [{ ask: { fail: 500, whom: 'Fragile' } }]);

    const { predictions } = await system.ask('spared', [{ ask: {} }]);

    expect(predictions).toEqual([{ by: 'Sturdy', why: 'CircuitOpen' }]);
  });
});

describe('what counts against a breaker', () => {
  const cause = (status: string): string => `Received ${status} from primary with message "no"`;

  it.each<[string, string, string, boolean]>([
    ['a timeout', 'States.Timeout', '', true],
    ['throttling', 'SageMakerRuntime.ThrottlingException', '', true],
    ['a model’s 5xx', 'SageMakerRuntime.ModelErrorException', cause('server error (500)'), true],
    ['a model’s 4xx', 'SageMakerRuntime.ModelErrorException', cause('client error (400)'), false],
    [
      'a model’s 4xx in a container’s own JSON',
      'SageMakerRuntime.ModelErrorException',
      'Received client error (400) from model with message "{"error":{"message":"server error (500)"}}". See https://x',
      false,
    ],
    [
      'a model’s 5xx in a container’s own JSON',
      'SageMakerRuntime.ModelErrorException',
      'Received server error (500) from model with message "{"error":{"message":"client error (400)"}}". See https://x',
      true,
    ],
    ['a model’s 429', 'SageMakerRuntime.ModelErrorException', cause('client error (429)'), true],
    ['a 4xx through invoke-endpoint', 'ModelFailed', '{"errorMessage":"model answered 422: no"}', false],
    ['a 5xx through invoke-endpoint', 'ModelFailed', '{"errorMessage":"model answered 500: no"}', true],
    ['a record that does not fit', 'InvalidPayload', '{"errorMessage":"no"}', false],
    ['a function’s own failure', 'TypeError', '{"errorMessage":"no"}', true],
  ])('%s', (_, error, message, counts) => {
    expect(isCounted({ Error: error, Cause: message }, 'Ask')).toBe(counts);
  });

  it('opens it from the failure that reaches the limit on', () => {
    const policy = { failures: 3, openSeconds: 10 };

    expect(afterFailure(undefined, policy, 1_000)).toEqual({ failures: 1, openUntil: 0 });
    expect(afterFailure({ failures: 2, openUntil: 0 }, policy, 1_000)).toEqual({
      failures: 3,
      openUntil: 11_000,
    });
  });
});

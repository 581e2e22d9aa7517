// What a view explains of its attempts: the policy that decided, where the time went, what was met, what it cost; and
// version 7 UUIDs, by which old executions are found.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitTime } from '../../layers/seriatim/inspection/calls.ts';
import { executionCost, stageCost } from '../../layers/seriatim/inspection/cost/cost.ts';
import { DEFAULT_COST_SETTINGS, readCostSettings } from '../../layers/seriatim/inspection/cost/prices.ts';
import { readDefinition } from '../../layers/seriatim/inspection/definition.ts';
import { loadedModels, readCacheEvent } from '../../layers/seriatim/inspection/hosting/cache-events.ts';
import { percentile } from '../../layers/seriatim/inspection/hosting/metrics.ts';
import { readMarks } from '../../layers/seriatim/inspection/marks.ts';
import { decidePolicies } from '../../layers/seriatim/inspection/policies.ts';
import type { AttemptView } from '../../layers/seriatim/inspection/view.ts';
import { uuid7, uuid7TimeMs } from '../../layers/seriatim/uuid7.ts';

const REPORT =
  'model=Houston_TX.tar.gz;sha256=2f0c54aa1b90ce77;load=cold;load-ms=20.0;evicted=1;queue-ms=1.00;batch-wait-ms=2.00;input-ms=0.50;compute-ms=3.00;output-ms=0.50;batch=4';

describe('a retrier', () => {
  const retry = (ErrorEquals: string[], more: object = {}) => ({ ErrorEquals, ...more });
  const Task = {
    Type: 'Task',
    Retry: [
      retry(['Busy'], { IntervalSeconds: 2, MaxAttempts: 2, MaxDelaySeconds: 3 }),
      retry(['States.ALL']),
    ],
    Next: 'Done',
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }],
  };
  const definition = readDefinition(
    JSON.stringify({
      StartAt: 'Task',
      States: { Task, Done: { Type: 'Succeed' }, Failed: { Type: 'Fail' } },
    }),
  )!;

  it('counts its own attempts, and the first that fits decides', () => {
    const errors = ['Busy', 'Other', 'Busy', 'Busy', undefined];

    expect(decidePolicies(definition.retriers('Task'), errors)).toMatchObject([
      { errorEquals: ['Busy'], waitSeconds: 2, decision: 'retried' },
      { errorEquals: ['States.ALL'], waitSeconds: 1, backoffRate: 2, maxAttempts: 3 },
      { waitSeconds: 3, decision: 'retried' },
      { decision: 'exhausted' },
      undefined as never,
    ]);
  });

  it('takes no runtime error by a wildcard', () => {
    expect(decidePolicies(definition.retriers('Task'), ['States.Runtime'])).toEqual([undefined]);
  });

  it('stands beside the graph of its definition', () => {
    expect(definition.graph.edges).toEqual([
      { from: 'Task', to: 'Done', kind: 'next' },
      { from: 'Task', to: 'Failed', kind: 'catch', label: 'States.ALL' },
    ]);
    expect(readDefinition('not JSON')).toBeUndefined();
  });
});

describe('a call’s time', () => {
  const call = { marks: readMarks(REPORT) };

  it('is split into what the container reported, the rest being the network’s', () => {
    expect(splitTime(call, 30)).toEqual({
      totalMs: 30,
      queueMs: 1,
      batchWaitMs: 2,
      loadMs: 20,
      decodeMs: 0.5,
      computeMs: 3,
      encodeMs: 0.5,
      networkMs: 3,
    });
  });

  it('has no load in it when the model was loaded before the call', () => {
    expect(splitTime(call, 9)).toMatchObject({ totalMs: 9, networkMs: 2 });
    expect(splitTime(call, 9)).not.toHaveProperty('loadMs');
  });

  it('adds up, whatever was reported', () => {
    const ms = fc.double({ min: 0, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(
        fc.record({ queueMs: ms, computeMs: ms, loadMs: ms }),
        fc.nat(30_000),
        (mark, durationMs) => {
          const { totalMs, ...parts } = splitTime({ marks: [mark] }, durationMs)!;

          expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(totalMs, 1);
          expect(parts.networkMs).toBeGreaterThanOrEqual(-0.002);
        },
      ),
    );
  });
});

describe('a cost', () => {
  const attempt: AttemptView = {
    number: 1,
    status: 'SUCCEEDED',
    start: '2026-11-22T17:00:00.000Z',
    durationMs: 1000,
    target: 'seriatim-dev-preprocess-house',
    via: 'lambda',
  };

  it('of a function is its memory and time, with the formula', () => {
    const cost = stageCost({ attempts: [attempt] }, DEFAULT_COST_SETTINGS)!;

    expect(cost.dollars).toBeCloseTo(0.5 * 0.0000166667 + 0.0000002, 12);
    expect(cost.parts[0]).toMatchObject({ what: 'Lambda preprocess-house', basis: 'estimated' });
    expect(cost.parts[0]!.formula).toContain('0.5 GB × 1 s');
  });

  it('of a Standard execution is measured by its transitions', () => {
    const facts = { type: 'STANDARD' as const, durationMs: 9, transitions: 4 };

    expect(executionCost([], facts, DEFAULT_COST_SETTINGS)).toMatchObject({
      dollars: 0.0001,
      basis: 'measured',
    });
  });

  it('takes a deployment’s own prices, and refuses what is none', () => {
    const settings = readCostSettings('{"memoryMb":{"preprocess-house":2048},"prices":{"lambdaRequest":1}}');

    expect(stageCost({ attempts: [attempt] }, settings)!.dollars).toBeCloseTo(1.0000333, 6);
    expect(() => readCostSettings('{"memory":1}')).toThrow(TypeError);
  });
});

describe('loads and evictions', () => {
  const line = (message: string, timeMs: number) =>
    readCacheEvent({ timeMs, message, stream: 'AllTraffic/i-1/cities' })!;
  const events = [
    line(
      'model-load target=A.tar.gz name=h1 cold;total-ms=9.00;download-ms=4.00;unpack-ms=1.00;load-ms=4.00',
      1,
    ),
    line('model-unload target=A.tar.gz name=h1 unload-ms=0.10', 2),
    line('model-load target=B.tar.gz name=h2 cold;total-ms=5.00;load-ms=3.00;evicted=A.tar.gz', 3),
  ];

  it('are read from the endpoint’s log', () => {
    expect(events[2]).toMatchObject({
      what: 'load',
      totalMs: 5,
      loadMs: 3,
      evicted: ['A.tar.gz'],
      container: 'cities',
    });
    expect(readCacheEvent({ timeMs: 1, message: 'anything else', stream: 's' })).toBeUndefined();
  });

  it('say what is loaded where', () => {
    expect(loadedModels(events, 'AllTraffic', 'cities')).toEqual(['B.tar.gz']);
    expect(loadedModels(events, 'Other', 'cities')).toEqual([]);
  });
});

describe('numbers', () => {
  it('have percentiles by the nearest rank', () => {
    expect([0.5, 0.9, 0.99].map((part) => percentile([1, 2, 3, 4], part))).toEqual([2, 4, 4]);
    expect(percentile([], 0.5)).toBeNull();
  });
});

describe('a version 7 UUID', () => {
  it('says when it was made, is of its version and variant, and never comes twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (timeMs) => {
        expect(uuid7TimeMs(uuid7(timeMs))).toBe(timeMs);
      }),
    );
    expect(new Set(Array.from({ length: 1000 }, () => uuid7(5))).size).toBe(1000);
    expect(uuid7TimeMs('3f2b1c4d-0000-4000-8000-000000000000')).toBeUndefined();
  });
});

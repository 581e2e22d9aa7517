import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InferenceError } from '../../container/errors.ts';
import { type BatchAnswer, type BatcherOptions, createBatcher } from '../../container/serving/batcher.ts';
import type { Signature, Tensor, Tensors } from '../../container/tensors.ts';
import { tensorOf } from './arbitrary.ts';

const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 'T'] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 'T'] }],
  isBatched: true,
};

/** A model that doubles, on an instance that the test steps by hand, under a clock that it turns. */
function harness(
  options: Omit<Partial<BatcherOptions>, 'settings'> & {
    settings?: Partial<BatcherOptions['settings']>;
  } = {},
) {
  const runs: { inputs: Tensor; finish: () => void; fail: (error: Error) => void }[] = [];
  const planned: (() => void)[] = [];
  const delayed: { at: number; callback: () => void }[] = [];
  let time = 0;
  const timers = {
    now: () => time,
    date: () => time,
    soon: (callback: () => void) => void planned.push(callback),
    after: (milliseconds: number, callback: () => void) => {
      const entry = { at: time + milliseconds, callback };
      delayed.push(entry);
      return () => void delayed.splice(delayed.indexOf(entry), delayed.includes(entry) ? 1 : 0);
    },
  };
  const run = ({ x }: Tensors) =>
    new Promise<Tensors>((resolve, reject) => {
      const y = { ...x!, data: (x!.data as Float32Array).map((value) => value * 2) };
      runs.push({ inputs: x!, finish: () => resolve({ y }), fail: reject });
    });
  const batcher = createBatcher({
    signature: SIGNATURE,
    queueLimit: 100,
    instances: 1,
    run,
    timers,
    ...options,
    settings: { maxRows: 4, delayMs: 0, preferredRows: [], ...options.settings },
  });
  const settle = async () => {
    for (let i = 0; i < 20; i++) {
      for (const callback of planned.splice(0)) callback();
      await Promise.resolve();
    }
  };
  return {
    batcher,
    runs,
    settle,
    submit: (rows: number[][], more: object = {}) =>
      batcher.submit({
        tensors: { x: rowsOf(rows) },
        rows: rows.length,
        deadline: Number.POSITIVE_INFINITY,
        ...more,
      }),
    advance: async (milliseconds: number) => {
      time += milliseconds;
      for (const due of delayed.filter(({ at }) => at <= time)) {
        delayed.splice(delayed.indexOf(due), 1);
        due.callback();
      }
      await settle();
    },
    finishAll: async () => {
      for (let finished = 0; finished < runs.length; finished++) {
        runs[finished]!.finish();
        await settle();
      }
    },
  };
}

function rowsOf(rows: number[][]): Tensor {
  return tensorOf('float32', [rows.length, rows[0]!.length], rows.flat());
}

const rowsIn = ({ inputs }: { inputs: Tensor }) => inputs.shape[0];

describe('a batcher', () => {
  it('lets requests that wait share a run, and gives each its rows', async () => {
    const { submit, settle, runs, finishAll } = harness();
    const answers = [submit([[1]]), submit([[2], [3]])];
    await settle();

    await finishAll();

    expect(runs.map(rowsIn)).toEqual([3]);
    expect((await answers[1]!).tensors.y).toEqual(rowsOf([[4], [6]]));
    expect((await answers[0]!).batchRows).toBe(3);
  });

  it('never mixes shapes', async () => {
    const { submit, settle, runs, finishAll } = harness();
    const answers = [submit([[1]]), submit([[2, 3]]), submit([[4]])];
    await settle();
    await finishAll();

    expect(runs.map(({ inputs }) => inputs.shape)).toEqual([
      [2, 1],
      [1, 2],
    ]);
    expect((await answers[2]!).tensors.y).toEqual(rowsOf([[8]]));
  });

  it('keeps to the maximum, but runs one larger request whole', async () => {
    const { submit, settle, runs, finishAll } = harness();
    void submit([[1], [1], [1]]);
    void submit([[1], [1]]);
    void submit([[1], [1], [1], [1], [1], [1]]);
    await settle();
    await finishAll();

    expect(runs.map(rowsIn)).toEqual([3, 2, 6]);
  });

  it('waits up to the delay for a batch to fill', async () => {
    const { submit, settle, runs, advance } = harness({ settings: { delayMs: 5 } });
    void submit([[1]]);
    await settle();
    await advance(4);
    expect(runs).toHaveLength(0);

    void submit([[2]]);
    await advance(1);

    expect(runs.map(rowsIn)).toEqual([2]);
  });

  it('does not wait when the batch is full or has a preferred size', async () => {
    const full = harness({ settings: { delayMs: 5 } });
    for (let i = 0; i < 5; i++) void full.submit([[i]]);
    await full.settle();
    expect(full.runs.map(rowsIn)).toEqual([4]);

    const preferred = harness({ settings: { delayMs: 5, preferredRows: [2] } });
    for (let i = 0; i < 3; i++) void preferred.submit([[i]]);
    await preferred.settle();
    expect(preferred.runs.map(rowsIn)).toEqual([2]);
  });

  it('uses as many instances as there are', async () => {
    const { submit, settle, runs } = harness({ instances: 2, settings: { maxRows: 1 } });
    for (let i = 0; i < 3; i++) void submit([[i]]);
    await settle();

    expect(runs).toHaveLength(2);
  });

  it('shares what waits among idle instances', async () => {
    const { submit, settle, runs } = harness({ instances: 2 });
    for (let i = 0; i < 4; i++) void submit([[i]]);
    await settle();

    expect(runs.map(rowsIn)).toEqual([2, 2]);
  });

  it('refuses past the bound of the queue, with the time to try again', async () => {
    const { submit } = harness({ queueLimit: 1 });
    void submit([[1]]);

    await expect(submit([[2]])).rejects.toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } });
  });

  it('drops requests whose caller went away or whose deadline passed', async () => {
    const { submit, settle, runs, advance } = harness({ settings: { maxRows: 1 } });
    void submit([[1]]);
    await settle();
    const gone = submit([[2]], { isAbandoned: () => true });
    const late = submit([[3]], { deadline: 5 });
    const outcomes = Promise.allSettled([gone, late]);
    await advance(5);
    runs[0]!.finish();
    await settle();

    expect((await outcomes).map((outcome) => (outcome as PromiseRejectedResult).reason.name)).toEqual([
      'ClientClosedRequest',
      'DeadlineExceeded',
    ]);
    expect(runs).toHaveLength(1);
  });

  it('fails the callers of a failed run and goes on', async () => {
    const { submit, settle, runs } = harness({ settings: { maxRows: 2 } });
    const outcomes = Promise.allSettled([submit([[1]]), submit([[2]]), submit([[3]])]);
    await settle();
    runs[0]!.fail(new Error('broken'));
    await settle();
    runs[1]!.finish();
    await settle();

    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('tells of runs that succeed, once a row, and of none that fail', async () => {
    const told: number[] = [];
    const { submit, settle, runs } = harness({
      onRun: (rows) => void told.push(rows),
      settings: { maxRows: 2 },
    });
    const outcomes = Promise.allSettled([submit([[1]]), submit([[2]])]);
    await settle();
    runs[0]!.fail(new InferenceError('ModelFailed', 'one of the two'));
    await settle();
    runs[1]!.finish();
    await settle();
    runs[2]!.fail(new InferenceError('ModelFailed', 'this one'));
    await settle();

    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(told).toEqual([1]);
  });

  it('runs requests apart once a model turns out to fold its batch axis', async () => {
    const folded: number[] = [];
    const { submit, settle } = harness({
      run: async ({ x }) => {
        folded.push(x!.shape[0]!);
        return {
          y: tensorOf('float32', [1, 1], [(x!.data as Float32Array).reduce((sum, value) => sum + value)]),
        };
      },
    });
    const answers = [submit([[1]]), submit([[2]])];
    await settle();

    expect((await answers[1]!).tensors.y).toEqual(rowsOf([[2]]));
    expect(folded).toEqual([2, 1, 1]);
  });

  it('gives every caller its own rows whatever arrives when', async () => {
    const request = fc.record({
      rows: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 3 }),
      width: fc.constantFrom(1, 2),
      pause: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 30 }), async (requests) => {
        const { submit, settle, finishAll } = harness({ instances: 2 });
        const answers: Promise<BatchAnswer>[] = [];
        for (const { rows, width, pause } of requests) {
          answers.push(submit(rows.map(([value]) => new Array<number>(width).fill(value))));
          if (pause) await settle();
        }
        await settle();
        await finishAll();

        const got = await Promise.all(answers);

        got.forEach(({ tensors, batchRows }, index) => {
          const { rows, width } = requests[index]!;
          expect(tensors.y).toEqual(rowsOf(rows.map(([value]) => new Array<number>(width).fill(value * 2))));
          expect(batchRows).toBeLessThanOrEqual(4);
        });
      }),
    );
  });
});

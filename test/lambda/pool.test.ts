// How many environments a function has, and who runs where.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TurnedClock, turnedClock } from '../../local/clock.ts';
import { openWorkshop, type Workshop } from './functions.ts';

let workshop: Workshop;
let clock: TurnedClock;
beforeEach(async () => {
  clock = turnedClock(Date.parse('2026-11-22T12:00:00Z'));
  workshop = await openWorkshop({ clock, processors: { busyShare: () => 0 } });
});
afterEach(() => workshop.close());

const STREAM = 'process.env.AWS_LAMBDA_LOG_STREAM_NAME';

/** A handler that answers with its environment's name, after 30 ms if the event says so. */
const NAMING = `export const handler = async (event) => {
  if (event.wait) await new Promise((resolve) => setTimeout(resolve, event.wait));
  return ${STREAM};
};`;

async function callAll(events: readonly unknown[]): Promise<unknown[]> {
  const results = await Promise.all(events.map((event) => workshop.call(event)));
  return results.map((result) => result.answer);
}

/** Lets the pool look at its queue again and again until the calls are answered. */
async function turnUntilSettled<Value>(pending: Promise<Value>): Promise<Value> {
  let isSettled = false;
  void pending.finally(() => {
    isSettled = true;
  });
  const turn = async (): Promise<boolean> => {
    await clock.turn(20);
    return isSettled;
  };
  await expect.poll(turn, { interval: 5, timeout: 10_000 }).toBe(true);
  return await pending;
}

describe('environments', () => {
  it('serves calls in turn from one environment', async () => {
    await workshop.put(NAMING);

    const names = [];
    for (let call = 0; call < 20; call++) names.push((await workshop.call()).answer);

    expect(new Set(names).size).toBe(1);
  });

  it('keeps module state between invocations and between nobody else', async () => {
    await workshop.put('let count = 0; export const handler = async () => ++count;');
    await workshop.put('let count = 0; export const handler = async () => ++count;', {
      functionName: 'other',
    });

    const counts = [
      await workshop.call(),
      await workshop.call(),
      await workshop.call({}, { functionName: 'other' }),
    ];

    expect(counts.map((result) => result.answer)).toEqual([1, 2, 1]);
  });

  it('runs one invocation at a time in an environment', async () => {
    await workshop.put(`let inside = 0; export const handler = async () => {
      inside++; await new Promise((resolve) => setTimeout(resolve, 2)); return inside--;
    };`);

    expect(await callAll(Array(20).fill({}))).toEqual(Array(20).fill(1));
  });

  it('does not grow for a call that has waited less than a second while the processors are saturated', async () => {
    await workshop.close();
    workshop = await openWorkshop({ clock, processors: { busyShare: () => 1 } });
    await workshop.put(NAMING);
    await workshop.call();

    const calls = callAll(Array(4).fill({ wait: 100 }));
    for (let waitedMs = 0; waitedMs < 980; waitedMs += 20) await clock.turn(20);

    expect(new Set(await calls).size).toBe(1);
  });

  it('queues a burst of quick calls rather than starting environments', async () => {
    await workshop.put(NAMING);
    await workshop.call();

    expect(new Set(await callAll(Array(64).fill({}))).size).toBe(1);
  });

  it('starts more environments when an invocation has waited 20 ms for a busy one', async () => {
    await workshop.put(NAMING);
    await workshop.call();

    const names = await turnUntilSettled(callAll(Array(6).fill({ wait: 100 })));

    expect(new Set(names).size).toBeGreaterThan(1);
  });

  it('starts none while invocations wait for this thread rather than for handlers', async () => {
    await workshop.put(NAMING);
    await workshop.call();
    const busyThread = async (): Promise<unknown> => {
      const { answer } = await workshop.call();
      for (const until = performance.now() + 1; performance.now() < until; );
      return answer;
    };

    const names = await turnUntilSettled(Promise.all(Array.from({ length: 200 }, busyThread)));

    expect(new Set(names).size).toBe(1);
  });

  it('never has more than maxEnvironments', async () => {
    await workshop.close();
    workshop = await openWorkshop({ clock, maxEnvironments: 2 });
    await workshop.put(NAMING);
    await workshop.call();

    const names = await turnUntilSettled(callAll(Array(12).fill({ wait: 100 })));

    expect(new Set(names).size).toBe(2);
  });

  it('throttles past the reserved concurrency, with 429', async () => {
    await workshop.put(NAMING, { reservedConcurrency: 1 });

    const first = workshop.call({ wait: 30 });
    const second = workshop.call();

    await expect(second).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      statusCode: 429,
      members: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
    });
    expect((await first).functionError).toBeUndefined();
    expect((await workshop.call()).functionError).toBeUndefined();
  });

  it('never runs a function whose reserved concurrency is zero', async () => {
    await workshop.put(NAMING, { reservedConcurrency: 0 });

    await expect(workshop.call()).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  });

  it('ends an environment that has been idle for 15 minutes', async () => {
    await workshop.put(NAMING);
    const first = await workshop.call();
    await clock.turn(14 * 60_000);
    const kept = await workshop.call();
    await clock.turn(16 * 60_000);
    const fresh = await workshop.call();

    expect(kept.answer).toBe(first.answer);
    expect(fresh.answer).not.toBe(first.answer);
  });
});

describe('putFunction', () => {
  it('serves new code at once and lets what is running finish with the old', async () => {
    await workshop.put(
      'export const handler = async () => { await new Promise((r) => setTimeout(r, 100)); return "old"; };',
    );
    await workshop.call();
    const running = workshop.call();

    await workshop.put('export const handler = async () => "new";');
    const after = await workshop.call();

    expect(after.answer).toBe('new');
    expect((await running).answer).toBe('old');
  });
});

describe('close', () => {
  it('lets a short invocation finish and refuses new ones', async () => {
    await workshop.put(NAMING);
    const running = workshop.call({ wait: 30 });

    const closed = workshop.lambda.close();

    await expect(workshop.call()).rejects.toMatchObject({ name: 'ServiceException' });
    expect((await running).functionError).toBeUndefined();
    await closed;
  });

  it('ends an invocation that takes longer than a second', async () => {
    await workshop.put(NAMING);
    await workshop.call();
    const running = workshop.call({ wait: 60_000 });

    const closed = workshop.lambda.close();
    await clock.turn(1000);

    expect(await running).toMatchObject({
      functionError: 'Unhandled',
      answer: { errorType: 'Runtime.ExitError' },
    });
    await closed;
  });
});

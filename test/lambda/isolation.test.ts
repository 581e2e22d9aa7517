// One function cannot take the process down, nor another invocation with it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TurnedClock, turnedClock } from '../../local/clock.ts';
import { openWorkshop, type Workshop } from './functions.ts';

let workshop: Workshop;
afterEach(() => workshop.close());

describe('a lost environment', () => {
  beforeEach(async () => {
    workshop = await openWorkshop();
  });

  it.each([
    [
      'exits',
      'process.exit(7)',
      'Runtime.ExitError',
      /^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 7$/,
    ],
    [
      'exits with success',
      'process.exit(0)',
      'Runtime.ExitError',
      /Error: Runtime exited without providing a reason$/,
    ],
    [
      'fills its memory',
      'const all = []; for (;;) { all.push(new Array(1e5).fill(all.length)); await new Promise((r) => setTimeout(r)) }',
      'Runtime.OutOfMemory',
      /signal: killed$/,
    ],
    [
      'throws outside of the call',
      'setTimeout(() => { throw new RangeError("late") }, 1); await new Promise((r) => setTimeout(r, 1000))',
      'RangeError',
      /^late$/,
    ],
    [
      'leaves a rejection',
      'Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 1000))',
      'Runtime.UnhandledPromiseRejection',
      /^Error: lost$/,
    ],
  ])(
    'fails the invocation when the function %s, and is replaced',
    async (_what, statement, errorType, message) => {
      await workshop.put(
        `export const handler = async (event) => { if (event.bad) { ${statement}; } return process.env.AWS_LAMBDA_LOG_STREAM_NAME; };`,
      );
      const before = await workshop.call();

      const { answer, functionError } = await workshop.call({ bad: true });
      const after = await workshop.call();

      expect(functionError).toBe('Unhandled');
      expect(answer).toMatchObject({ errorType, errorMessage: expect.stringMatching(message) });
      expect(after.functionError).toBeUndefined();
      expect(after.answer).not.toBe(before.answer);
    },
  );

  it('is replaced when it ends between invocations', async () => {
    await workshop.put(
      'export const handler = async () => { setTimeout(() => process.exit(1), 1); return process.env.AWS_LAMBDA_LOG_STREAM_NAME; };',
    );
    const before = await workshop.call();

    await expect.poll(async () => (await workshop.call()).answer).not.toBe(before.answer);
  });

  it('keeps what was logged before it was lost', async () => {
    await workshop.put('export const handler = async () => { console.log("last words"); process.exit(1); };');

    await workshop.call();

    expect(workshop.logged.map((event) => event.message)).toContainEqual(
      expect.stringMatching(/\tINFO\tlast words$/),
    );
  });

  it('does not show what was thrown in the log of another function', async () => {
    await workshop.put('export const handler = async () => { throw new Error("private"); };');
    await workshop.put('export const handler = async () => 1;', { functionName: 'other' });

    await workshop.call();
    await workshop.call({}, { functionName: 'other' });

    const others = workshop.logged.filter((event) => event.group === '/aws/lambda/other');
    expect(others.length).toBeGreaterThan(0);
    expect(others.some((event) => event.message.includes('private'))).toBe(false);
  });
});

describe('time limits', () => {
  let clock: TurnedClock;
  beforeEach(async () => {
    clock = turnedClock(Date.parse('2026-11-22T12:00:00Z'));
    workshop = await openWorkshop({ clock });
  });

  /** Turns the clock once the invocation has begun. */
  async function turnWhenStarted(ms: number): Promise<void> {
    await expect.poll(() => workshop.logged.some((event) => event.message.includes('begun'))).toBe(true);
    await clock.turn(ms);
  }

  it.each([
    ['waits for ever', 'await new Promise((resolve) => setTimeout(resolve, 60_000))'],
    ['loops for ever', 'for (;;);'],
  ])('ends a function that %s, and keeps its log', async (_what, statement) => {
    await workshop.put(
      `export const handler = async (event) => { if (!event.bad) return 'well'; console.log('begun'); ${statement} };`,
    );
    await workshop.call();

    const pending = workshop.call({ bad: true });
    // Lines of a running invocation are written every half second.
    await clock.turn(500);
    await expect
      .poll(async () => {
        await clock.turn(500);
        return workshop.logged.some((event) => event.message.includes('begun'));
      })
      .toBe(true);
    await clock.turn(3000);
    const { answer, functionError } = await pending;

    expect(functionError).toBe('Unhandled');
    expect(answer).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(
        /^RequestId: [0-9a-f-]{36} Error: Task timed out after 3\.00 seconds$/,
      ),
    });
    expect(workshop.logged.at(-1)?.message).toMatch(/^REPORT .*\tStatus: timeout$/);
    expect((await workshop.call()).answer).toBe('well');
  });

  it('ends a function that does not load in time', async () => {
    await workshop.put(
      'await new Promise((resolve) => setTimeout(resolve, 60_000)); export const handler = 1;',
    );

    const pending = workshop.call();
    await clock.turn(10_000);

    expect((await pending).answer).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringContaining('Task timed out after 10.00 seconds'),
    });
  });

  it('tries a failed asynchronous invocation twice more, after one and two minutes', async () => {
    await workshop.put(
      'export const handler = async () => { console.log("begun"); throw new Error("again"); };',
    );
    const attempts = (): number =>
      workshop.logged.filter((event) => event.message.startsWith('REPORT')).length;

    const { statusCode, requestId } = await workshop.lambda.invoke({
      functionName: 'subject',
      payload: '{}',
      invocationType: 'Event',
    });
    await expect.poll(attempts).toBe(1);
    await turnWhenStarted(59_000);
    expect(attempts()).toBe(1);
    await clock.turn(1000);
    await expect.poll(attempts).toBe(2);
    await clock.turn(120_000);
    await expect.poll(attempts).toBe(3);
    await clock.turn(3_600_000);

    expect(statusCode).toBe(202);
    expect(attempts()).toBe(3);
    const ids = workshop.logged.flatMap((event) => /^START RequestId: (\S+)/.exec(event.message)?.[1] ?? []);
    expect(new Set(ids)).toEqual(new Set([requestId]));
  });
});

// What outlives the process: executions go on where they stood, done work is not done again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TurnedClock, turnedClock } from '../../local/clock.ts';
import type { FunctionInvoker } from '../../local/lambda/api.ts';
import type { States } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';

const MACHINE = {
  StartAt: 'Prepare',
  States: {
    Prepare: { Type: 'Task', Resource: functionArn('prepare'), Assign: { seen: 1 }, Next: 'Pause' },
    Pause: { Type: 'Wait', Seconds: 60, Next: 'Both' },
    Both: {
      Type: 'Parallel',
      Branches: [chain('left', ['left-1', 'left-2']), chain('right', ['right-1', 'right-2'])],
      ResultPath: '$.both',
      Next: 'Each',
    },
    Each: {
      Type: 'Map',
      ItemsPath: '$.items',
      MaxConcurrency: 2,
      ItemProcessor: chain('item', ['item']),
      ResultPath: '$.each',
      Next: 'Last',
    },
    Last: {
      Type: 'Pass',
      Parameters: { 'both.$': '$.both', 'each.$': '$.each', 'seen.$': '$seen' },
      End: true,
    },
  },
};

const INPUT = '{"items":["a","b","c"]}';
const OUTPUT = {
  both: [{ items: ['a', 'b', 'c'] }, { items: ['a', 'b', 'c'] }],
  each: ['a', 'b', 'c'],
  seen: 1,
};

describe('a Standard execution', () => {
  let folder: string;
  let clock: TurnedClock;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'seriatim-durable-'));
    clock = turnedClock(Date.UTC(2026, 0, 1));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('goes on to the same end when the process ends at any of its tasks', async () => {
    const whole = await runWith();

    for (let at = 1; at <= whole.calls.length; at += 1) {
      const broken = await runWith(at);

      expect(broken.output).toEqual(OUTPUT);
      // Only what was in flight at the end of the process is done again.
      const again = broken.calls.length - whole.calls.length;
      expect(again).toBeGreaterThanOrEqual(1);
      expect(again).toBeLessThanOrEqual(2);
    }
  });

  it('goes on to the same end when the process ends twice', async () => {
    const whole = await runWith();

    for (let at = 1; at < whole.calls.length; at += 1) {
      const broken = await runWith(at, at + 2);

      expect(broken.output).toEqual(OUTPUT);
      expect(broken.calls.length - whole.calls.length).toBeLessThanOrEqual(4);
    }
  });

  it('does not wait again for what it has waited for', async () => {
    const first = await open(echo());
    const executionArn = await start(first, MACHINE);
    await clock.turn(59_000);
    await first.close();
    const second = await open(echo());
    await second.resume();

    await clock.turn(1_000);
    await settle();

    expect((await second.operations.describeExecution!({ executionArn })).status).toBe('SUCCEEDED');
    await second.close();
  });

  it('keeps its history in one piece across a restart', async () => {
    const first = await open(echo());
    const executionArn = await start(first, MACHINE);
    await clock.turn(1_000);
    await first.close();
    const second = await open(echo());
    await second.resume();
    await clock.turn(60_000);
    await settle();

    const { events } = await second.operations.getExecutionHistory!({ executionArn, maxResults: 1000 });
    const ids = (events as { id: number }[]).map((event) => event.id);

    expect(ids).toEqual(ids.map((_, index) => index + 1));
    expect((events as { type: string }[]).at(-1)?.type).toBe('ExecutionSucceeded');
    await second.close();
  });

  it('takes up a callback that comes after a restart', async () => {
    const definition = {
      StartAt: 'Ask',
      States: {
        Ask: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
          Parameters: { FunctionName: 'ask', Payload: { 'token.$': '$$.Task.Token' } },
          End: true,
        },
      },
    };
    const asked: string[] = [];
    const lambda = echo((payload) => asked.push(JSON.parse(payload).token));
    const first = await open(lambda);
    const executionArn = await start(first, definition);
    await settle();
    await first.close();
    const second = await open(lambda);
    await second.resume();
    await settle();

    await second.operations.sendTaskSuccess!({ taskToken: asked[0], output: '"yes"' });
    await settle();

    expect(asked).toHaveLength(1);
    expect((await second.operations.describeExecution!({ executionArn })).output).toBe('"yes"');
    await second.close();
  });

  it("takes a worker's answer to a task that it took before a restart", async () => {
    const first = await open(echo());
    const { activityArn } = await first.operations.createActivity!({ name: 'work' });
    const executionArn = await start(first, {
      StartAt: 'Work',
      States: { Work: { Type: 'Task', Resource: activityArn, End: true } },
    });
    const { taskToken } = await first.operations.getActivityTask!({ activityArn });
    await settle();
    await first.close();
    const second = await open(echo());
    await second.resume();
    await settle();

    const other = second.operations.getActivityTask!({ activityArn });
    await settle();
    await second.operations.sendTaskSuccess!({ taskToken, output: '"done"' });
    await settle();
    expect((await second.operations.describeExecution!({ executionArn })).output).toBe('"done"');

    // Another worker was not given it: it gets the next one.
    await start(second, {
      StartAt: 'Work',
      States: { Work: { Type: 'Task', Resource: activityArn, End: true } },
    });
    expect((await other).taskToken).toEqual(expect.any(String));
    expect((await other).taskToken).not.toBe(taskToken);
    await second.close();
  });

  it('is redriven from the state that failed', async () => {
    const calls: string[] = [];
    let isBroken = true;
    const lambda = echo((_payload, name) => {
      calls.push(name);
      if (isBroken && name === 'right-2') throw new Error('broken');
    });
    const states = await open(lambda);
    const executionArn = await start(states, MACHINE);
    await clock.turn(60_000);
    await settle();
    expect((await states.operations.describeExecution!({ executionArn })).redriveStatus).toBe('REDRIVABLE');

    isBroken = false;
    const clientToken = 'once';
    const first = await states.operations.redriveExecution!({ executionArn, clientToken });
    const again = await states.operations.redriveExecution!({ executionArn, clientToken });
    await clock.turn(0);
    await settle();
    expect(again).toEqual(first);

    const described = await states.operations.describeExecution!({ executionArn });
    expect(described).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
    expect(JSON.parse(String(described.output))).toEqual(OUTPUT);
    expect(calls.filter((name) => name === 'left-1' || name === 'right-1')).toHaveLength(2);
    await states.close();
    const later = await open(lambda);
    expect(await later.operations.redriveExecution!({ executionArn, clientToken })).toEqual(first);
    await clock.turn(15 * 60_000 + 1);
    await expect(later.operations.redriveExecution!({ executionArn, clientToken })).rejects.toMatchObject({
      name: 'ExecutionNotRedrivable',
    });
    await later.close();
  });

  it('that waits for an execution of its own goes on waiting when both are taken up', async () => {
    const nested = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 60, End: true } } };
    const waiting = {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Parameters: { StateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:nested', Input: 7 },
      OutputPath: '$.Output',
      End: true,
    };
    let states = await open(echo());
    await states.operations.createStateMachine!({
      name: 'nested',
      roleArn: 'arn:aws:iam::000000000000:role/r',
      definition: JSON.stringify(nested),
    });
    const executionArn = await start(states, { StartAt: 'S', States: { S: waiting } });
    await settle();
    await states.close();

    states = await open(echo());
    await states.resume();
    await turn();

    expect(await states.operations.describeExecution!({ executionArn })).toMatchObject({
      status: 'SUCCEEDED',
      output: '7',
    });
    await states.close();
  });

  it('is rerun from a state of a finished one, with its variables', async () => {
    const states = await open(echo());
    const executionArn = await start(states, MACHINE);
    await clock.turn(60_000);
    await settle();

    const rerun = await states.operations.rerunExecution!({
      executionArn,
      stateName: 'Last',
      input: '{"both":1,"each":2}',
    });
    await settle();

    const described = await states.operations.describeExecution!({ executionArn: rerun.executionArn });
    expect(described).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"both":1,"each":2,"seen":1}',
      rerunOf: executionArn,
    });
    await states.close();
  });

  /** Ends the process at the given calls of functions, which then never answer. */
  async function runWith(...endsAt: number[]): Promise<{ calls: string[]; output: unknown }> {
    const file = join(folder, `${endsAt.join('-')}.sqlite`);
    const calls: string[] = [];
    let onEnd: () => void = () => {};
    const lambda = echo((_payload, name) => {
      calls.push(name);
      if (!endsAt.includes(calls.length)) return undefined;
      onEnd();
      return new Promise(() => {});
    });
    let states = await open(lambda, file);
    const executionArn = await start(states, MACHINE);
    for (const at of endsAt) {
      const ended = new Promise<void>((resolve) => {
        onEnd = resolve;
        if (calls.length >= at) resolve();
      });
      await Promise.race([ended, turn().then(() => ended)]);
      await states.close();
      states = await open(lambda, file);
      await states.resume();
    }
    await turn();
    const { output } = await states.operations.describeExecution!({ executionArn });
    await states.close();
    return { calls, output: JSON.parse(String(output)) };
  }

  async function turn(): Promise<void> {
    await settle();
    await clock.turn(60_000);
    await settle();
  }

  function open(lambda: FunctionInvoker, databaseFile = join(folder, 'states.sqlite')): Promise<States> {
    return createStates({ databaseFile, clock, lambda });
  }
});

describe('a Map Run', () => {
  it('does not run finished children again after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'seriatim-durable-'));
    const databaseFile = join(folder, 'states.sqlite');
    const calls: string[] = [];
    let end: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let isFirst = true;
    const lambda = echo((payload) => {
      calls.push(payload);
      if (!isFirst || calls.length < 150) return undefined;
      end();
      return new Promise(() => {});
    });
    const items = Array.from({ length: 300 }, (_, index) => index);
    const definition = {
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          MaxConcurrency: 10,
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            ...chain('item', ['item']),
          },
          End: true,
        },
      },
    };
    const first = await createStates({ databaseFile, lambda });
    const executionArn = await start(first, definition, JSON.stringify(items));
    await ended;
    await first.close();
    isFirst = false;
    const second = await createStates({ databaseFile, lambda });
    await second.resume();
    await settle(400);

    const described = await second.operations.describeExecution!({ executionArn });

    expect(JSON.parse(String(described.output))).toEqual(items);
    expect(calls.length).toBeLessThanOrEqual(items.length + 10);
    await second.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

function functionArn(name: string): string {
  return `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
}

function chain(prefix: string, names: readonly string[]): object {
  const states = names.map((name, index) => [
    `${prefix}${index}`,
    {
      Type: 'Task',
      Resource: functionArn(name),
      ...(index === names.length - 1 ? { End: true } : { Next: `${prefix}${index + 1}` }),
    },
  ]);
  return { StartAt: `${prefix}0`, States: Object.fromEntries(states) };
}

/** A function that answers with its event, after telling the listener. */
function echo(onCall: (payload: string, name: string) => unknown = () => {}): FunctionInvoker {
  return {
    async invoke({ payload, functionName }) {
      const name = functionName.split(':').at(-1)!;
      try {
        await onCall(payload, name);
      } catch {
        const answer = '{"errorType":"Broken","errorMessage":"broken"}';
        return {
          statusCode: 200,
          payload: answer,
          functionError: 'Unhandled',
          executedVersion: '$LATEST',
          requestId: 'r',
        };
      }
      return { statusCode: 200, payload, executedVersion: '$LATEST', requestId: 'r' };
    },
  };
}

async function start(states: States, definition: object, input = INPUT): Promise<string> {
  const { stateMachineArn } = await states.operations.createStateMachine!({
    name: 'machine',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    definition: JSON.stringify(definition),
  });
  const { executionArn } = await states.operations.startExecution!({ stateMachineArn, input });
  return String(executionArn);
}

/** Turns of the event loop in which everything that needs no clock comes to rest. */
async function settle(turns = 40): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

// Between the opening of the database and `resume()` the API answers already: an execution that ran before is found as
// it will go on, and has one runner whoever asks for it, and in whatever order.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TurnedClock, turnedClock } from '../../local/clock.ts';
import type { SdkValues } from '../../local/service.ts';
import type { States } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';

const roleArn = 'arn:aws:iam::000000000000:role/r';
const LAMBDA = 'arn:aws:lambda:us-east-1:000000000000:function';
const TWO_TASKS = {
  StartAt: 'A',
  States: {
    A: { Type: 'Task', Resource: `${LAMBDA}:a`, Next: 'B' },
    B: { Type: 'Task', Resource: `${LAMBDA}:b`, End: true },
  },
};
const CALLBACK = {
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

let folder: string;
let clock: TurnedClock;
let states: States;
/** What functions were called with, by name. */
let calls: { name: string; payload: string }[];
/** Functions that never answer. */
let hung: Set<string>;
let failing: Set<string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seriatim-recovery-'));
  clock = turnedClock(Date.UTC(2026, 0, 1));
  calls = [];
  hung = new Set();
  failing = new Set();
  states = await open();
});

afterEach(async () => {
  await states.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('before what ran goes on', () => {
  it('an execution that is started runs once, and stays with its runner', async () => {
    const stateMachineArn = await create('m', TWO_TASKS);
    await reopen();
    hung.add('b');
    const executionArn = await start(stateMachineArn, 'new');
    await rest();

    await states.resume();
    await rest();

    expect(names()).toEqual(['a', 'b']);
    expect(await eventIds(executionArn)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('the same name and input give the execution that ran, which then goes on once', async () => {
    hung.add('b');
    const stateMachineArn = await create('m', TWO_TASKS);
    const executionArn = await start(stateMachineArn, 'same');
    await rest();
    await reopen();
    hung.clear();

    const again = await Promise.all([start(stateMachineArn, 'same'), start(stateMachineArn, 'same')]);
    await states.resume();
    await states.resume();
    await rest();

    expect(again).toEqual([executionArn, executionArn]);
    expect(names()).toEqual(['a', 'b', 'b']);
    expect((await describeIt(executionArn)).status).toBe('SUCCEEDED');
  });

  it('a stop ends an execution, none of whose tasks is called again', async () => {
    hung.add('a');
    const executionArn = await start(await create('m', TWO_TASKS), 'stopped');
    await rest();
    await reopen();

    await states.operations.stopExecution!({ executionArn, error: 'Enough' });
    await states.resume();
    await rest();

    expect(await describeIt(executionArn)).toMatchObject({ status: 'ABORTED', error: 'Enough' });
    expect(names()).toEqual(['a']);
    expect((await events(executionArn)).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'ExecutionAborted',
    ]);
  });

  it('a callback waits until its task does', async () => {
    const executionArn = await start(await create('m', CALLBACK), 'asking');
    await rest();
    const { token: taskToken } = JSON.parse(calls[0]!.payload) as { token: string };
    await reopen();

    const answered = states.operations.sendTaskSuccess!({ taskToken, output: '7' });
    await rest();
    expect((await describeIt(executionArn)).status).toBe('RUNNING');
    await states.resume();
    await answered;

    expect(await describeIt(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '7' });
  });

  it('a callback for an execution that is stopped meanwhile is told so', async () => {
    const executionArn = await start(await create('m', CALLBACK), 'asking');
    await rest();
    const { token: taskToken } = JSON.parse(calls[0]!.payload) as { token: string };
    await reopen();

    const answered = states.operations.sendTaskSuccess!({ taskToken, output: '7' });
    const refused = expect(answered).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await states.operations.stopExecution!({ executionArn });

    await refused;
  });

  it('a new execution waits for one that ran', async () => {
    hung.add('a');
    const stateMachineArn = await create('m', TWO_TASKS);
    await start(stateMachineArn, 'child');
    await rest();
    const Parameters = { StateMachineArn: stateMachineArn, Name: 'child', Input: '{}' };
    const Child = { Type: 'Task', Resource: 'arn:aws:states:::states:startExecution.sync:2', Parameters };
    const parent = { StartAt: 'Child', States: { Child: { ...Child, End: true } } };
    await reopen();
    hung.clear();

    const executionArn = await start(await create('parent', parent), 'parent');
    await rest();
    expect((await describeIt(executionArn)).status).toBe('RUNNING');
    await states.resume();
    await rest();

    expect((await describeIt(executionArn)).status).toBe('SUCCEEDED');
    expect(names()).toEqual(['a', 'a', 'b']);
  });

  it('a stop reaches the children of a Map Run, also those that it has not come to', async () => {
    hung.add('a');
    const executionArn = await start(await create('m', mapOver(4)), 'each');
    await rest();
    await reopen();
    const { mapRuns } = (await states.operations.listMapRuns!({ executionArn })) as {
      mapRuns: { mapRunArn: string }[];
    };

    await states.operations.stopExecution!({ executionArn });
    await states.resume();
    await rest();

    const mapRunArn = mapRuns[0]!.mapRunArn;
    const { executions } = (await states.operations.listExecutions!({ mapRunArn })) as {
      executions: { status: string }[];
    };
    expect(executions.map(({ status }) => status)).toEqual(['ABORTED', 'ABORTED', 'ABORTED', 'ABORTED']);
    const mapRun = await states.operations.describeMapRun!({ mapRunArn });
    expect(mapRun).toMatchObject({ status: 'ABORTED', executionCounts: { running: 0, aborted: 4 } });
    expect(names()).toEqual(['a', 'a', 'a', 'a']);
  });

  it('a stop of a child waits for its Map Run to take it up', async () => {
    hung.add('a');
    const executionArn = await start(await create('m', mapOver(2)), 'each');
    await rest();
    await reopen();
    const { mapRuns } = (await states.operations.listMapRuns!({ executionArn })) as {
      mapRuns: { mapRunArn: string }[];
    };
    const { executions } = (await states.operations.listExecutions!({
      mapRunArn: mapRuns[0]!.mapRunArn,
    })) as {
      executions: { executionArn: string }[];
    };

    const stopped = states.operations.stopExecution!({ executionArn: executions[0]!.executionArn });
    await states.resume();
    await stopped;

    expect((await describeIt(executions[0]!.executionArn)).status).toBe('ABORTED');
  });
});

describe('two requests at once', () => {
  it('start one execution of a name', async () => {
    const stateMachineArn = await create('m', TWO_TASKS);

    const arns = await Promise.all([1, 2, 3].map(() => start(stateMachineArn, 'one')));
    await rest();

    expect(new Set(arns).size).toBe(1);
    expect(names()).toEqual(['a', 'b']);
  });

  it('redrive an execution once', async () => {
    failing.add('b');
    const executionArn = await start(await create('m', TWO_TASKS), 'failed');
    await rest();
    await reopen();
    failing.clear();

    const redriven = await Promise.allSettled(
      [1, 2, 3].map(() => states.operations.redriveExecution!({ executionArn })),
    );
    await states.resume();
    await rest();

    const refused = redriven.filter((result) => result.status === 'rejected');
    expect(refused.map(({ reason }) => reason.name)).toEqual([
      'ExecutionNotRedrivable',
      'ExecutionNotRedrivable',
    ]);
    expect(names()).toEqual(['a', 'b', 'b']);
    const ids = await eventIds(executionArn);
    expect(ids).toEqual(ids.map((_, index) => index + 1));
  });
});

function open(): Promise<States> {
  return createStates({
    databaseFile: join(folder, 'states.sqlite'),
    clock,
    lambda: {
      async invoke({ functionName, payload }) {
        const name = functionName.split(':').at(-1)!;
        calls.push({ name, payload });
        if (hung.has(name)) return new Promise(() => {});
        const isBad = failing.has(name);
        return {
          statusCode: 200,
          payload: isBad ? '{"errorType":"Bad"}' : '{}',
          executedVersion: '$LATEST',
          requestId: 'r',
          ...(isBad ? { functionError: 'Unhandled' as const } : {}),
        };
      },
    },
  });
}

/** The process ends and another one opens the database; what ran does not go on yet. */
async function reopen(): Promise<void> {
  await states.close();
  states = await open();
}

/** Until nothing goes on but what waits. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function create(name: string, definition: object): Promise<string> {
  const made = await states.operations.createStateMachine!({
    name,
    roleArn,
    definition: JSON.stringify(definition),
  });
  return String(made.stateMachineArn);
}

async function start(stateMachineArn: string, name: string): Promise<string> {
  return String(
    (await states.operations.startExecution!({ stateMachineArn, name, input: '{}' })).executionArn,
  );
}

function describeIt(executionArn: string): Promise<SdkValues> {
  return states.operations.describeExecution!({ executionArn });
}

function names(): string[] {
  return calls.map(({ name }) => name);
}

async function events(executionArn: string): Promise<{ id: number; type: string }[]> {
  const answer = await states.operations.getExecutionHistory!({ executionArn });
  return answer.events as { id: number; type: string }[];
}

async function eventIds(executionArn: string): Promise<number[]> {
  return (await events(executionArn)).map(({ id }) => id);
}

function mapOver(items: number): object {
  const Each = {
    Type: 'Map',
    ItemsPath: '$.list',
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'A',
      States: { A: { Type: 'Task', Resource: `${LAMBDA}:a`, End: true } },
    },
    End: true,
  };
  const list = Array.from({ length: items }, (_, n) => n);
  const Items = { Type: 'Pass', Result: { list }, Next: 'Each' };
  return { StartAt: 'Items', States: { Items, Each } };
}

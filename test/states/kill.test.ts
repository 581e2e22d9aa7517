// The engine as a process, killed without warning at random points while executions run: started again, each goes on
// to its end.
import { CreateStateMachineCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Killable, mapOfCalls } from './killable.ts';

const EXECUTIONS = 200;
const STAGES = ['A', 'B', 'C', 'D'];
const KILLS = 3;
const ITEMS = 1000;
const AT_ONCE = 20;
/** Six processes start one after the other, on a machine that may be busy. */
const TIMEOUT_MS = 90_000;

let engine: Killable;

beforeEach(async () => {
  engine = await Killable.start();
}, TIMEOUT_MS);

afterEach(() => engine.close(), TIMEOUT_MS);

describe('200 running Standard executions', () => {
  it(
    'all end as they should when the process is killed thrice, and no finished state runs twice',
    async () => {
      const stateMachineArn = await create(chain());
      const arns = await Promise.all(
        Array.from({ length: EXECUTIONS }, (_, n) => start(stateMachineArn, { n })),
      );
      const points = randomPoints(EXECUTIONS * STAGES.length * 0.8);
      for (const after of points) {
        await engine.callsReach(after);
        await engine.killAndStart();
      }

      const ends = [];
      for (const arn of arns) ends.push(await engine.whenEnded(arn));

      const told = `killed after ${points} calls`;
      expect(
        ends.map(({ output }) => output),
        told,
      ).toEqual(arns.map((_, n) => JSON.stringify({ n })));
      expect(new Set(engine.calls).size, told).toBe(EXECUTIONS * STAGES.length);
      expect(repeatedAfterTheirSuccessor(engine.calls), told).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe.each(['STANDARD', 'EXPRESS'] as const)('a distributed Map with %s children', (type) => {
  it(
    'goes on when the process is killed twice, and repeats only children that were in flight',
    async () => {
      const executionArn = await start(await create(mapOfCalls(ITEMS, type, AT_ONCE)), {});
      const points = randomPoints(ITEMS * 0.8).slice(1);
      for (const after of points) {
        await engine.callsReach(after);
        await engine.killAndStart();
      }

      const { output } = await engine.whenEnded(executionArn);

      const told = `killed after ${points} calls`;
      expect(JSON.parse(output!), told).toEqual({ count: ITEMS, sum: (ITEMS * (ITEMS + 1)) / 2 });
      expect(new Set(engine.calls).size, told).toBe(ITEMS);
      expect(engine.calls.length - ITEMS, told).toBeLessThanOrEqual(points.length * AT_ONCE);
    },
    TIMEOUT_MS,
  );
});

/** Numbers of calls after which the process is killed, in order. */
function randomPoints(most: number): number[] {
  const points = Array.from({ length: KILLS }, () => 1 + Math.floor(Math.random() * most));
  return points.sort((a, b) => a - b);
}

/** Calls of a stage that came after its execution's next stage had been called: the stage was finished then. */
function repeatedAfterTheirSuccessor(calls: readonly string[]): string[] {
  const reached = new Map<string, number>();
  return calls.filter((call) => {
    const stage = STAGES.indexOf(call.slice(0, 1));
    const execution = call.slice(2);
    const most = reached.get(execution) ?? 0;
    reached.set(execution, Math.max(stage, most));
    return stage < most;
  });
}

function chain(): object {
  const states = STAGES.map((name, index) => [
    name,
    {
      Type: 'Task',
      Resource: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      ...(index === STAGES.length - 1 ? { End: true } : { Next: STAGES[index + 1] }),
    },
  ]);
  return { StartAt: 'A', States: Object.fromEntries(states) };
}

async function create(definition: object): Promise<string> {
  const roleArn = 'arn:aws:iam::000000000000:role/r';
  const command = new CreateStateMachineCommand({
    name: 'm',
    roleArn,
    definition: JSON.stringify(definition),
  });
  return (await engine.client.send(command)).stateMachineArn!;
}

async function start(stateMachineArn: string, input: object): Promise<string> {
  const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
  return (await engine.client.send(command)).executionArn!;
}

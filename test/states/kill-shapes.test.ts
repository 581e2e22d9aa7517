// Executions of every shape, killed at random points and also while the process starts: each goes on to its right end,
// and no state that was finished runs again.
import { CreateStateMachineCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Killable } from './killable.ts';

const EXECUTIONS = 20;
const KILLS = 3;
const TIMEOUT_MS = 90_000;
const ACCOUNT = 'us-east-1:000000000000';
const ITEMS = [1, 2, 3];

/** Calls of one execution when nothing happens twice. */
const CALLS = 1 + 3 + 2 * ITEMS.length + 2 + 1;

const task = (name: string, next?: string): object => ({
  Type: 'Task',
  Resource: `arn:aws:lambda:${ACCOUNT}:function:${name}`,
  ...(next === undefined ? { End: true } : { Next: next }),
});

const NESTED = { StartAt: 'X', States: { X: task('X', 'Y'), Y: task('Y') } };

const MACHINE = {
  StartAt: 'A',
  States: {
    A: task('A', 'Pause'),
    Pause: { Type: 'Wait', Seconds: 1, Next: 'Both' },
    Both: {
      Type: 'Parallel',
      ResultPath: '$.both',
      Branches: [
        { StartAt: 'P1', States: { P1: task('P1', 'P2'), P2: task('P2') } },
        { StartAt: 'Q', States: { Q: task('Q') } },
      ],
      Next: 'Each',
    },
    Each: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemSelector: { 'n.$': '$.n', 'item.$': '$$.Map.Item.Value' },
      ResultPath: '$.each',
      ItemProcessor: { StartAt: 'M1', States: { M1: task('M1', 'M2'), M2: task('M2') } },
      Next: 'Nested',
    },
    Nested: {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Parameters: {
        StateMachineArn: `arn:aws:states:${ACCOUNT}:stateMachine:nested`,
        Input: { 'n.$': '$.n' },
      },
      ResultSelector: { 'output.$': '$.Output' },
      ResultPath: '$.nested',
      Next: 'Z',
    },
    Z: task('Z'),
  },
};

let engine: Killable;

beforeEach(async () => {
  engine = await Killable.start();
}, TIMEOUT_MS);

afterEach(() => engine.close(), TIMEOUT_MS);

describe('executions with waits, branches, iterations and executions of their own', () => {
  it(
    'end as they should wherever the process is killed, also while it starts',
    async () => {
      await create('nested', NESTED);
      const stateMachineArn = await create('main', MACHINE);
      const arns = await Promise.all(Array.from({ length: EXECUTIONS }, (_, n) => start(stateMachineArn, n)));
      const points = randomPoints(EXECUTIONS * CALLS * 0.9);
      for (const [index, after] of points.entries()) {
        await engine.callsReach(after);
        await engine.killAlsoWhileStarting(index === 1 ? 2 : 0);
      }

      const ends = [];
      for (const arn of arns) ends.push(await engine.whenEnded(arn));

      const told = `killed after ${points} calls`;
      expect(
        ends.map(({ output, error, cause }) => output ?? `${error}: ${cause}`),
        told,
      ).toEqual(arns.map((_, n) => outputOf(n)));
      expect(repeatedAfterTheirSuccessor(engine.calls), told).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

function outputOf(n: number): string {
  const input = { n, items: ITEMS };
  const each = ITEMS.map((item) => ({ n, item }));
  return JSON.stringify({ ...input, both: [input, input], each, nested: { output: { n } } });
}

/** In which order an execution calls its functions. Those of the nested one may be called by two of them. */
const ORDER: Readonly<Record<string, number>> = { A: 0, P1: 1, P2: 2, M1: 3, M2: 4, Z: 5 };

function repeatedAfterTheirSuccessor(calls: readonly string[]): string[] {
  const reached = new Map<string, number>();
  return calls.filter((call) => {
    const at = call.indexOf(':');
    const order = ORDER[call.slice(0, at)];
    if (order === undefined) return false;
    const { n, item = 'all' } = JSON.parse(call.slice(at + 1)) as { n: number; item?: number };
    const line = `${n}/${item}`;
    const most = reached.get(line) ?? 0;
    reached.set(line, Math.max(order, most));
    return order < most;
  });
}

function randomPoints(most: number): number[] {
  return Array.from({ length: KILLS }, () => 1 + Math.floor(Math.random() * most)).sort((a, b) => a - b);
}

async function create(name: string, definition: object): Promise<string> {
  const roleArn = 'arn:aws:iam::000000000000:role/r';
  const command = new CreateStateMachineCommand({ name, roleArn, definition: JSON.stringify(definition) });
  return (await engine.client.send(command)).stateMachineArn!;
}

async function start(stateMachineArn: string, n: number): Promise<string> {
  const input = JSON.stringify({ n, items: ITEMS });
  const { executionArn } = await engine.client.send(new StartExecutionCommand({ stateMachineArn, input }));
  return executionArn!;
}

// The interpreter agrees with itself across a restart: a random state machine whose process ends at a random call of a
// function, or at two of them, comes to the same end as one whose process does not.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TurnedClock, turnedClock } from '../../local/clock.ts';
import type { FunctionInvoker } from '../../local/lambda/api.ts';
import type { States } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';

const INPUT = { n: 1, list: [1, 2, 3] };

let folder: string;
let files = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'seriatim-restart-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a random state machine', () => {
  it('ends as it would have when its process ends at any call', async () => {
    let restarts = 0;
    await fc.assert(
      fc.asyncProperty(
        machine(),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
        async (definition, points) => {
          const plain = await endOf(definition, []);
          const broken = await endOf(definition, points);

          restarts += broken.restarts;
          expect(broken.end).toEqual(plain.end);
        },
      ),
      { numRuns: 50 },
    );
    expect(restarts).toBeGreaterThan(10);
  }, 60_000);
});

interface End {
  readonly end: Record<string, unknown>;
  readonly restarts: number;
}

/** @param points calls of functions, counted over all lives of the process, that never answer and end it */
async function endOf(definition: object, points: readonly number[]): Promise<End> {
  files += 1;
  const databaseFile = join(folder, `${files}.sqlite`);
  const clock = turnedClock(0);
  const life = { calls: 0, hangs: false };
  const lambda = functions(life, points);
  let states = await createStates({ databaseFile, clock, lambda });
  const executionArn = await start(states, definition);
  let restarts = 0;
  const describe = (): Promise<Record<string, unknown>> =>
    states.operations.describeExecution!({ executionArn });
  for (let turn = 0; turn < 60 && (await describe()).status === 'RUNNING'; turn += 1) {
    await comeToRest(clock);
    if (!life.hangs) continue;
    await states.close();
    life.hangs = false;
    restarts += 1;
    states = await createStates({ databaseFile, clock, lambda });
    await states.resume();
  }
  const { status, output, error, cause } = await describe();
  await states.close();
  // A task that runs again has its events again, so that later ones have other numbers.
  const text = JSON.stringify({ status, output, error, cause }).replace(/event id #\d+/g, 'event id');
  return { end: JSON.parse(text) as Record<string, unknown>, restarts };
}

/** `echo` answers with its event; `fail` fails. */
function functions(life: { calls: number; hangs: boolean }, points: readonly number[]): FunctionInvoker {
  return {
    async invoke({ payload, functionName }) {
      life.calls += 1;
      if (life.hangs) return new Promise(() => {});
      if (points.includes(life.calls)) {
        life.hangs = true;
        return new Promise(() => {});
      }
      const isBad = functionName.endsWith(':fail');
      return {
        statusCode: 200,
        payload: isBad ? '{"errorType":"Bad"}' : payload,
        executedVersion: '$LATEST',
        requestId: 'r',
        ...(isBad ? { functionError: 'Unhandled' as const } : {}),
      };
    },
  };
}

async function comeToRest(clock: TurnedClock): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await clock.turn(1000);
}

async function start(states: States, definition: object): Promise<string> {
  const { stateMachineArn } = await states.operations.createStateMachine!({
    name: 'machine',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    definition: JSON.stringify(definition),
  });
  const input = JSON.stringify(INPUT);
  return String((await states.operations.startExecution!({ stateMachineArn, input })).executionArn);
}

/** Lines of one to four states that call, wait, branch, iterate, fail and catch. */
function machine(): fc.Arbitrary<object> {
  return fc
    .letrec<{ line: object; state: object }>((tie) => ({
      line: fc.array(tie('state'), { minLength: 2, maxLength: 4 }).map(inLine),
      state: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constant(task('echo')),
        fc.constant({
          ...task('fail'),
          Retry: [{ ErrorEquals: ['Bad'], IntervalSeconds: 1, MaxAttempts: 2 }],
        }),
        fc.constant({
          ...task('fail'),
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.caught', Next: 'Last' }],
        }),
        fc.constant({ Type: 'Wait', Seconds: 2 }),
        fc.constant({ Type: 'Pass', Assign: { 'seen.$': '$.n' }, Parameters: { n: 2, 'list.$': '$.list' } }),
        fc
          .array(tie('line'), { minLength: 1, maxLength: 3 })
          .map((Branches) => ({ Type: 'Parallel', Branches, ResultPath: '$.both' })),
        tie('line').map((ItemProcessor) => ({
          Type: 'Map',
          ItemsPath: '$.list',
          ItemSelector: { 'n.$': '$$.Map.Item.Value', 'list.$': '$.list' },
          ItemProcessor,
          MaxConcurrency: 2,
          ResultPath: '$.each',
        })),
      ),
    }))
    .line.map((line) => uniquelyNamed(line as Graph, ''));
}

function task(name: string): object {
  return { Type: 'Task', Resource: `arn:aws:lambda:us-east-1:000000000000:function:${name}` };
}

function inLine(states: readonly object[]): object {
  const named = states.map((state, index) => [
    `S${index}`,
    { ...state, Next: index === states.length - 1 ? 'Last' : `S${index + 1}` },
  ]);
  return { StartAt: 'S0', States: { ...Object.fromEntries(named), Last: { Type: 'Pass', End: true } } };
}

interface Graph {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, GraphState>>;
}

interface GraphState {
  readonly Next?: string;
  readonly Catch?: readonly { readonly Next: string }[];
  readonly Branches?: readonly Graph[];
  readonly ItemProcessor?: Graph;
}

/** Names of states are unique in the whole machine. */
function uniquelyNamed(graph: Graph, prefix: string): Graph {
  const states = Object.entries(graph.States).map(([name, state]) => [
    prefix + name,
    {
      ...state,
      ...(state.Next === undefined ? {} : { Next: prefix + state.Next }),
      ...(state.Catch === undefined
        ? {}
        : { Catch: state.Catch.map((rule) => ({ ...rule, Next: prefix + rule.Next })) }),
      ...(state.Branches === undefined
        ? {}
        : { Branches: state.Branches.map((branch, at) => uniquelyNamed(branch, `${prefix}${name}b${at}-`)) }),
      ...(state.ItemProcessor === undefined
        ? {}
        : { ItemProcessor: uniquelyNamed(state.ItemProcessor, `${prefix}${name}i-`) }),
    },
  ]);
  return { StartAt: prefix + graph.StartAt, States: Object.fromEntries(states) };
}

// Pages of a history: whatever their size and order, together they are the history, and a later one costs no more.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { States } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';

/** Some 7,500 events in bursts of hundreds: pieces of every length. */
const ROUNDS = 1500;

let states: States;
let executionArn: unknown;

beforeAll(async () => {
  states = await createStates();
  const States = {
    Count: { Type: 'Pass', Parameters: { 'n.$': 'States.MathAdd($.n, 1)' }, Next: 'Again' },
    Again: {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericLessThan: ROUNDS, Next: 'Count' }],
      Default: 'Done',
    },
    Done: { Type: 'Succeed' },
  };
  const { stateMachineArn } = await states.operations.createStateMachine!({
    name: 'counting',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    definition: JSON.stringify({ StartAt: 'Count', States }),
  });
  const started = await states.operations.startExecution!({ stateMachineArn, input: '{"n":0}' });
  executionArn = started.executionArn;
  while ((await states.operations.describeExecution!({ executionArn })).status === 'RUNNING') {
    await new Promise((resolve) => setImmediate(resolve));
  }
});

afterAll(() => states.close());

it('are the history, in either order and of any size', async () => {
  const whole = await idsOf(1000, false);
  expect(whole).toEqual(whole.map((_id, index) => index + 1));
  expect(whole.length).toBeGreaterThan(ROUNDS * 4);

  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 150, max: 1000 }), fc.boolean(), async (size, isReverse) => {
      const ids = await idsOf(size, isReverse);
      expect(isReverse ? ids.reverse() : ids).toEqual(whole);
    }),
    { numRuns: 10 },
  );
});

async function idsOf(maxResults: number, reverseOrder: boolean): Promise<number[]> {
  const ids: number[] = [];
  let nextToken: unknown;
  do {
    const page = await states.operations.getExecutionHistory!({
      executionArn,
      maxResults,
      reverseOrder,
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    ids.push(...(page.events as { id: number }[]).map(({ id }) => id));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return ids;
}

// Pages of what there is: their tokens name the last item and the list. And what requests may not hold.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SdkOperations, SdkValues } from '../../local/service.ts';
import type { States } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';

const roleArn = 'arn:aws:iam::000000000000:role/r';
const PASS = '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}';
let states: States;
let operations: SdkOperations;

beforeAll(async () => {
  states = await createStates();
  operations = states.operations;
});

afterAll(() => states.close());

describe('a page token', () => {
  it('hides no state machine when one of the page before is deleted', async () => {
    const arns: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) arns.push(await create(name));
    const page = await operations.listStateMachines!({ maxResults: 2 });
    const shown = arnsOf(page);

    await operations.deleteStateMachine!({ stateMachineArn: shown[0] });
    const next = await operations.listStateMachines!({ nextToken: page.nextToken, maxResults: 2 });
    await operations.deleteStateMachine!({ stateMachineArn: shown[1] });
    const again = await operations.listStateMachines!({ nextToken: page.nextToken, maxResults: 2 });

    expect([...shown, ...arnsOf(next)].sort()).toEqual(arns);
    expect(arnsOf(again)).toEqual(arnsOf(next));
  });

  it('is one of the list that gave it', async () => {
    const [stateMachineArn, other] = [await create('mine'), await create('other')];
    for (const name of ['x', 'y']) await operations.startExecution!({ stateMachineArn, name });
    const { nextToken } = await operations.listExecutions!({ stateMachineArn, maxResults: 1 });
    const again = (more: SdkValues): Promise<SdkValues> =>
      operations.listExecutions!({ stateMachineArn, nextToken, maxResults: 1, ...more });

    expect((await again({})).executions).toHaveLength(1);
    for (const more of [{ stateMachineArn: other }, { statusFilter: 'FAILED' }, { nextToken: 'e30' }]) {
      await expect(again(more)).rejects.toMatchObject({ name: 'InvalidToken' });
    }
  });

  function arnsOf(page: SdkValues): string[] {
    return (page.stateMachines as { stateMachineArn: string }[]).map((machine) => machine.stateMachineArn);
  }
});

describe('a definition', () => {
  const state = '"States":{"P":{"Type":"Pass","End":true}}';
  const processor = '{"StartAt":"Q","States":{"Q":{"Type":"Pass","End":true}}}';

  it.each([
    ['starts at no number', `{"StartAt":5,${state}}`, 'Expected value of type String', '/StartAt'],
    [
      'has a second at least',
      `{"StartAt":"P","TimeoutSeconds":0,${state}}`,
      'Value must be greater than or equal to 1',
      '/TimeoutSeconds',
    ],
    [
      'has one processor of a Map',
      `{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"Iterator":${processor},"ItemProcessor":${processor}}}}`,
      "Only one of 'ItemProcessor' and 'Iterator' can be set",
      '/States/M',
    ],
  ])('%s', async (_name, definition, message, location) => {
    const { diagnostics } = await operations.validateStateMachineDefinition!({ definition });

    expect(diagnostics).toContainEqual({
      severity: 'ERROR',
      code: 'SCHEMA_VALIDATION_FAILED',
      message,
      location,
    });
  });

  it('is validated up to its limit', async () => {
    const definition = PASS.padEnd(1_048_577);

    await expect(operations.validateStateMachineDefinition!({ definition })).rejects.toThrow("'definition'");
    await expect(
      operations.validateStateMachineDefinition!({ definition: definition.slice(1) }),
    ).resolves.toBeDefined();
  });
});

describe('an execution', () => {
  it('takes a trace header of 256 characters', async () => {
    const stateMachineArn = await create('traced');

    await operations.startExecution!({ stateMachineArn, traceHeader: 't'.repeat(256) });
    await expect(
      operations.startExecution!({ stateMachineArn, traceHeader: 't'.repeat(257) }),
    ).rejects.toThrow("'traceHeader'");
  });
});

async function create(name: string): Promise<string> {
  const { stateMachineArn } = await operations.createStateMachine!({ name, roleArn, definition: PASS });
  return String(stateMachineArn);
}

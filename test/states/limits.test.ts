// AWS's limits where they meet Catch, redrive and the text of numbers: sizes of what states hand on, events.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { States } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';

const roleArn = 'arn:aws:iam::000000000000:role/r';
const BIG = 'arn:aws:lambda:us-east-1:000000000000:function:big';
const LIMIT = 'States.DataLimitExceeded';
let states: States;
let count = 0;
let sent = '';

beforeAll(async () => {
  states = await createStates({
    lambda: {
      async invoke({ payload }) {
        sent = payload;
        const { bytes } = JSON.parse(payload) as { bytes?: number };
        return {
          statusCode: 200,
          payload: JSON.stringify('x'.repeat(bytes ?? 0)),
          executedVersion: '$LATEST',
          requestId: 'r',
        };
      },
    },
  });
});

afterAll(() => states.close());

describe('what a state hands on beyond 256 KiB', () => {
  const big = (bytes: number): object => ({
    StartAt: `Big${bytes}`,
    States: { [`Big${bytes}`]: { Type: 'Task', Resource: BIG, Parameters: { bytes }, End: true } },
  });
  const TOO_LARGE = {
    'a Parallel of large branches': { Type: 'Parallel', Branches: [big(140_000), big(140_001)] },
    'a Map of large iterations': { Type: 'Map', Items: [1, 2, 3], Iterator: big(100_000) },
    'a result put into a large input': {
      Type: 'Task',
      Resource: BIG,
      Parameters: { bytes: 200_000 },
      ResultPath: '$.result',
    },
    'a JSONata Output': {
      Type: 'Task',
      QueryLanguage: 'JSONata',
      Resource: BIG,
      Arguments: { bytes: 1 },
      Output: "{% $pad('x', 262200, 'y') %}",
    },
  };

  it.each(Object.entries(TOO_LARGE))('is caught: %s', async (_name, fields) => {
    for (const name of [LIMIT, 'States.ALL']) {
      const { Items, ...state } = fields as { Items?: number[] };
      const Catch = [{ ErrorEquals: [name], Next: 'Caught' }];
      const definition = {
        StartAt: 'Big',
        States: {
          Big: { ...state, Catch, End: true },
          Caught: { Type: 'Pass', QueryLanguage: 'JSONata', Output: '{% $states.input.Error %}', End: true },
        },
      };

      const answer = await run(definition, Items ?? { before: 'y'.repeat(100_000) });

      expect(answer).toMatchObject({ status: 'SUCCEEDED', output: `"${LIMIT}"` });
    }
  });

  it('fails a state without a Catch for it, by its name', async () => {
    const state = { ...TOO_LARGE['a JSONata Output'], End: true };

    const answer = await run({ StartAt: 'Big', States: { Big: state } }, {});

    expect(answer).toMatchObject({ status: 'FAILED', error: LIMIT });
    expect(answer.cause).toBe(
      "The state/task 'Big' returned a result with a size exceeding the maximum number of bytes service limit.",
    );
  });
});

describe('an execution that ended at 25,000 events', () => {
  it('cannot be redriven, and says why', async () => {
    const definition = {
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Next: 'B' },
        B: { Type: 'Choice', Choices: [{ Variable: '$.no', IsPresent: true, Next: 'C' }], Default: 'A' },
        C: { Type: 'Succeed' },
      },
    };
    const { stateMachineArn } = await create(definition, 'STANDARD');
    const { executionArn } = await states.operations.startExecution!({ stateMachineArn, input: '{}' });

    let described: Record<string, unknown>;
    do {
      await new Promise(setImmediate);
      described = await states.operations.describeExecution!({ executionArn });
    } while (described.status === 'RUNNING');

    expect(described).toMatchObject({
      status: 'FAILED',
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution history event limit exceeded',
    });
    await expect(states.operations.redriveExecution!({ executionArn })).rejects.toThrow(
      'Execution history event limit exceeded',
    );
  });
});

describe('numbers of a definition', () => {
  it.each(['lambda:invoke', 'aws-sdk:lambda:invoke'])(
    'keep their literals in the payload of %s',
    async (to) => {
      const payload = '{"a":1.0,"b":12345678901234567890,"c":1e3}';
      for (const [language, field] of [
        ['JSONPath', 'Parameters'],
        ['JSONata', 'Arguments'],
      ]) {
        const definition = `{"QueryLanguage":"${language}","StartAt":"T","States":{"T":{"Type":"Task","End":true,"Resource":"arn:aws:states:::${to}","${field}":{"FunctionName":"f","Payload":${payload}}}}}`;

        await run(definition, {});

        expect(sent).toBe(payload);
      }
    },
  );
});

async function create(definition: object | string, type: string): Promise<Record<string, unknown>> {
  count += 1;
  const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
  return states.operations.createStateMachine!({ name: `m${count}`, roleArn, type, definition: text });
}

async function run(definition: object | string, input: unknown): Promise<Record<string, unknown>> {
  const { stateMachineArn } = await create(definition, 'EXPRESS');
  return states.operations.startSyncExecution!({ stateMachineArn, input: JSON.stringify(input) });
}

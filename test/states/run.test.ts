// The engine over its wire protocol, with the official SDK: what a pipeline needs of it.

import { CreateStateMachineCommand, type SFNClient, StartSyncExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type TestEngine } from './engine.ts';

describe('an Express execution', () => {
  let engine: TestEngine;
  let client: SFNClient;

  beforeAll(async () => {
    engine = await startEngine({
      lambda: {
        invoke: async ({ payload }) => ({
          statusCode: 200,
          payload: JSON.stringify({ echoed: JSON.parse(payload) }),
          executedVersion: '$LATEST',
          requestId: 'r',
        }),
      },
    });
    client = engine.client;
  });

  afterAll(() => engine.close());

  it('hands the output of one function to the next', async () => {
    const definition = JSON.stringify({
      QueryLanguage: 'JSONata',
      StartAt: 'One',
      States: {
        One: task('Two'),
        Two: task(undefined),
      },
    });
    const { stateMachineArn } = await client.send(
      new CreateStateMachineCommand({
        name: 'two',
        definition,
        roleArn: 'arn:aws:iam::000000000000:role/r',
        type: 'EXPRESS',
      }),
    );

    const answer = await client.send(new StartSyncExecutionCommand({ stateMachineArn, input: '{"a":1.0}' }));

    expect(answer.status).toBe('SUCCEEDED');
    expect(answer.output).toBe('{"echoed":{"echoed":{"a":1}}}');
  });
});

function task(next: string | undefined): object {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: 'echo', Payload: '{% $states.input %}' },
    Output: '{% $states.result.Payload %}',
    ...(next === undefined ? { End: true } : { Next: next }),
  };
}

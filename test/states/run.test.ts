// The engine over its wire protocol, with the official SDK: what a pipeline needs of it.

import {
  CreateStateMachineCommand,
  GetExecutionHistoryCommand,
  type SFNClient,
  StartSyncExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { createStates } from '../../local/states/index.ts';
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

describe('the five minutes of Express', () => {
  it('end an execution that waits longer, at the modelled time', async () => {
    const clock = turnedClock(Date.UTC(2026, 0, 1));
    const states = await createStates({ clock });
    const { stateMachineArn } = await states.operations.createStateMachine!({
      name: 'slow',
      type: 'EXPRESS',
      roleArn: 'arn:aws:iam::000000000000:role/r',
      definition: JSON.stringify({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 600, End: true } } }),
    });

    const answer = states.operations.startSyncExecution!({ stateMachineArn });
    await clock.turn(299_999);
    const early = await Promise.race([answer, new Promise((resolve) => setImmediate(resolve))]);
    await clock.turn(1);

    expect(early).toBeUndefined();
    expect(await answer).toMatchObject({ status: 'TIMED_OUT', stopDate: new Date(clock.now()) });
    await states.close();
  });
});

describe('a state that a test mocks', () => {
  it('is tried again and caught like the real one, and may name any resource', async () => {
    const clock = turnedClock(0);
    const attempts: number[] = [];
    const Flaky = (input: unknown, attempt: number): unknown => {
      attempts.push(attempt);
      if (attempt < 2) throw Object.assign(new Error('not yet'), { name: 'Busy' });
      return { input };
    };
    const states = await createStates({ clock, mocks: { Flaky, Fixed: [1, 2] } });
    const Resource = 'arn:aws:states:::sqs:sendMessage';
    const Retry = [{ ErrorEquals: ['Busy'], IntervalSeconds: 60 }];
    const { stateMachineArn } = await states.operations.createStateMachine!({
      name: 'mocked',
      roleArn: 'arn:aws:iam::000000000000:role/r',
      definition: JSON.stringify({
        StartAt: 'Flaky',
        States: {
          Flaky: { Type: 'Task', Resource, Retry, ResultPath: '$.flaky', Next: 'Fixed' },
          Fixed: { Type: 'Task', Resource, ResultPath: '$.fixed', End: true },
        },
      }),
    });
    const { executionArn } = await states.operations.startExecution!({ stateMachineArn, input: '{"n":1}' });
    await clock.turn(180_000);

    expect(attempts).toEqual([0, 1, 2]);
    expect(await states.operations.describeExecution!({ executionArn })).toMatchObject({
      output: '{"n":1,"flaky":{"input":{"n":1}},"fixed":[1,2]}',
      stopDate: new Date(180_000),
    });
    await states.close();
  });
});

describe('a Standard execution without end', () => {
  it('fails at 25,000 events, all of which can be read', async () => {
    const engine = await startEngine();
    const definition = JSON.stringify({
      StartAt: 'Again',
      States: {
        Again: { Type: 'Pass', Next: 'More' },
        More: {
          Type: 'Choice',
          Choices: [{ Variable: '$.stop', IsPresent: true, Next: 'Stop' }],
          Default: 'Again',
        },
        Stop: { Type: 'Succeed' },
      },
    });
    const { operations } = engine.states;
    const created = await operations.createStateMachine!({
      name: 'loop',
      roleArn: 'arn:aws:iam::0:role/r',
      definition,
    });
    const { executionArn } = await operations.startExecution!({ stateMachineArn: created.stateMachineArn });
    let described = await operations.describeExecution!({ executionArn });
    while (described.status === 'RUNNING') {
      await new Promise((resolve) => setImmediate(resolve));
      described = await operations.describeExecution!({ executionArn });
    }

    let count = 0;
    let nextToken: string | undefined;
    do {
      const page = await engine.client.send(
        new GetExecutionHistoryCommand({ executionArn: String(executionArn), maxResults: 1000, nextToken }),
      );
      count += page.events!.length;
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    const last = await engine.client.send(
      new GetExecutionHistoryCommand({
        executionArn: String(executionArn),
        maxResults: 1,
        reverseOrder: true,
      }),
    );
    await engine.close();

    expect(described.status).toBe('FAILED');
    expect(count).toBe(25_000);
    expect(last.events![0]).toMatchObject({ id: 25_000, type: 'ExecutionFailed' });
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

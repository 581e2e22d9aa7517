// TestState's bounds: time, thresholds of a distributed Map, what it cannot test alone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TurnedClock, turnedClock } from '../../local/clock.ts';
import type { SdkOperations } from '../../local/service.ts';
import type { States } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';

const roleArn = 'arn:aws:iam::000000000000:role/r';
let states: States;
let operations: SdkOperations;
let clock: TurnedClock;

beforeAll(async () => {
  clock = turnedClock(0);
  states = await createStates({ clock });
  operations = states.operations;
});

afterAll(() => states.close());

describe('a test of a state', () => {
  it('ends after five minutes', async () => {
    const definition = JSON.stringify({ Type: 'Wait', Seconds: 301, End: true });

    const tested = operations.testState!({ definition, roleArn });
    await clock.turn(300_000);

    expect(await tested).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  it.each([
    [1, 'SUCCEEDED', undefined],
    [2, 'FAILED', 'States.ExceedToleratedFailureThreshold'],
  ])('of a distributed Map with %i failed iterations is %s', async (failures, status, error) => {
    const definition = JSON.stringify({
      Type: 'Map',
      ToleratedFailureCount: 1,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'P',
        States: { P: { Type: 'Pass', End: true } },
      },
      End: true,
    });

    const answer = await operations.testState!({
      definition,
      roleArn,
      input: '[1,2,3]',
      mock: { result: '[1,2,3]' },
      stateConfiguration: { mapIterationFailureCount: failures },
    });

    expect(answer.status).toBe(status);
    expect(answer.error).toBe(error);
  });

  it.each([
    'arn:aws:states:::lambda:invoke.waitForTaskToken',
    'arn:aws:states:us-east-1:000000000000:activity:a',
  ])('that calls %s needs a mock', async (Resource) => {
    const Parameters = { FunctionName: 'f', 'Payload.$': '$$.Task.Token' };
    const definition = JSON.stringify({ Type: 'Task', Resource, Parameters, End: true });

    await expect(operations.testState!({ definition, roleArn })).rejects.toThrow('requires a mock');
  });

  it('of a whole definition needs the name of the state', async () => {
    const definition = '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}';

    await expect(operations.testState!({ definition, roleArn })).rejects.toThrow('stateName');
    expect(await operations.testState!({ definition, roleArn, stateName: 'P' })).toMatchObject({
      status: 'SUCCEEDED',
    });
  });
});

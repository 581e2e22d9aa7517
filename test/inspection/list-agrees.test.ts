// What a list says of a batch is what the batch's own view says; and histories whose times are numbers.
import type { SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { createBoundedMap } from '../../layers/seriatim/inspection/bounded-map.ts';
import { readHistoryFile } from '../../layers/seriatim/inspection/exported.ts';
import { listStandard } from '../../layers/seriatim/inspection/standard.ts';

const START = new Date('2026-11-22T17:00:00Z');

async function firstOf(machine: string, described: object) {
  const item = {
    name: 'x',
    executionArn: `arn:x:${machine}:x`,
    startDate: START,
    stopDate: START,
    ...described,
  };
  const answers: Record<string, object> = {
    ListExecutionsCommand: { executions: [item] },
    DescribeExecutionCommand: item,
  };
  const sfn = { send: async (command: object) => answers[command.constructor.name] } as unknown as SFNClient;
  const source = {
    sfn,
    pipeline: 'houses',
    stateMachineArn: `arn:aws:states:us-east-1:0:stateMachine:${machine}`,
    ends: createBoundedMap<object>(10),
    failureOf: async () => ({ code: 'TooManyFailures', stage: 'WritePart' }),
  };
  for await (const summary of listStandard(source, { sinceMs: 0, wantsFailures: false })) return summary;
}

describe('a list', () => {
  it('tells of a batch whose children failed what they failed with', async () => {
    const error = 'States.ExceedToleratedFailureThreshold';
    const cause = JSON.stringify({ stage: 'RunChunks', error, message: 'too many' });
    const summary = await firstOf('houses-batch', { status: 'FAILED', error, cause });

    expect(summary?.failure).toEqual({ code: 'TooManyFailures', stage: 'WritePart' });
  });

  it('has the error of a rerun of a batch too', async () => {
    const cause = JSON.stringify({ stage: 'SplitInput', error: 'EmptyInput', message: 'none' });
    const summary = await firstOf('houses-batch-rerun-0123abcd', {
      status: 'FAILED',
      error: 'EmptyInput',
      cause,
    });

    expect(summary?.failure).toMatchObject({ stage: 'SplitInput' });
  });
});

describe('a history as the aws command prints it', () => {
  it.each([START.getTime() / 1000, '2026-11-22T17:00:00Z'])('has its times from %j', (timestamp) => {
    const events = [{ id: 1, previousEventId: 0, type: 'ExecutionStarted', timestamp }];

    expect(readHistoryFile(JSON.stringify({ events }))?.events[0]?.timeMs).toBe(START.getTime());
  });
});

// What a state machine's log group gets: at each level, with and without data.
import { describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import type { LogEvent } from '../../local/logs/api.ts';
import { createStates } from '../../local/states/index.ts';

describe('the log group of an Express state machine', () => {
  it.each([
    ['ALL', ['ExecutionStarted', 'FailStateEntered', 'ExecutionFailed']],
    ['ERROR', ['FailStateEntered', 'ExecutionFailed']],
    ['FATAL', ['ExecutionFailed']],
    ['OFF', []],
  ])('gets the events of level %s', async (level, types) => {
    const lines = await logged(level, true);

    expect(lines.map((line) => line.type)).toEqual(types);
  });

  it('has the fields of AWS in its lines, as text', async () => {
    const [first] = await logged('ALL', true);

    expect(first).toMatchObject({
      id: '1',
      type: 'ExecutionStarted',
      details: { input: '{"secret":1}', inputDetails: { truncated: false } },
      previous_event_id: '0',
      event_timestamp: '0',
      redrive_count: '0',
    });
    expect(first!.execution_arn).toMatch(/:express:logged:/);
  });

  it('leaves data out unless it is asked for', async () => {
    const lines = await logged('ALL', false);

    expect(JSON.stringify(lines)).not.toContain('secret');
  });
});

async function logged(level: string, includeExecutionData: boolean): Promise<Record<string, unknown>[]> {
  const events: LogEvent[] = [];
  const clock = turnedClock(0);
  const states = await createStates({
    clock,
    logs: { write: (_group, _stream, more) => void events.push(...more) },
  });
  const logGroupArn = 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/states/logged:*';
  const { stateMachineArn } = await states.operations.createStateMachine!({
    name: 'logged',
    type: 'EXPRESS',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    definition: JSON.stringify({ StartAt: 'F', States: { F: { Type: 'Fail', Error: 'E' } } }),
    loggingConfiguration: {
      level,
      includeExecutionData,
      destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }],
    },
  });
  await states.operations.startSyncExecution!({ stateMachineArn, input: '{"secret":1}' });
  await states.close();
  return events.map((event) => JSON.parse(event.message));
}

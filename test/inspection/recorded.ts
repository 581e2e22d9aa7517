// Recorded histories as GetExecutionHistory gives them, and as lines of a log group.
import { readdirSync, readFileSync } from 'node:fs';
import type { HistoryEvent as SfnEvent } from '@aws-sdk/client-sfn';
import type { ExecutionDescription } from '../../layers/seriatim/inspection/fold.ts';
import { fromSfn, type HistoryEvent } from '../../layers/seriatim/inspection/history.ts';

const folder = new URL('recorded/', import.meta.url);

export const RECORDED_NAMES = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''));

export const EXPRESS_ARN =
  'arn:aws:states:us-east-1:000000000000:express:seriatim-dev-house-prices:exec0001:00000000-0000-4000-8000-000000000000';

export const DESCRIPTION: ExecutionDescription = {
  id: 'exec0001',
  arn: EXPRESS_ARN,
  type: 'EXPRESS',
  stateMachineName: 'seriatim-dev-house-prices',
};

export interface Recording {
  readonly status: string;
  readonly events: readonly HistoryEvent[];
  /** The same history as a state machine's log lines at level ALL with execution data. */
  readonly logLines: readonly string[];
}

export function recorded(name: string): Recording {
  const { status, events } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as {
    status: string;
    events: (Omit<SfnEvent, 'timestamp'> & { timestamp: string })[];
  };
  const histories = events.map((event) => fromSfn({ ...event, timestamp: new Date(event.timestamp) }));
  return { status, events: histories, logLines: histories.map((event) => logLine(event)) };
}

/** A line as Step Functions vends it: numbers are text there. */
export function logLine(event: HistoryEvent, executionArn = EXPRESS_ARN): string {
  return JSON.stringify({
    id: String(event.id),
    type: event.type,
    details: event.details,
    previous_event_id: String(event.previousId),
    event_timestamp: String(event.timeMs),
    execution_arn: executionArn,
    redrive_count: '0',
  });
}

// The events of one execution, read back from the log group of its state machine: all that is kept of an Express one.
import type { Logs } from '../../logs/api.ts';
import type { KeptEvent } from '../operations/world.ts';
import type { LoggingConfiguration } from '../store/machines.ts';
import { groupOf } from './log-writer.ts';

interface LoggedLine {
  readonly id: string;
  readonly type: string;
  readonly details: KeptEvent['details'];
  readonly previous_event_id: string;
  readonly event_timestamp: string;
  readonly execution_arn: string;
}

/** @param find undefined when logs cannot be read back */
export async function loggedEvents(
  find: Logs['find'] | undefined,
  logging: LoggingConfiguration,
  executionArn: string,
): Promise<KeptEvent[]> {
  const group = groupOf(logging);
  if (find === undefined || group === undefined) return [];
  const events: KeptEvent[] = [];
  for await (const { message } of find({ group, containing: executionArn })) {
    const event = parseLine(message, executionArn);
    if (event !== undefined) events.push(event);
  }
  return events.sort((a, b) => a.id - b.id);
}

/** Other lines may name the execution too. */
function parseLine(message: string, executionArn: string): KeptEvent | undefined {
  let line: LoggedLine;
  try {
    line = JSON.parse(message) as LoggedLine;
  } catch {
    return undefined;
  }
  if (line.execution_arn !== executionArn) return undefined;
  return {
    id: Number(line.id),
    previousEventId: Number(line.previous_event_id),
    timestampMs: Number(line.event_timestamp),
    type: line.type,
    ...(line.details === undefined ? {} : { details: line.details }),
  };
}

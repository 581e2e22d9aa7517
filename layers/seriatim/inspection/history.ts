// History events in one form, whether they came from GetExecutionHistory or from a line of the state machine's
// CloudWatch log group. https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
import type { HistoryEvent as SfnEvent } from '@aws-sdk/client-sfn';

/** One history event. Payloads in `details` are JSON text, as Step Functions reports them. */
export interface HistoryEvent {
  readonly id: number;
  /** 0 for the first events; otherwise the event this one follows from, which need not be the one before it. */
  readonly previousId: number;
  readonly type: string;
  readonly timeMs: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A history event, and the execution it belongs to. */
export interface LoggedEvent extends HistoryEvent {
  readonly executionArn: string;
}

export function fromSfn(event: SfnEvent): HistoryEvent {
  const detailsKey = Object.keys(event).find((key) => key.endsWith('EventDetails'));
  const details: unknown = detailsKey === undefined ? {} : event[detailsKey as keyof SfnEvent];
  return {
    id: event.id ?? 0,
    previousId: event.previousEventId ?? 0,
    type: event.type ?? '',
    timeMs: event.timestamp?.getTime() ?? 0,
    details: isObject(details) ? details : {},
  };
}

/** `undefined` for a line that is not a Step Functions event: a log group may hold others. */
export function fromLogLine(message: string): LoggedEvent | undefined {
  const line = parseObject(message);
  if (line === undefined || typeof line.type !== 'string' || typeof line.execution_arn !== 'string') return;
  return {
    executionArn: line.execution_arn,
    id: Number(line.id) || 0,
    previousId: Number(line.previous_event_id) || 0,
    type: line.type,
    timeMs: Number(line.event_timestamp) || 0,
    details: isObject(line.details) ? line.details : {},
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A member of an event's details that is text, or `undefined`. */
export function textOf(details: Readonly<Record<string, unknown>>, member: string): string | undefined {
  const value = details[member];
  return typeof value === 'string' ? value : undefined;
}

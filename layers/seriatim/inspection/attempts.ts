// The tries of one task state, from its Task…, LambdaFunction… and Activity… events.
import type { Frame } from './frames.ts';
import { type HistoryEvent, isObject, textOf } from './history.ts';
import { parseJson } from './payload.ts';

export interface Attempt {
  readonly scheduledMs: number;
  /** `lambda`, `aws-sdk:sagemakerruntime` …; `lambda-function` and `activity` for those called by their ARN. */
  readonly service: string;
  readonly operation: string;
  /** What was sent: the integration's parameters, or a function's payload. */
  readonly parameters: unknown;
  endedMs: number | undefined;
  outcome: 'succeeded' | 'failed' | 'timed-out' | 'aborted' | undefined;
  result: unknown;
  error: { readonly code: string; readonly cause: string | undefined } | undefined;
}

const ENDINGS: readonly [suffix: string, outcome: Attempt['outcome']][] = [
  ['Succeeded', 'succeeded'],
  ['TimedOut', 'timed-out'],
  ['Failed', 'failed'],
];

/** Opens, ends or ignores an attempt of `frame`. Also keeps `frame.failure` as its last attempt has it. */
export function applyTaskEvent(frame: Frame, event: HistoryEvent): void {
  if (event.type.endsWith('Scheduled')) {
    frame.attempts.push(open(event));
    frame.failure = undefined;
    return;
  }
  const ending = ENDINGS.find(([suffix]) => event.type.endsWith(suffix));
  if (ending === undefined) return;
  let attempt = frame.attempts.at(-1);
  if (attempt === undefined) {
    // Its Scheduled line was lost.
    attempt = open({ ...event, details: {} });
    frame.attempts.push(attempt);
  }
  end(attempt, event, ending[1]);
  if (attempt.error !== undefined) frame.failure = { ...attempt.error, atMs: event.timeMs };
}

function open(event: HistoryEvent): Attempt {
  return {
    scheduledMs: event.timeMs,
    service: textOf(event.details, 'resourceType') ?? serviceOf(event.type),
    operation: textOf(event.details, 'resource') ?? '',
    parameters: jsonMember(event, 'parameters') ?? jsonMember(event, 'input'),
    endedMs: undefined,
    outcome: undefined,
    result: undefined,
    error: undefined,
  };
}

function serviceOf(eventType: string): string {
  if (eventType.startsWith('LambdaFunction')) return 'lambda-function';
  return eventType.startsWith('Activity') ? 'activity' : 'task';
}

function end(attempt: Attempt, event: HistoryEvent, outcome: Attempt['outcome']): void {
  attempt.endedMs = event.timeMs;
  attempt.outcome = outcome;
  if (outcome === 'succeeded') {
    attempt.result = jsonMember(event, 'output');
    return;
  }
  const code =
    textOf(event.details, 'error') ?? (outcome === 'timed-out' ? 'States.Timeout' : 'States.TaskFailed');
  attempt.error = { code, cause: textOf(event.details, 'cause') };
}

function jsonMember(event: HistoryEvent, member: string): unknown {
  const value = event.details[member];
  if (typeof value !== 'string') return value;
  const parsed = parseJson(value);
  return parsed === undefined ? value : parsed;
}

/** The function's name, the endpoint's name, or `service:operation`. */
export function targetOf(attempt: Attempt): string {
  if (attempt.service === 'lambda-function') return lastOf(attempt.operation);
  const parameters = isObject(attempt.parameters) ? attempt.parameters : {};
  if (attempt.service === 'lambda' && typeof parameters.FunctionName === 'string') {
    return lastOf(parameters.FunctionName);
  }
  if (attempt.service.endsWith('sagemakerruntime') && typeof parameters.EndpointName === 'string')
    return parameters.EndpointName;
  return attempt.operation === '' ? attempt.service : `${attempt.service}:${attempt.operation}`;
}

/** `arn:aws:lambda:…:function:<name>[:<qualifier>]`'s name, and any other text as it is. */
function lastOf(functionArn: string): string {
  return functionArn.startsWith('arn:') ? (functionArn.split(':')[6] ?? functionArn) : functionArn;
}

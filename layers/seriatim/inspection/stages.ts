// From a state's visit to what a view shows of it as a stage: the attempts of every iteration and branch inside it,
// in the order of their start.
import { type Attempt, isInference, targetOf } from './attempts.ts';
import { readFailure } from './failure.ts';
import type { Frame } from './frames.ts';
import { isObject } from './history.ts';
import { isCold, readInferenceCall } from './marks.ts';
import { unwrapJson } from './payload.ts';
import type {
  AttemptView,
  InferenceCall,
  InferenceSummary,
  StageKind,
  StageStatus,
  StageView,
} from './view.ts';

/** What has become of a state that was entered and not exited. */
export type OpenStatus = Exclude<StageStatus, 'SUCCEEDED'>;

export function toStage(frame: Frame, openStatus: OpenStatus): StageView {
  const attempts = attemptsIn(frame, frame, openStatus).sort(byStart);
  const inference = summarise(attempts);
  return {
    name: frame.name,
    kind: kindOf(frame),
    status: statusOf(frame, openStatus),
    ...(frame.failure !== undefined && frame.exitedMs !== undefined ? { caught: true as const } : {}),
    start: iso(frame.enteredMs),
    ...span(frame.enteredMs, frame.exitedMs ?? frame.failure?.atMs),
    ...(frame.input === undefined ? {} : { input: frame.input.value, inputBytes: frame.input.bytes }),
    ...(frame.output === undefined ? {} : { output: frame.output.value, outputBytes: frame.output.bytes }),
    ...(frame.failure === undefined
      ? {}
      : { error: readFailure(frame.failure.code, frame.failure.cause, frame.name) }),
    attempts,
    ...(frame.iterations === 0 ? {} : { iterations: frame.iterations }),
    ...(inference === undefined ? {} : { inference }),
    ...(frame.mapRun === undefined ? {} : { mapRun: mapRunOf(frame.mapRun) }),
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function span(startMs: number, endMs: number | undefined): { end?: string; durationMs?: number } {
  return endMs === undefined ? {} : { end: iso(endMs), durationMs: Math.max(0, endMs - startMs) };
}

function statusOf(frame: Frame, openStatus: OpenStatus): StageStatus {
  if (frame.failure !== undefined) return 'FAILED';
  return frame.exitedMs === undefined ? openStatus : 'SUCCEEDED';
}

const KINDS: Readonly<Record<string, StageKind>> = {
  Choice: 'switch',
  Parallel: 'parallel',
  Wait: 'wait',
  Pass: 'pass',
};

function kindOf(frame: Frame): StageKind {
  const known = KINDS[frame.type];
  if (known !== undefined) return known;
  const attempt = firstAttempt(frame);
  if (attempt !== undefined && isInference(attempt)) return 'inference';
  if (frame.type === 'Map') return 'map';
  if (attempt?.service.startsWith('lambda')) return 'function';
  return attempt?.service.startsWith('states') ? 'nested' : 'task';
}

function firstAttempt(frame: Frame): Attempt | undefined {
  if (frame.attempts.length > 0) return frame.attempts[0];
  for (const child of frame.children) {
    const found = firstAttempt(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function attemptsIn(frame: Frame, stage: Frame, openStatus: OpenStatus): AttemptView[] {
  const own = frame.attempts.map((attempt, index) =>
    toAttempt(attempt, {
      ...(frame === stage ? {} : { state: frame.name }),
      ...(iterationOf(frame, stage) === undefined ? {} : { iteration: iterationOf(frame, stage) }),
      number: index + 1,
      next: frame.attempts[index + 1],
      openStatus,
    }),
  );
  return [...own, ...frame.children.flatMap((child) => attemptsIn(child, stage, openStatus))];
}

/** The iteration of the stage itself, however deep the frame lies in it. */
function iterationOf(frame: Frame, stage: Frame): number | undefined {
  let outermost: number | undefined;
  for (let at: Frame | undefined = frame; at !== undefined && at !== stage; at = at.parent) {
    outermost = at.iteration ?? outermost;
  }
  return outermost;
}

interface AttemptPlace {
  readonly state?: string;
  readonly iteration?: number | undefined;
  readonly number: number;
  readonly next: Attempt | undefined;
  readonly openStatus: OpenStatus;
}

function toAttempt(attempt: Attempt, place: AttemptPlace): AttemptView {
  const { next, openStatus, iteration, ...where } = place;
  const payloads = payloadsOf(attempt);
  return {
    ...where,
    ...(iteration === undefined ? {} : { iteration }),
    status: attemptStatus(attempt, openStatus),
    start: iso(attempt.scheduledMs),
    ...(attempt.endedMs === undefined
      ? {}
      : { durationMs: Math.max(0, attempt.endedMs - attempt.scheduledMs) }),
    target: targetOf(attempt),
    ...payloads,
    ...(attempt.error === undefined ? {} : { error: readFailure(attempt.error.code, attempt.error.cause) }),
    ...(next === undefined || attempt.endedMs === undefined
      ? {}
      : { waitMs: Math.max(0, next.scheduledMs - attempt.endedMs) }),
    ...(isInference(attempt) ? { inference: readInferenceCall(attempt.parameters, attempt.result) } : {}),
  };
}

function attemptStatus(attempt: Attempt, openStatus: OpenStatus): StageStatus {
  if (attempt.outcome === 'succeeded') return 'SUCCEEDED';
  if (attempt.outcome === undefined) return openStatus;
  return attempt.outcome === 'failed' ? 'FAILED' : 'TIMED_OUT';
}

/** What the function or the endpoint itself got and gave, without the integration's wrapping. */
function payloadsOf(attempt: Attempt): { input?: unknown; output?: unknown } {
  const input = member(attempt.parameters, isInference(attempt) ? 'Body' : 'Payload');
  const output = member(attempt.result, isInference(attempt) ? 'Body' : 'Payload');
  return { ...(input === undefined ? {} : { input }), ...(output === undefined ? {} : { output }) };
}

function member(value: unknown, name: string): unknown {
  return isObject(value) && name in value ? unwrapJson(value[name]) : value;
}

function summarise(attempts: readonly AttemptView[]): InferenceSummary | undefined {
  const calls = attempts.map((attempt) => attempt.inference).filter((call) => call !== undefined);
  const first = calls[0];
  if (first === undefined) return;
  const reported = calls.filter((call) => call.marks.length > 0);
  const cold = reported.filter(isCold).length;
  return {
    ...(first.endpoint === undefined ? {} : { endpoint: first.endpoint }),
    targetModels: targetModels(calls),
    cold,
    warm: reported.length - cold,
  };
}

function targetModels(calls: readonly InferenceCall[]): string[] {
  return [...new Set(calls.map((call) => call.targetModel).filter((model) => model !== undefined))];
}

function mapRunOf(run: { arn: string; status: string | undefined }): StageView['mapRun'] {
  return { arn: run.arn, ...(run.status === undefined ? {} : { status: run.status }) };
}

function byStart(a: AttemptView, b: AttemptView): number {
  return a.start < b.start ? -1 : a.start > b.start ? 1 : 0;
}

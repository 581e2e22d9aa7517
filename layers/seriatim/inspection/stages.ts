// From a state's visit to what a view shows of it as a stage: the attempts of every iteration and branch inside it,
// in the order of their start.
import { type Attempt, targetOf } from './attempts.ts';
import { inferenceWay, readInferenceCall, splitTime, sumTimes } from './calls.ts';
import { stageCost } from './cost/cost.ts';
import { type CostSettings, DEFAULT_COST_SETTINGS } from './cost/prices.ts';
import type { Retrier } from './definition.ts';
import { readFailure } from './failure.ts';
import type { Frame } from './frames.ts';
import { isObject } from './history.ts';
import { bytesOf, unwrapJson } from './payload.ts';
import { decidePolicies } from './policies.ts';
import type {
  AttemptView,
  ErrorView,
  InferenceCall,
  InferenceSummary,
  PolicyView,
  StageKind,
  StageStatus,
  StageView,
} from './view.ts';
import { isClosedBreaker, waysIn } from './ways.ts';

/** What has become of a state that was entered and not exited. */
export type OpenStatus = Exclude<StageStatus, 'SUCCEEDED'>;

/** What a stage is read with, besides its own visit. */
export interface StageContext {
  readonly openStatus: OpenStatus;
  /** 1 for the first visit to the state. */
  readonly visit: number;
  /** A state's retriers, where the definition is known. */
  readonly retriers?: ((stateName: string) => readonly Retrier[]) | undefined;
  readonly cost?: CostSettings | undefined;
}

export function toStage(frame: Frame, context: StageContext): StageView {
  const attempts = attemptsIn(frame, frame, context).sort(byStart);
  const ways = frame.type === 'Map' ? waysIn(frame) : undefined;
  const isClosed = isClosedBreaker(frame);
  const inference = summarise(attempts);
  const time = sumTimes(attempts.map((attempt) => attempt.time).filter((each) => each !== undefined));
  const cost = stageCost({ attempts }, context.cost ?? DEFAULT_COST_SETTINGS);
  return {
    name: frame.name,
    visit: context.visit,
    kind: kindOf(frame),
    status: statusOf(frame, context.openStatus),
    ...(frame.failure !== undefined && frame.exitedMs !== undefined && !isClosed
      ? { caught: true as const }
      : {}),
    ...(isClosed ? { breaker: 'closed' as const } : {}),
    start: iso(frame.enteredMs),
    ...span(frame.enteredMs, frame.exitedMs ?? frame.failure?.atMs),
    ...(frame.input === undefined ? {} : { input: frame.input.value, inputBytes: frame.input.bytes }),
    ...(frame.output === undefined ? {} : { output: frame.output.value, outputBytes: frame.output.bytes }),
    ...(isClosed ? {} : errorOf(frame, attempts)),
    attempts,
    ...(frame.iterations === 0 ? {} : { iterations: frame.iterations }),
    ...(ways === undefined ? {} : { ways }),
    ...(inference === undefined ? {} : { inference }),
    ...(time === undefined ? {} : { time }),
    ...(cost === undefined ? {} : { cost }),
    ...(frame.mapRun === undefined ? {} : { mapRun: mapRunOf(frame.mapRun) }),
  };
}

/** The stage's error, with the endpoint, container and model of the attempt that it came from. */
function errorOf(frame: Frame, attempts: readonly AttemptView[]): { error?: ErrorView } {
  if (frame.failure === undefined) return {};
  const error = readFailure(frame.failure.code, frame.failure.cause, frame.name);
  const failed = attempts.findLast((attempt) => attempt.error !== undefined);
  return { error: failed === undefined ? error : { ...whereOf(failed.inference), ...error } };
}

function whereOf(call: InferenceCall | undefined): Pick<ErrorView, 'endpoint' | 'model'> {
  return {
    ...(call?.endpoint === undefined ? {} : { endpoint: call.endpoint }),
    ...(call?.targetModel === undefined ? {} : { model: call.targetModel }),
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function span(startMs: number, endMs: number | undefined): { end?: string; durationMs?: number } {
  return endMs === undefined ? {} : { end: iso(endMs), durationMs: Math.max(0, endMs - startMs) };
}

function statusOf(frame: Frame, openStatus: OpenStatus): StageStatus {
  if (frame.failure !== undefined && !isClosedBreaker(frame)) return 'FAILED';
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
  if (attempt !== undefined && inferenceWay(attempt) !== undefined) return 'inference';
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

function attemptsIn(frame: Frame, stage: Frame, context: StageContext): AttemptView[] {
  const iteration = iterationOf(frame, stage);
  const policies = decidePolicies(
    context.retriers?.(frame.name) ?? [],
    frame.attempts.map((attempt) => attempt.error?.code),
  );
  const own = frame.attempts.map((attempt, index) =>
    toAttempt(attempt, {
      where: {
        ...(frame === stage ? {} : { state: frame.name }),
        ...(iteration === undefined ? {} : { iteration }),
        number: index + 1,
      },
      next: frame.attempts[index + 1],
      policy: policies[index],
      openStatus: context.openStatus,
    }),
  );
  const shown = isClosedBreaker(frame) ? own.map(asClosed) : own;
  return [...shown, ...frame.children.flatMap((child) => attemptsIn(child, stage, context))];
}

/** No object is what a closed breaker is: no failure. */
function asClosed({ error: _error, ...attempt }: AttemptView): AttemptView {
  return { ...attempt, status: 'SUCCEEDED', breaker: 'closed' };
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
  readonly where: Pick<AttemptView, 'state' | 'iteration' | 'number'>;
  readonly next: Attempt | undefined;
  readonly policy: PolicyView | undefined;
  readonly openStatus: OpenStatus;
}

function toAttempt(attempt: Attempt, { where, next, policy, openStatus }: AttemptPlace): AttemptView {
  const { scheduledMs, endedMs, error } = attempt;
  const inference = readInferenceCall(attempt);
  const timing = span(scheduledMs, endedMs);
  const time = splitTime(inference, timing.durationMs);
  const via = viaOf(attempt);
  return {
    ...where,
    status: attemptStatus(attempt, openStatus),
    start: iso(scheduledMs),
    ...timing,
    target: targetOf(attempt),
    ...(via === undefined ? {} : { via }),
    ...payloadsOf(attempt),
    ...(error === undefined
      ? {}
      : { error: { ...whereOf(inference), ...readFailure(error.code, error.cause) } }),
    ...(next === undefined || endedMs === undefined
      ? {}
      : { waitMs: Math.max(0, next.scheduledMs - endedMs) }),
    ...(policy === undefined ? {} : { policy }),
    ...(inference === undefined ? {} : { inference }),
    ...(time === undefined ? {} : { time }),
  };
}

function viaOf({ service }: Attempt): 'lambda' | 'sagemaker' | undefined {
  if (service.startsWith('lambda')) return 'lambda';
  return service.endsWith('sagemakerruntime') ? 'sagemaker' : undefined;
}

function attemptStatus(attempt: Attempt, openStatus: OpenStatus): StageStatus {
  if (attempt.outcome === 'succeeded') return 'SUCCEEDED';
  if (attempt.outcome === undefined) return openStatus;
  return attempt.outcome === 'failed' ? 'FAILED' : 'TIMED_OUT';
}

/** What the function or the endpoint itself got and gave, without the integration's wrapping. */
function payloadsOf(attempt: Attempt): Pick<AttemptView, 'input' | 'inputBytes' | 'output' | 'outputBytes'> {
  const wrapping = inferenceWay(attempt) === 'direct' ? 'Body' : 'Payload';
  let input = member(attempt.parameters, wrapping);
  let output = member(attempt.result, wrapping);
  if (inferenceWay(attempt) === 'function') {
    input = member(input, 'payload');
    output = member(output, 'payload');
  }
  return {
    ...(input === undefined ? {} : { input, inputBytes: bytesOf(input) }),
    ...(output === undefined ? {} : { output, outputBytes: bytesOf(output) }),
  };
}

function member(value: unknown, name: string): unknown {
  return isObject(value) && name in value ? unwrapJson(value[name]) : value;
}

function summarise(attempts: readonly AttemptView[]): InferenceSummary | undefined {
  const calls = attempts.map((attempt) => attempt.inference).filter((call) => call !== undefined);
  const first = calls[0];
  if (first === undefined) return;
  const met = Map.groupBy(calls, (call) => call.cache);
  const count = (cache: InferenceCall['cache']): number => met.get(cache)?.length ?? 0;
  const batch = Math.max(...calls.map((call) => call.batch ?? 0));
  return {
    ...(first.endpoint === undefined ? {} : { endpoint: first.endpoint }),
    variants: distinct(calls.map((call) => call.variant)),
    targetModels: distinct(calls.map((call) => call.targetModel)),
    checksums: distinct(calls.map((call) => call.checksum)),
    cold: count('cold') + count('evicted'),
    warm: count('warm') + count('pinned'),
    evicted: count('evicted'),
    pinned: count('pinned'),
    ...(batch === 0 ? {} : { batch }),
  };
}

function distinct(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined))];
}

function mapRunOf(run: { arn: string; status: string | undefined }): StageView['mapRun'] {
  return { arn: run.arn, ...(run.status === undefined ? {} : { status: run.status }) };
}

function byStart(a: AttemptView, b: AttemptView): number {
  return a.start < b.start ? -1 : a.start > b.start ? 1 : 0;
}

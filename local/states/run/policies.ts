// Retry and Catch, for the states that have them: Task, Parallel, Map.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
import type { Catcher, ResultBase, Retrier } from '../definition/types.ts';
import { Cancelled } from './cancellation.ts';
import { combine, type Exit, evaluateAssign, leaveJsonata } from './data-flow.ts';
import type { StateFailure } from './failure.ts';
import type { Frame } from './frame.ts';
import { inspectValue, RetryWanted } from './inspection.ts';
import { recordEvaluationFailure, toFailure } from './interpreter.ts';
import { checkOutput } from './limits.ts';

export interface Attempts {
  /** One try. @throws StateFailure, FieldFailure, Cancelled */
  readonly attempt: () => Promise<Exit>;
  /** The state has failed for good: before a Catch is looked for. */
  readonly onFailed?: () => void;
}

/** The way out of the first try that succeeds, or of a Catch. @throws StateFailure, Cancelled */
export async function withPolicies(
  frame: Frame,
  state: ResultBase,
  { attempt, onFailed }: Attempts,
): Promise<Exit> {
  if (frame.wakeAtMs !== undefined) await frame.sleepUntil(frame.wakeAtMs);
  for (;;) {
    try {
      const exit = await attempt();
      checkOutput(exit.output, state.name);
      return exit;
    } catch (thrown) {
      if (thrown instanceof Cancelled) throw thrown;
      const failure = toFailure(frame, thrown);
      recordEvaluationFailure(frame, failure);
      const delayMs = nextDelay(frame, state, failure);
      if (delayMs !== undefined) {
        forgetAttempt(frame);
        await frame.sleepUntil(frame.execution.engine.clock.now() + delayMs);
        continue;
      }
      onFailed?.();
      const catchIndex = state.catchers.findIndex((candidate) => matches(candidate.errorEquals, failure));
      const catcher = state.catchers[catchIndex];
      if (catcher === undefined) throw failure;
      forgetAttempt(frame);
      inspectValue(frame, 'errorDetails', { catchIndex });
      inspectValue(frame, 'caught', failure);
      return leaveByCatch(frame, state, { catcher, failure });
    }
  }
}

/** The next try, or what comes after a Catch, starts from nothing. */
function forgetAttempt(frame: Frame): void {
  frame.marker = undefined;
  frame.dropChildren();
}

/** How long until the next try; undefined when there is none. */
function nextDelay(frame: Frame, state: ResultBase, failure: StateFailure): number | undefined {
  const index = state.retriers.findIndex((candidate) => matches(candidate.errorEquals, failure));
  const retrier = state.retriers[index];
  if (retrier === undefined) return undefined;
  const { test } = frame.execution.start;
  const done = test?.retryCount ?? frame.retryCounts[index] ?? 0;
  if (done >= retrier.maxAttempts) return undefined;
  if (test !== undefined) throw new RetryWanted(index, backoffMs(retrier, done) / 1000, failure);
  for (let at = frame.retryCounts.length; at <= index; at += 1) frame.retryCounts.push(0);
  frame.retryCounts[index] = done + 1;
  frame.execution.changed(frame);
  return backoffMs(retrier, done);
}

function backoffMs(retrier: Retrier, done: number): number {
  const seconds = retrier.intervalSeconds * retrier.backoffRate ** done;
  const capped = Math.min(seconds, retrier.maxDelaySeconds ?? Number.POSITIVE_INFINITY);
  return capped * 1000 * (retrier.hasJitter ? Math.random() : 1);
}

/** Errors that are not failures of a task, so that States.TaskFailed does not match them. */
const NO_TASK_FAILURES = new Set(['States.Timeout', 'States.HeartbeatTimeout']);

function matches(names: readonly string[], failure: StateFailure): boolean {
  if (failure.isTerminal) return false;
  return names.some((name) => {
    if (name === 'States.ALL' || name === failure.error) return true;
    if (name === 'States.HeartbeatTimeout') return failure.isHeartbeat;
    return name === 'States.TaskFailed' && failure.isTask && !NO_TASK_FAILURES.has(failure.error ?? '');
  });
}

interface Caught {
  readonly catcher: Catcher;
  readonly failure: StateFailure;
}

async function leaveByCatch(frame: Frame, state: ResultBase, { catcher, failure }: Caught): Promise<Exit> {
  const errorOutput = { Error: failure.error ?? '', Cause: failure.failureCause ?? '' };
  if (state.isJsonata) {
    const scope = frame.scope(frame.input, undefined, errorOutput);
    const output = catcher.output ?? (() => errorOutput);
    return leaveJsonata(frame, { output, assign: catcher.assign, next: catcher.next }, scope);
  }
  // The state's OutputPath does not apply to what a Catch hands on.
  return {
    output: combine(frame, catcher.resultPath, errorOutput),
    assigned: await evaluateAssign(catcher, frame.scope(errorOutput)),
    next: catcher.next,
  };
}

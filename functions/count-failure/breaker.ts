// A circuit breaker's state and how failures change it. Pure. Without an object it is closed; the state machine opens the
// way again when `openUntil` has passed, and the next failure then closes it at once, since the count stands.
import { caughtError } from '../../layers/seriatim/index.ts';

/** As it stands in S3. */
export interface BreakerState {
  /** Since the last success. */
  readonly failures: number;
  /** Milliseconds since 1970; 0 while so few have failed. */
  readonly openUntil: number;
}

export interface BreakerPolicy {
  readonly failures: number;
  readonly openSeconds: number;
}

export interface Failure {
  readonly Error?: string;
  readonly Cause?: string;
}

/** @param before undefined when there is no object */
export function afterFailure(
  before: BreakerState | undefined,
  policy: BreakerPolicy,
  nowMs: number,
): BreakerState {
  const failures = (before?.failures ?? 0) + 1;
  return { failures, openUntil: failures >= policy.failures ? nowMs + policy.openSeconds * 1000 : 0 };
}

/** A container that says so is overloaded, whatever the record. */
const UNWELL = new Set([408, 429]);

/**
 * Whether a failure says that the stage is unwell. A record that the stage or its model refuses says nothing of others:
 * errors of the kind `terminal` do not count, save those of the code itself and the model's own that are no 4xx.
 */
export function isCounted(failure: Failure, stage: string): boolean {
  const caught = { error: failure.Error, message: failure.Cause };
  const { code, effect, modelStatus } = caughtError(caught, { stage });
  if (effect === 'retry' || code === 'StageFailed') return true;
  return code === 'ModelFailed' && !isRefusal(modelStatus);
}

function isRefusal(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500 && !UNWELL.has(status);
}

// Which retrier of a state dealt with a failed attempt, and what it made of it: each retrier counts its own attempts,
// and the first one that fits the error decides.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error
import type { Retrier } from './definition.ts';
import type { PolicyView } from './view.ts';

/** These are never retried by a wildcard. */
const NOT_BY_WILDCARD = new Set(['States.DataLimitExceeded', 'States.Runtime']);

/** @param errors of a state's attempts in their order, absent where one went well; @returns one policy for each */
export function decidePolicies(
  retriers: readonly Retrier[],
  errors: readonly (string | undefined)[],
): (PolicyView | undefined)[] {
  const used = new Map<Retrier, number>();
  return errors.map((error) => {
    const retrier = error === undefined ? undefined : retriers.find((each) => fits(each, error));
    if (retrier === undefined) return undefined;
    const count = (used.get(retrier) ?? 0) + 1;
    used.set(retrier, count);
    if (count > retrier.maxAttempts) return { ...retrier, decision: 'exhausted' };
    return { ...retrier, waitSeconds: waitOf(retrier, count), decision: 'retried' };
  });
}

function fits({ errorEquals }: Retrier, error: string): boolean {
  if (errorEquals.includes(error)) return true;
  if (NOT_BY_WILDCARD.has(error)) return false;
  if (errorEquals.includes('States.ALL')) return true;
  return errorEquals.includes('States.TaskFailed') && error !== 'States.Timeout';
}

function waitOf({ intervalSeconds, backoffRate, maxDelaySeconds }: Retrier, count: number): number {
  return Math.min(intervalSeconds * backoffRate ** (count - 1), maxDelaySeconds ?? Number.POSITIVE_INFINITY);
}

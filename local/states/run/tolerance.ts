// When so many items of a Map Run have failed that it fails.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html#maprun-fail-threshold
import { StateFailure } from './failure.ts';

export interface Tolerance {
  readonly failed: number;
  /** Of all items; undefined while nobody knows. */
  readonly total: number | undefined;
  /** 0: none given. */
  readonly count: number;
  readonly percentage: number;
}

/** Of a count and a percentage that are both given either may be exceeded. @throws StateFailure */
export function checkTolerance({ failed, total, count, percentage }: Tolerance): void {
  const share = total === undefined ? 0 : (failed / total) * 100;
  const isExceeded =
    (count === 0 && percentage === 0 && failed > 0) ||
    (count > 0 && failed > count) ||
    (percentage > 0 && share > percentage);
  if (!isExceeded) return;
  throw new StateFailure(
    'States.ExceedToleratedFailureThreshold',
    'The specified tolerated failure threshold was exceeded',
  );
}

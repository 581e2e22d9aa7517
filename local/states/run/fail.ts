// Fail: ends its line of control with an error that a Catch further out may catch.
import type { FailState } from '../definition/types.ts';
import { filterInput } from './data-flow.ts';
import { StateFailure } from './failure.ts';
import type { Frame } from './frame.ts';
import { andThen, type MaybePromise } from './scope.ts';

export function runFail(frame: Frame, state: FailState): MaybePromise<never> {
  const scope = frame.scope(filterInput(frame, state));
  return andThen(state.error?.(scope), (error) =>
    andThen(state.cause?.(scope), (cause) => {
      throw new StateFailure(error, cause);
    }),
  );
}

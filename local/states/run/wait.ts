// Wait: until a time, or for a while. A restart does not start the wait anew.
import type { WaitState } from '../definition/types.ts';
import { type Exit, evaluateAssign, filterInput, filterOutput, leaveJsonata } from './data-flow.ts';
import type { Frame } from './frame.ts';
import { andThen, type MaybePromise } from './scope.ts';

export function runWait(frame: Frame, state: WaitState): MaybePromise<Exit> {
  const input = filterInput(frame, state);
  const scope = frame.scope(input);
  const untilMs = frame.wakeAtMs ?? state.until(scope, frame.execution.engine.clock.now());
  return andThen(untilMs, (atMs) =>
    andThen(frame.sleepUntil(atMs), () => {
      if (state.isJsonata) return leaveJsonata(frame, state, scope);
      return andThen(evaluateAssign(state, scope), (assigned) => ({
        output: filterOutput(frame, state, input),
        assigned,
        next: state.next,
      }));
    }),
  );
}

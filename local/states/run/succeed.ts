// Succeed: ends its line of control.
import type { SucceedState } from '../definition/types.ts';
import { type Exit, filterInput, filterOutput, leaveJsonata } from './data-flow.ts';
import type { Frame } from './frame.ts';
import type { MaybePromise } from './scope.ts';

export function runSucceed(frame: Frame, state: SucceedState): MaybePromise<Exit> {
  if (state.isJsonata) return leaveJsonata(frame, state, frame.scope(frame.input));
  const output = filterOutput(frame, state, filterInput(frame, state));
  return { output, assigned: undefined, next: undefined };
}

// Pass: hands its input on, or a value made from it.
import type { PassState } from '../definition/types.ts';
import { type Exit, effectiveInput, leaveJsonata, leaveWithResult } from './data-flow.ts';
import type { Frame } from './frame.ts';
import { andThen, type MaybePromise } from './scope.ts';

export function runPass(frame: Frame, state: PassState): MaybePromise<Exit> {
  if (state.isJsonata) return leaveJsonata(frame, state, frame.scope(frame.input));
  if (state.result !== undefined) return leaveWithResult(frame, state, state.result.value);
  return andThen(effectiveInput(frame, state), (input) => leaveWithResult(frame, state, input));
}

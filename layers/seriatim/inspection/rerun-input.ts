// The input of a rerun: what its first state, `Resume`, hands to the stage where it begins, and the link to the
// execution that it runs again. Written by `operate/rerun.ts`, read when a history is folded.
import { isObject } from './history.ts';
import type { RerunView } from './view.ts';

export interface RerunInput {
  readonly rerun: RerunView;
  /** Of the stage where it begins. */
  readonly input: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The state that a derived state machine starts at. */
export const RESUME_STATE = 'Resume';

/** `undefined` for the input of an execution that is no rerun. */
export function readRerunInput(input: unknown): RerunInput | undefined {
  if (!isObject(input) || !isObject(input.rerun) || !('input' in input) || !isObject(input.variables)) return;
  const { of, from, changed } = input.rerun;
  if (typeof of !== 'string') return;
  const texts = Object.entries(isObject(changed) ? changed : {}).filter(
    ([, value]) => typeof value === 'string',
  );
  return {
    rerun: {
      of,
      ...(typeof from === 'string' ? { from } : {}),
      changed: Object.fromEntries(texts) as Record<string, string>,
    },
    input: input.input,
    variables: input.variables,
  };
}

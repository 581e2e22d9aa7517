// The input of a rerun: the input of the execution that it runs again, so that the definition finds in
// `$states.context.Execution.Input` what it found before, and a member `rerun`: the link to that execution, and what the
// first state, `Resume`, hands to the stage where it begins. Written by `operate/`, read when a history is folded.
import { isObject } from './history.ts';
import type { RerunView } from './view.ts';

/** The member `rerun` of a rerun's input. */
export interface RerunMember extends RerunView {
  /** What the stage where it begins is handed; absent when it is the rest of the input. */
  readonly input?: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface ReadRerun {
  readonly rerun: RerunView;
  /** Of the stage where it begins. */
  readonly input: unknown;
  /** Of the execution that was run again. */
  readonly executionInput: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The state that a derived state machine starts at. */
export const RESUME_STATE = 'Resume';

/** `undefined` for the input of an execution that is no rerun. */
export function readRerunInput(input: unknown): ReadRerun | undefined {
  if (!isObject(input) || !isObject(input.rerun) || !isObject(input.rerun.variables)) return;
  const { rerun, ...executionInput } = input;
  const { of, from, changed, variables } = rerun;
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
    input: 'input' in rerun ? rerun.input : executionInput,
    executionInput,
    variables: variables as Record<string, unknown>,
  };
}

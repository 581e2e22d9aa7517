// The way of data through a state: what it works on, and what it hands on.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
import type { ResultBase, StateBase } from '../definition/types.ts';
import { isObject, type Json, textOf } from '../json/text.ts';
import { evaluatePlainPath } from '../paths/expression.ts';
import type { Path } from '../paths/parse.ts';
import { FieldFailure } from './failure.ts';
import type { Frame } from './frame.ts';
import { andThen, type MaybePromise, type Scope, type Variables } from './scope.ts';

/** How a state is left. */
export interface Exit {
  readonly output: Json;
  readonly assigned: Variables | undefined;
  readonly next: string | undefined;
}

/** JSONPath's `InputPath`; JSONata states take their input as it is. */
export function filterInput(frame: Frame, state: StateBase): Json {
  if (state.inputPath === undefined) return frame.input;
  return state.inputPath === null ? {} : evaluatePlainPath(state.inputPath, frame.scope(frame.input));
}

/** `Parameters` or `Arguments` over the filtered input. */
export function effectiveInput(frame: Frame, state: ResultBase): MaybePromise<Json> {
  const input = filterInput(frame, state);
  return state.parameters === undefined ? input : state.parameters(frame.scope(input));
}

/** From a result to the state's output and variables. */
export function leaveWithResult(frame: Frame, state: ResultBase, result: Json): MaybePromise<Exit> {
  return state.isJsonata
    ? leaveJsonata(frame, state, frame.scope(frame.input, result))
    : leaveJsonPath(frame, state, result);
}

/** JSONata: `Output` and `Assign` both see the variables as they were. */
export function leaveJsonata(
  frame: Frame,
  state: Pick<StateBase, 'output' | 'assign' | 'next'>,
  scope: Scope,
): MaybePromise<Exit> {
  const fallback = scope.result === undefined ? frame.input : scope.result;
  const assigned = evaluateAssign(state, scope);
  return andThen(assigned, (variables) =>
    andThen(state.output === undefined ? fallback : state.output(scope), (output) => ({
      output,
      assigned: variables,
      next: state.next,
    })),
  );
}

function leaveJsonPath(frame: Frame, state: ResultBase, result: Json): MaybePromise<Exit> {
  const { resultSelector } = state;
  const selected = resultSelector === undefined ? result : resultSelector(frame.scope(result));
  return andThen(selected, (value) => {
    const combined = combine(frame, state.resultPath, value);
    return andThen(evaluateAssign(state, frame.scope(value)), (assigned) => ({
      output: filterOutput(frame, state, combined),
      assigned,
      next: state.next,
    }));
  });
}

export function evaluateAssign(
  state: Pick<StateBase, 'assign'>,
  scope: Scope,
): MaybePromise<Variables | undefined> {
  return state.assign === undefined ? undefined : (state.assign(scope) as MaybePromise<Variables>);
}

/** `OutputPath`. */
export function filterOutput(frame: Frame, state: StateBase, value: Json): Json {
  if (state.outputPath === undefined) return value;
  return state.outputPath === null ? {} : evaluatePlainPath(state.outputPath, frame.scope(value));
}

/** `ResultPath`: the result alone, the input alone, or the result put into a copy of the input. */
export function combine(frame: Frame, path: Path | null | undefined, result: Json): Json {
  if (path === undefined) return result;
  if (path === null) return frame.input;
  if (path.steps.length === 0) return result;
  return put(frame.input, path, { value: result, depth: 0 });
}

function put(target: Json, path: Path, at: { readonly value: Json; readonly depth: number }): Json {
  const step = path.steps[at.depth];
  if (step === undefined) return at.value;
  const deeper = { value: at.value, depth: at.depth + 1 };
  if (step.kind === 'names' && (isObject(target) || target === undefined)) {
    const name = step.names[0]!;
    return { ...target, [name]: put(target?.[name], path, deeper) };
  }
  if (step.kind === 'indexes' && Array.isArray(target) && step.indexes[0]! < target.length) {
    return target.with(step.indexes[0]!, put(target.at(step.indexes[0]!), path, deeper));
  }
  const detail = `Unable to apply step "${stepName(path, at.depth)}" to input "${textOf(target)}".`;
  throw new FieldFailure('States.ResultPathMatchFailure', detail);
}

function stepName(path: Path, depth: number): string {
  const step = path.steps[depth]!;
  return step.kind === 'names'
    ? step.names[0]!
    : step.kind === 'indexes'
      ? String(step.indexes[0])
      : step.kind;
}

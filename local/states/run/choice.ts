// Choice: the first rule that holds says where to go on.
import type { ChoiceRule, ChoiceState } from '../definition/types.ts';
import { type Exit, evaluateAssign, filterInput, filterOutput, leaveJsonata } from './data-flow.ts';
import { FieldFailure } from './failure.ts';
import type { Frame } from './frame.ts';
import { andThen, type MaybePromise, type Scope } from './scope.ts';

export function runChoice(frame: Frame, state: ChoiceState): MaybePromise<Exit> {
  const scope = frame.scope(filterInput(frame, state));
  return andThen(firstRule(state.rules, scope), (rule) => leaveChoice(frame, state, { rule, scope }));
}

function firstRule(
  rules: readonly ChoiceRule[],
  scope: Scope,
  from = 0,
): MaybePromise<ChoiceRule | undefined> {
  for (let index = from; index < rules.length; index += 1) {
    const holds = rules[index]!.condition(scope);
    if (holds instanceof Promise) {
      return holds.then((settled) => (settled ? rules[index] : firstRule(rules, scope, index + 1)));
    }
    if (holds) return rules[index];
  }
  return undefined;
}

interface Chosen {
  readonly rule: ChoiceRule | undefined;
  readonly scope: Scope;
}

function leaveChoice(frame: Frame, state: ChoiceState, { rule, scope }: Chosen): MaybePromise<Exit> {
  const next = rule?.next ?? state.defaultNext;
  if (next === undefined) {
    const detail = 'Failed to transition out of the state. The state does not point to a next state.';
    throw new FieldFailure('States.NoChoiceMatched', detail);
  }
  // A rule's own Assign and Output stand in for the state's, which go with Default.
  const way = rule ?? state;
  if (state.isJsonata) return leaveJsonata(frame, { output: way.output, assign: way.assign, next }, scope);
  return andThen(evaluateAssign(way, scope), (assigned) => ({
    output: filterOutput(frame, state, scope.input),
    assigned,
    next,
  }));
}

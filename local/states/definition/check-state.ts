// Checks of one state: its type, its fields, its transitions, its expressions.
import type { Json } from '../json/text.ts';
import { isObject } from '../json/text.ts';
import { type CheckContext, checkGraph } from './check-machine.ts';
import { compileState } from './compile.ts';
import type { Fields } from './fields.ts';

export interface StateContext extends CheckContext {
  readonly at: string;
  readonly siblings: Readonly<Record<string, Json>>;
}

const TYPES = ['Task', 'Wait', 'Pass', 'Succeed', 'Fail', 'Choice', 'Parallel', 'Map'];

export function checkState(state: Fields, context: StateContext): void {
  const { findings, at } = context;
  if (state.Type === undefined) {
    findings.schema('These fields are required: [Type]', at);
    return;
  }
  if (typeof state.Type !== 'string' || !TYPES.includes(state.Type)) {
    findings.schema(`The field 'Type' should have one of these values: [${TYPES.join(', ')}]`, `${at}/Type`);
    return;
  }
  checkTransitions(state, context);
  for (const [index, branch] of ((state.Branches ?? []) as Json[]).entries()) {
    if (isObject(branch)) checkGraph(branch, `${at}/Branches[${index}]`, context);
  }
  const processor = state.ItemProcessor ?? state.Iterator;
  const processorName = state.ItemProcessor === undefined ? 'Iterator' : 'ItemProcessor';
  if (isObject(processor)) checkGraph(processor, `${at}/${processorName}`, context);
  try {
    compileState('state', state, context.isJsonata);
  } catch (thrown) {
    findings.schema(thrown instanceof Error ? thrown.message : String(thrown), at);
  }
}

function checkTransitions(state: Fields, { findings, at, siblings }: StateContext): void {
  const check = (target: Json, place: string): void => {
    if (typeof target !== 'string' || Object.hasOwn(siblings, target)) return;
    findings.error('MISSING_TRANSITION_TARGET', `Missing 'Next' target: ${target}`, `${at}/${place}`);
  };
  check(state.Next, 'Next');
  check(state.Default, 'Default');
  for (const [index, rule] of ((state.Choices ?? []) as Fields[]).entries())
    check(rule?.Next, `Choices[${index}]/Next`);
  for (const [index, rule] of ((state.Catch ?? []) as Fields[]).entries())
    check(rule?.Next, `Catch[${index}]/Next`);
}

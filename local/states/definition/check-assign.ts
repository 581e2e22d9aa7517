// Checks of the names that Assign gives to variables.
// https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
import { isObject, type Json } from '../json/text.ts';
import { list, type StateContext } from './check-state.ts';
import type { Fields } from './fields.ts';

const MAX_NAME = 80;
const NAME = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

export function checkAssigns(state: Fields, context: StateContext): void {
  checkNames(state.Assign, `${context.at}/Assign`, context);
  for (const field of ['Choices', 'Catch']) {
    for (const [index, rule] of list(state[field]).entries()) {
      checkNames(rule.Assign, `${context.at}/${field}[${index}]/Assign`, context);
    }
  }
}

function checkNames(assign: Json, at: string, { findings, isJsonata }: StateContext): void {
  if (!isObject(assign)) return;
  for (const key of Object.keys(assign)) {
    const name = !isJsonata && key.endsWith('.$') ? key.slice(0, -2) : key;
    if (name === 'states') findings.schema("The variable name 'states' is reserved", at);
    else if (name.length > MAX_NAME || !NAME.test(name)) {
      findings.schema(`The variable name '${name}' is not valid`, at);
    }
  }
}

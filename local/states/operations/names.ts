// Names of state machines, executions, activities and aliases.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
import { AwsError } from '../../wire/errors.ts';
import { constraint } from './api-errors.ts';

const FORBIDDEN = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u;
const MAX_CHARACTERS = 80;

/** @throws AwsError ValidationException, InvalidName */
export function checkName(name: string): void {
  if (name.length > MAX_CHARACTERS) {
    throw constraint(name, 'name', `have length less than or equal to ${MAX_CHARACTERS}`);
  }
  if (name !== '' && !FORBIDDEN.test(name)) return;
  throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
}

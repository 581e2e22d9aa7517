// Names of state machines, executions, activities and aliases.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
import { randomUUID } from 'node:crypto';
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

/**
 * A name for an execution that was given none: a UUID of version 7, which begins with the time. Names at random would
 * make every new execution change another page of the database's index.
 */
export function madeUpName(nowMs: number): string {
  const time = Math.max(0, Math.floor(nowMs)).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

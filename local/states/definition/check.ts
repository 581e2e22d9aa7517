// What is wrong with a definition, as ValidateStateMachineDefinition reports it and CreateStateMachine refuses it.
import { AwsError } from '../../wire/errors.ts';
import { jacksonError } from '../json/jackson.ts';
import { parseJson } from '../json/text.ts';
import { checkMachine } from './check-machine.ts';
import type { Diagnostic } from './diagnostics.ts';
import { repeatedStates } from './repeated-states.ts';
import type { Resource } from './types.ts';

/** AWS's limit: 1 MB of text. */
const MAX_DEFINITION_CHARACTERS = 1_048_576;

export function checkDefinition(
  definition: string,
  type: 'STANDARD' | 'EXPRESS',
  isServed?: (resource: Resource) => boolean,
): Diagnostic[] {
  const problem = jacksonError(definition);
  if (problem !== undefined) {
    return [{ severity: 'ERROR', code: 'INVALID_JSON_DESCRIPTION', message: problem, location: undefined }];
  }
  return [...repeatedStates(definition), ...checkMachine(parseJson(definition), type, isServed)];
}

/** @throws AwsError InvalidDefinition with all problems in one sentence */
export function checkForCreation(
  definition: string,
  type: 'STANDARD' | 'EXPRESS',
  isServed?: (resource: Resource) => boolean,
): void {
  checkLength(definition);
  const errors = checkDefinition(definition, type, isServed).filter(
    (diagnostic) => diagnostic.severity === 'ERROR',
  );
  if (errors.length > 0) throw invalidDefinition(errors);
}

/** @throws AwsError ValidationException */
export function checkLength(definition: string): void {
  if (definition.length <= MAX_DEFINITION_CHARACTERS) return;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value at 'definition' failed to satisfy constraint: Member must have length less than or equal to ${MAX_DEFINITION_CHARACTERS}`,
  );
}

export function invalidDefinition(errors: readonly Diagnostic[]): AwsError {
  const sentences = errors.map(
    ({ code, message, location }) => `${code}: ${message}${location === undefined ? '' : ` at ${location}`}`,
  );
  return new AwsError('InvalidDefinition', `Invalid State Machine Definition: '${sentences.join(', ')}'`);
}

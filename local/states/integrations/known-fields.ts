// The members that the requests of optimised integrations have. AWS looks at them when the task starts, not when the
// state machine is created: what is passed to a task may come from an expression.
import type { TaskState } from '../definition/types.ts';
import { isObject, type Json, textOf } from '../json/text.ts';
import { FieldFailure } from '../run/failure.ts';

const KNOWN: Readonly<Record<string, ReadonlySet<string>>> = {
  'lambda:invoke': new Set([
    'ClientContext',
    'FunctionName',
    'InvocationType',
    'LogType',
    'Payload',
    'Qualifier',
    'TenantId',
  ]),
  'states:startExecution': new Set(['Input', 'Name', 'StateMachineArn', 'TraceHeader']),
};

/** @throws FieldFailure States.Runtime that names the members that there are not */
export function checkFields({ resource, isJsonata }: TaskState, parameters: Json): void {
  if (resource.kind !== 'optimised' || !isObject(parameters)) return;
  const known = KNOWN[`${resource.service}:${resource.operation}`];
  if (known === undefined) return;
  const odd = Object.keys(parameters).filter((name) => !known.has(name));
  if (odd.length === 0) return;
  const sentences = odd.map((name) => `The field "${name}" is not supported by Step Functions`);
  const given = `The ${isJsonata ? 'Arguments' : 'Parameters'} '${textOf(parameters)}'`;
  const detail = `${given} could not be used to start the Task: [${sentences.join(', ')}]`;
  throw new FieldFailure('States.Runtime', detail);
}

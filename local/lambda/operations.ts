// Lambda's operations by name, as `aws-sdk:lambda:<operation>` in a state machine calls them.
import type { SdkOperations, SdkValues } from '../service.ts';
import { AwsError } from '../wire/errors.ts';
import type { InvokeRequest } from './api.ts';
import { functionConfiguration, functionDescription } from './configuration.ts';
import type { Invoker } from './invoke.ts';
import type { FunctionStore } from './store.ts';

const DEFAULT_PAGE = 50;

export function createOperations(store: FunctionStore, invoker: Invoker): SdkOperations {
  return {
    invoke: (input) => invoke(invoker, input),
    listFunctions: async (input) => listFunctions(store, input),
    getFunction: async (input) => functionDescription(storedFunction(store, input)),
    getFunctionConfiguration: async (input) => functionConfiguration(storedFunction(store, input)),
  };
}

async function invoke(invoker: Invoker, input: SdkValues): Promise<SdkValues> {
  const result = await invoker.invoke({
    functionName: requiredText(input, 'FunctionName'),
    payload: payloadText(input.Payload),
    ...optional('qualifier', input.Qualifier),
    ...optional('invocationType', checkInvocationType(input.InvocationType)),
    ...optional('clientContext', decodeClientContext(input.ClientContext)),
    withLogTail: input.LogType === 'Tail',
  });
  return {
    StatusCode: result.statusCode,
    Payload: Buffer.from(result.payload),
    ExecutedVersion: result.executedVersion,
    ...optional('FunctionError', result.functionError),
    ...optional('LogResult', result.logTail && Buffer.from(result.logTail).toString('base64')),
  };
}

/** A client context travels in base64. */
export function decodeClientContext(encoded: unknown): string | undefined {
  return typeof encoded === 'string' ? Buffer.from(encoded, 'base64').toString('utf8') : undefined;
}

const INVOCATION_TYPES: readonly string[] = ['RequestResponse', 'Event', 'DryRun'];

/** @throws AwsError InvalidParameterValueException */
export function checkInvocationType(value: unknown): InvokeRequest['invocationType'] | undefined {
  if (value === undefined || value === null) return undefined;
  if (INVOCATION_TYPES.includes(value as string)) return value as InvokeRequest['invocationType'];
  throw new AwsError('InvalidParameterValueException', `Unsupported InvocationType: ${String(value)}`);
}

/** Marker and page size as Lambda has them; the marker is the last name of the page before. */
function listFunctions(store: FunctionStore, input: SdkValues): SdkValues {
  const marker = typeof input.Marker === 'string' ? input.Marker : '';
  const size = Math.min(Number(input.MaxItems ?? DEFAULT_PAGE), DEFAULT_PAGE);
  const left = store.list().filter((stored) => stored.definition.functionName > marker);
  const page = left.slice(0, size);
  return {
    Functions: page.map(functionConfiguration),
    ...(left.length > page.length ? { NextMarker: page.at(-1)?.definition.functionName } : {}),
  };
}

function storedFunction(store: FunctionStore, input: SdkValues) {
  const qualifier = typeof input.Qualifier === 'string' ? input.Qualifier : undefined;
  return store.find(requiredText(input, 'FunctionName'), qualifier);
}

function requiredText(input: SdkValues, member: string): string {
  const value = input[member];
  if (typeof value === 'string') return value;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

/** A blob; an integration may also hand over the text or the value itself. An absent payload is an empty event. */
function payloadText(payload: unknown): string {
  if (payload === undefined || payload === null) return '{}';
  if (typeof payload === 'string') return payload;
  if (payload instanceof Uint8Array) return Buffer.from(payload).toString('utf8') || '{}';
  return JSON.stringify(payload);
}

function optional<Value>(name: string, value: Value | undefined): Record<string, Value> {
  return value === undefined ? {} : { [name]: value };
}

// How a service's error becomes a task's error and cause, in the two ways that AWS has: the old SDK's sentences for
// optimised integrations, the new SDK's for `aws-sdk` ones.
import { randomUUID } from 'node:crypto';
import type { AwsError } from '../../wire/errors.ts';
import { StateFailure } from '../run/failure.ts';

/** `ResourceNotFound` becomes `ResourceNotFoundException`, as the Java SDK names its classes. */
function exceptionName(code: string): string {
  return code.endsWith('Exception') ? code : `${code}Exception`;
}

/** @param prefix such as `Sfn` @param isModelled whether the API's model knows the error */
export function sdkFailure(prefix: string, error: AwsError): StateFailure {
  const extended = prefix === 'S3' ? `, Extended Request ID: ${randomUUID()}` : '';
  const cause = `${error.message} (Service: ${prefix}, Status Code: ${error.statusCode}, Request ID: ${randomUUID()}${extended}) (SDK Attempt Count: 1)`;
  const name = UNMODELLED.has(error.name) ? `${prefix}Exception` : exceptionName(error.name);
  return new StateFailure(`${prefix}.${name}`, cause, { isTask: true });
}

/** Codes that no API models: they come as the service's general exception. */
const UNMODELLED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ValidationException',
  'InternalFailure',
]);

export function optimisedFailure(prefix: string, service: string, error: AwsError): StateFailure {
  const cause = `${error.message} (Service: ${service}; Status Code: ${error.statusCode}; Error Code: ${error.name}; Request ID: ${randomUUID()}; Proxy: null)`;
  return new StateFailure(`${prefix}.${exceptionName(error.name)}`, cause, { isTask: true });
}

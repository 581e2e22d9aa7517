// What the integrations with Lambda share: the call, and the names of its failures.
import type { InvokeRequest, InvokeResult } from '../../lambda/api.ts';
import { toAwsError } from '../../wire/errors.ts';
import { isObject, parseJson } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';
import type { Frame } from '../run/frame.ts';
import { optimisedFailure, sdkFailure } from './service-errors.ts';

/** @throws StateFailure `Lambda.…Exception` */
export async function invokeFunction(
  frame: Frame,
  request: InvokeRequest,
  form: 'direct' | 'optimised',
): Promise<InvokeResult> {
  const { lambda } = frame.execution.engine;
  if (lambda === undefined) {
    throw new StateFailure('Lambda.SdkClientException', 'No Lambda service is connected.', { isTask: true });
  }
  try {
    return await lambda.invoke(request);
  } catch (thrown) {
    const error = toAwsError(thrown);
    throw form === 'direct' ? sdkFailure('Lambda', error) : optimisedFailure('Lambda', 'AWSLambda', error);
  }
}

/** A function's own error: named by its `errorType`. */
export function functionFailure(payload: string, cause: string): StateFailure {
  return new StateFailure(errorType(payload), cause, { isTask: true });
}

function errorType(payload: string): string {
  try {
    const error = parseJson(payload);
    if (isObject(error) && typeof error.errorType === 'string') return error.errorType;
  } catch {
    // Not JSON: nameless, as below.
  }
  return 'Lambda.Unknown';
}

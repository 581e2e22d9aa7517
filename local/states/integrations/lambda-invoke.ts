// `arn:aws:states:::lambda:invoke`, with or without `.waitForTaskToken`.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
import type { InvokeRequest, InvokeResult } from '../../lambda/api.ts';
import { isObject, type Json, parseJson, textOf } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';
import { waitForToken } from './callback.ts';
import type { Integration, RunningCall } from './integration.ts';
import { functionFailure, invokeFunction } from './lambda-call.ts';

export const lambdaInvoke: Integration = {
  run(call) {
    return call.state.resource.pattern === 'token' ? waitForToken(call, () => invoke(call)) : invoke(call);
  },
};

async function invoke(call: RunningCall): Promise<Json> {
  call.events.started();
  const answer = await invokeFunction(call.frame, toRequest(call.parameters), 'optimised');
  if (answer.functionError !== undefined) throw functionFailure(answer.payload, compact(answer.payload));
  return toResult(answer);
}

function toRequest(parameters: Json): InvokeRequest {
  const given = isObject(parameters) ? parameters : {};
  if (typeof given.FunctionName !== 'string' || given.FunctionName === '') {
    throw new StateFailure('States.Runtime', 'The field FunctionName is required.', { isTask: true });
  }
  return {
    functionName: given.FunctionName,
    payload: given.Payload === undefined ? '{}' : textOf(given.Payload),
    ...(typeof given.Qualifier === 'string' ? { qualifier: given.Qualifier } : {}),
    ...(typeof given.ClientContext === 'string' ? { clientContext: given.ClientContext } : {}),
    ...(isInvocationType(given.InvocationType) ? { invocationType: given.InvocationType } : {}),
    ...(given.LogType === 'Tail' ? { withLogTail: true } : {}),
  };
}

function isInvocationType(value: Json): value is 'RequestResponse' | 'Event' | 'DryRun' {
  return value === 'RequestResponse' || value === 'Event' || value === 'DryRun';
}

function toResult(answer: InvokeResult): Json {
  return {
    ExecutedVersion: answer.executedVersion,
    ...(answer.logTail === undefined ? {} : { LogResult: answer.logTail }),
    Payload: parsePayload(answer.payload),
    SdkHttpMetadata: { HttpStatusCode: answer.statusCode },
    SdkResponseMetadata: { RequestId: answer.requestId },
    StatusCode: answer.statusCode,
  };
}

function parsePayload(payload: string): Json {
  if (payload === '') return {};
  try {
    return parseJson(payload);
  } catch {
    return payload;
  }
}

function compact(payload: string): string {
  try {
    return textOf(parseJson(payload));
  } catch {
    return payload;
  }
}

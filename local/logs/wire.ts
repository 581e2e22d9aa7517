// CloudWatch Logs' JSON 1.1 protocol: `X-Amz-Target: Logs_20140328.<Operation>`.
import type { SdkOperations, SdkValues, WireCall } from '../service.ts';
import { readBody, sendJson } from '../wire/body.ts';
import { AwsError, sendAwsError } from '../wire/errors.ts';

/** PutLogEvents takes 1 MB of events; JSON's escapes may multiply that by six. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export async function handleWire(call: WireCall, operations: SdkOperations): Promise<void> {
  try {
    const output = await findOperation(call, operations)(await readInput(call));
    sendJson(call.response, 200, output, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': call.requestId,
    });
  } catch (thrown) {
    sendAwsError(call.response, thrown, 'json-1.1', call.requestId);
  }
}

function findOperation(call: WireCall, operations: SdkOperations): SdkOperations[string] {
  const name = call.operation ?? '';
  const operation = operations[name.charAt(0).toLowerCase() + name.slice(1)];
  if (operation !== undefined) return operation;
  throw new AwsError(
    'UnknownOperationException',
    `CloudWatch Logs' ${name || call.path} is not served here.`,
  );
}

async function readInput(call: WireCall): Promise<SdkValues> {
  const text = (await readBody(call.request, MAX_BODY_BYTES)).toString('utf8');
  try {
    return text === '' ? {} : (JSON.parse(text) as SdkValues);
  } catch (thrown) {
    throw new AwsError('SerializationException', 'The request body is not JSON.', { cause: thrown });
  }
}

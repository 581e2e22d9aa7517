// The control plane's wire protocol: JSON 1.1, one POST per operation, times as seconds since the epoch.
import type { SdkOperations, SdkValues, WireCall } from '../service.ts';
import { readBody, sendJson } from '../wire/body.ts';
import { AwsError, sendAwsError } from '../wire/errors.ts';

/** Larger than any control-plane request. */
const LIMIT_BYTES = 4 * 1024 * 1024;

export async function handleControl(call: WireCall, operations: SdkOperations): Promise<void> {
  const { response, requestId } = call;
  try {
    const operation = operations[camelCase(call.operation ?? '')];
    if (operation === undefined)
      throw new AwsError('UnknownOperationException', `The operation ${call.operation} is not served here.`);
    const output = await operation(parse(await readBody(call.request, LIMIT_BYTES)));
    sendJson(response, 200, toWire(output), {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': requestId,
    });
  } catch (thrown) {
    sendAwsError(response, thrown, 'json-1.1', requestId);
  }
}

function camelCase(operation: string): string {
  return operation.charAt(0).toLowerCase() + operation.slice(1);
}

function parse(body: Buffer): SdkValues {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8')) as SdkValues;
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid JSON.');
  }
}

function toWire(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(toWire);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toWire(member)]));
}

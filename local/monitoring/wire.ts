// CloudWatch's wire protocols: JSON 1.0, which the SDK for JavaScript speaks, and Smithy RPC v2 with CBOR, which the
// command line speaks. https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
import { cbor, dateToTag } from '@smithy/core/cbor';
import type { SdkOperations, SdkValues, WireCall } from '../service.ts';
import { readBody, sendJson } from '../wire/body.ts';
import { AwsError, sendAwsError, toAwsError } from '../wire/errors.ts';

const LIMIT_BYTES = 1024 * 1024;
const RPC_PATH = /^\/service\/GraniteServiceVersion20100801\/operation\/(\w+)$/;

export async function handleMonitoring(call: WireCall, operations: SdkOperations): Promise<void> {
  const rpcOperation = RPC_PATH.exec(call.path)?.[1];
  if (rpcOperation === undefined) await handleJson(call, operations);
  else await handleCbor(call, rpcOperation, operations);
}

async function handleJson(call: WireCall, operations: SdkOperations): Promise<void> {
  const { response, requestId } = call;
  try {
    const operation = find(operations, call.operation ?? '');
    const body = await readBody(call.request, LIMIT_BYTES);
    const input = body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) as SdkValues);
    const output = withTimes(await operation(input), (time) => time.getTime() / 1000);
    sendJson(response, 200, output, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': requestId,
    });
  } catch (thrown) {
    sendAwsError(response, thrown, 'json-1.0', requestId);
  }
}

async function handleCbor(call: WireCall, name: string, operations: SdkOperations): Promise<void> {
  try {
    const operation = find(operations, name);
    const body = await readBody(call.request, LIMIT_BYTES);
    const input = body.length === 0 ? {} : fromTags(cbor.deserialize(body));
    sendCbor(call, 200, withTimes(await operation(input as SdkValues), dateToTag));
  } catch (thrown) {
    const error = toAwsError(thrown);
    sendCbor(call, error.statusCode, { __type: error.name, message: error.message, ...error.members });
  }
}

function sendCbor({ response, requestId }: WireCall, statusCode: number, body: unknown): void {
  const bytes = Buffer.from(cbor.serialize(body));
  response.writeHead(statusCode, {
    'content-type': 'application/cbor',
    'smithy-protocol': 'rpc-v2-cbor',
    'content-length': bytes.length,
    'x-amzn-requestid': requestId,
  });
  response.end(bytes);
}

function find(operations: SdkOperations, name: string): SdkOperations[string] {
  const operation = operations[name.charAt(0).toLowerCase() + name.slice(1)];
  if (operation !== undefined) return operation;
  throw new AwsError('UnknownOperationException', `The operation ${name} is not served here.`);
}

/** Members that are undefined are left out; times are written as the protocol has them. */
function withTimes(value: unknown, write: (time: Date) => unknown): unknown {
  if (value instanceof Date) return write(value);
  if (Array.isArray(value)) return value.map((member) => withTimes(member, write));
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, withTimes(member, write)]));
}

/** CBOR's tag 1 is a time in epoch seconds. */
function fromTags(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromTags);
  if (value === null || typeof value !== 'object') return value;
  const { tag, value: tagged } = value as { tag?: unknown; value?: unknown };
  if (tag === 1 || tag === 1n) return new Date(Number(tagged) * 1000);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fromTags(member)]));
}

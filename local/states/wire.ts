// The wire protocol of Step Functions: AWS JSON 1.0, `X-Amz-Target: AWSStepFunctions.<Operation>`.
import type { ServerResponse } from 'node:http';
import type { SdkOperations, SdkValues, WireCall } from '../service.ts';
import { readBody } from '../wire/body.ts';
import { AwsError, sendAwsError } from '../wire/errors.ts';
import type { World } from './operations/world.ts';

/** AWS's limit on a request: 1 MB of definition, escaped. */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024;

/** Operations that wait: their work ends when the caller hangs up. */
const WAITING = new Set(['GetActivityTask']);

export function createWire(_world: World, operations: SdkOperations): (call: WireCall) => Promise<void> {
  return async (call) => {
    try {
      const name = call.operation ?? '';
      const operation = operations[name.charAt(0).toLowerCase() + name.slice(1)];
      if (operation === undefined) throw unknownOperation(name);
      const input = parseBody(await readBody(call.request, MAX_REQUEST_BYTES));
      const output = await (WAITING.has(name) ? operation(input, hangUp(call)) : operation(input));
      send(call.response, output, call.requestId);
    } catch (thrown) {
      sendAwsError(call.response, thrown, 'json-1.0', call.requestId);
    }
  };
}

function unknownOperation(name: string): AwsError {
  return new AwsError('UnknownOperationException', `The operation ${name} is not served here.`);
}

function parseBody(body: Buffer): SdkValues {
  try {
    return body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) as SdkValues);
  } catch {
    throw new AwsError('SerializationException', 'The request is not valid JSON.');
  }
}

function hangUp(call: WireCall): { signal: AbortSignal } {
  const controller = new AbortController();
  // An abort makes an error with a stack trace, which every answered request would pay for.
  call.response.once('close', () => call.response.writableFinished || controller.abort());
  return { signal: controller.signal };
}

function send(response: ServerResponse, output: SdkValues, requestId: string): void {
  const body = Buffer.from(JSON.stringify(withTimes(output)));
  response.writeHead(200, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': body.length,
    'x-amzn-requestid': requestId,
  });
  response.end(body);
}

/** Times in seconds since the epoch, as the protocol has them. */
function withTimes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(withTimes);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    // An event's details are JSON, without times: the greatest part of a history.
    copy[key] = key.endsWith('EventDetails') ? member : withTimes(member);
  }
  return copy;
}

// Lambda's REST-JSON protocol. https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
import type { SdkOperations, SdkValues, WireCall } from '../service.ts';
import { readBody, sendJson } from '../wire/body.ts';
import { AwsError, sendAwsError } from '../wire/errors.ts';
import type { InvokeResult } from './api.ts';
import type { Invoker } from './invoke.ts';
import { checkInvocationType, decodeClientContext } from './operations.ts';
import { MAX_SYNC_PAYLOAD_BYTES } from './runtime/protocol.ts';

interface Parts {
  readonly operations: SdkOperations;
  readonly invoker: Invoker;
}

const PATH = /^\/2015-03-31\/functions(?:\/([^/]+)(?:\/([a-z-]+))?)?\/?$/;

export async function handleWire(call: WireCall, parts: Parts): Promise<void> {
  try {
    await route(call, parts);
  } catch (thrown) {
    sendAwsError(call.response, thrown, 'rest-json', call.requestId);
  }
}

async function route(call: WireCall, parts: Parts): Promise<void> {
  const match = PATH.exec(call.path);
  const [, encodedName, action] = match ?? [];
  const name = encodedName === undefined ? undefined : decodeURIComponent(encodedName);
  if (match !== null && call.method === 'POST' && name !== undefined && action === 'invocations') {
    await invoke(call, name, parts.invoker);
    return;
  }
  const operation = match !== null && call.method === 'GET' ? readOperation(name, action) : undefined;
  if (operation === undefined) throw unknownOperation(call);
  const output = await parts.operations[operation]!(queryInput(call, name));
  sendJson(call.response, 200, output, { 'x-amzn-requestid': call.requestId });
}

function readOperation(name: string | undefined, action: string | undefined): string | undefined {
  if (name === undefined) return 'listFunctions';
  if (action === undefined) return 'getFunction';
  return action === 'configuration' ? 'getFunctionConfiguration' : undefined;
}

function queryInput(call: WireCall, name: string | undefined): SdkValues {
  const input: Record<string, unknown> = Object.fromEntries(call.query);
  return name === undefined ? input : { ...input, FunctionName: name };
}

async function invoke(call: WireCall, functionName: string, invoker: Invoker): Promise<void> {
  const { headers } = call.request;
  const qualifier = call.query.get('Qualifier');
  const clientContext = decodeClientContext(headers['x-amz-client-context']);
  const invocationType = checkInvocationType(headers['x-amz-invocation-type']);
  const traceId = headers['x-amzn-trace-id'];
  const result = await invoker.invoke({
    functionName,
    payload: (await readPayload(call)) || '{}',
    withLogTail: headers['x-amz-log-type'] === 'Tail',
    ...(qualifier === null ? {} : { qualifier }),
    ...(invocationType === undefined ? {} : { invocationType }),
    ...(clientContext === undefined ? {} : { clientContext }),
    ...(typeof traceId === 'string' ? { traceId } : {}),
  });
  sendResult(call, result);
}

async function readPayload(call: WireCall): Promise<string> {
  try {
    return (await readBody(call.request, MAX_SYNC_PAYLOAD_BYTES)).toString('utf8');
  } catch (thrown) {
    if (!(thrown instanceof AwsError) || thrown.statusCode !== 413) throw thrown;
    throw new AwsError(
      'RequestTooLargeException',
      `Request must be smaller than ${MAX_SYNC_PAYLOAD_BYTES} bytes for the InvokeFunction operation`,
      { statusCode: 413, cause: thrown },
    );
  }
}

function sendResult({ response }: WireCall, result: InvokeResult): void {
  response.writeHead(result.statusCode, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(result.payload),
    'x-amzn-requestid': result.requestId,
    'x-amz-executed-version': result.executedVersion,
    ...(result.functionError === undefined ? {} : { 'x-amz-function-error': result.functionError }),
    ...(result.logTail === undefined
      ? {}
      : { 'x-amz-log-result': Buffer.from(result.logTail).toString('base64') }),
  });
  response.end(result.payload);
}

function unknownOperation(call: WireCall): AwsError {
  return new AwsError(
    'UnknownOperationException',
    `Lambda's ${call.method} ${call.path} is not served here.`,
    {
      statusCode: 404,
    },
  );
}

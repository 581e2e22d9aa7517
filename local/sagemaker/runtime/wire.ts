// The Runtime API over HTTP: paths and headers to members, and answers back.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WireCall } from '../../service.ts';
import { readBody, sendJson } from '../../wire/body.ts';
import { AwsError, sendAwsError } from '../../wire/errors.ts';
import type { AsyncInference } from '../async/queue.ts';
import type { HostContext } from '../hosting/host-context.ts';
import { describeLoad } from '../multi-model/load-report.ts';
import { validationError } from './errors.ts';
import type { Invocation, InvocationAnswer } from './invocation.ts';
import type { Invoker } from './invoke.ts';
import { invokeAsStream } from './stream.ts';

export interface RuntimeParts {
  readonly invoker: Invoker;
  readonly asyncInference: AsyncInference;
  readonly context: HostContext;
}

const PATH = /^\/endpoints\/([^/]+)\/(invocations|async-invocations|invocations-response-stream)$/;

export async function handleRuntime(call: WireCall, parts: RuntimeParts): Promise<void> {
  const { response, requestId } = call;
  try {
    const [, name, kind] = (call.method === 'POST' && PATH.exec(call.path)) || [];
    if (name === undefined)
      throw new AwsError('UnknownOperationException', 'No such operation.', { statusCode: 404 });
    const endpointName = decodeURIComponent(name);
    if (kind === 'invocations') await invokeOnce(call, endpointName, parts);
    else if (kind === 'async-invocations') await submit(call, endpointName, parts);
    else await stream(call, endpointName, parts);
  } catch (thrown) {
    sendAwsError(response, thrown, 'rest-json', requestId);
  }
}

async function invokeOnce(call: WireCall, endpointName: string, { invoker, context }: RuntimeParts) {
  const { request, response, requestId } = call;
  if (header(request, 'enable-explanations') !== undefined)
    throw validationError(
      `EnableExplanations cannot be used with endpoint ${endpointName}: explanations (ExplainerConfig) are not served on this machine.`,
    );
  const body = await readBody(request, context.settings.payloadLimitBytes);
  const invocation = { ...members(request, endpointName), body, accept: request.headers.accept };
  sendAnswer(response, await invoker.invoke(invocation), requestId);
}

async function stream(call: WireCall, endpointName: string, { invoker, context }: RuntimeParts) {
  const { request, response, requestId } = call;
  const body = await readBody(request, context.settings.payloadLimitBytes);
  const invocation = { ...members(request, endpointName), body, accept: header(request, 'accept') };
  await invokeAsStream(invoker, invocation, context, { response, requestId });
}

async function submit(call: WireCall, endpointName: string, { asyncInference, context }: RuntimeParts) {
  const { request, response, requestId } = call;
  const body = await readBody(request, Math.max(context.settings.asyncInlineLimitBytes, 1024) * 2);
  const accepted = asyncInference.submit({
    endpointName,
    contentType: header(request, 'content-type'),
    accept: header(request, 'accept'),
    customAttributes: header(request, 'custom-attributes'),
    inferenceId: header(request, 'inference-id'),
    inputLocation: header(request, 'inputlocation'),
    body: body.length === 0 ? undefined : body,
    outputPathExtension: header(request, 's3outputpathextension'),
    filename: header(request, 'filename'),
    ttlSeconds: numberHeader(request, 'requestttlseconds'),
    timeoutSeconds: numberHeader(request, 'invocationtimeoutseconds'),
  });
  const headers: Record<string, string> = { 'x-amzn-requestid': requestId };
  if (accepted.outputLocation !== undefined)
    headers['x-amzn-sagemaker-outputlocation'] = accepted.outputLocation;
  if (accepted.failureLocation !== undefined)
    headers['x-amzn-sagemaker-failurelocation'] = accepted.failureLocation;
  sendJson(response, 202, { InferenceId: accepted.inferenceId }, headers);
}

function members(request: IncomingMessage, endpointName: string): Omit<Invocation, 'body' | 'accept'> {
  return {
    endpointName,
    contentType: request.headers['content-type'],
    customAttributes: header(request, 'custom-attributes'),
    targetModel: header(request, 'target-model'),
    targetVariant: header(request, 'target-variant'),
    targetContainerHostname: header(request, 'target-container-hostname'),
    inferenceId: header(request, 'inference-id'),
    sessionId: header(request, 'session-id'),
    inferenceComponentName: header(request, 'inference-component'),
  };
}

/** A header by its name without `x-amzn-sagemaker-`. */
function header(request: IncomingMessage, name: string): string | undefined {
  let full = HEADER_NAMES.get(name);
  if (full === undefined) {
    full = `x-amzn-sagemaker-${name}`;
    HEADER_NAMES.set(name, full);
  }
  return request.headers[full] as string | undefined;
}

/** Full names are put together once: there are a dozen, and they are asked for at every call. */
const HEADER_NAMES = new Map<string, string>();

function numberHeader(request: IncomingMessage, name: string): number | undefined {
  const text = header(request, name);
  return text === undefined ? undefined : Number(text);
}

function sendAnswer(response: ServerResponse, answer: InvocationAnswer, requestId: string): void {
  const headers: Record<string, string | number> = {
    'content-length': answer.body.length,
    'x-amzn-requestid': requestId,
    'x-amzn-invoked-production-variant': answer.invokedProductionVariant,
  };
  if (answer.contentType !== undefined) headers['content-type'] = answer.contentType;
  if (answer.customAttributes !== undefined)
    headers['x-amzn-sagemaker-custom-attributes'] = answer.customAttributes;
  if (answer.newSessionId !== undefined) headers['x-amzn-sagemaker-new-session-id'] = answer.newSessionId;
  if (answer.closedSessionId !== undefined)
    headers['x-amzn-sagemaker-closed-session-id'] = answer.closedSessionId;
  if (answer.modelLoad !== undefined) {
    const report = answer.modelLoad === 'warm' ? undefined : answer.modelLoad;
    headers['x-seriatim-model-load'] = describeLoad(report);
  }
  response.writeHead(200, headers);
  response.end(answer.body);
}

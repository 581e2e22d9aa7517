// The Runtime API over HTTP: `POST /endpoints/{name}/invocations`, headers to members and back.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WireCall } from '../../service.ts';
import { readBody } from '../../wire/body.ts';
import { AwsError, sendAwsError } from '../../wire/errors.ts';
import { describeLoad } from '../multi-model/load-report.ts';
import type { HostingSettings } from '../settings.ts';
import type { InvocationAnswer } from './invocation.ts';
import type { Invoker } from './invoke.ts';

const INVOCATIONS = /^\/endpoints\/([^/]+)\/invocations$/;

export async function handleRuntime(
  call: WireCall,
  invoker: Invoker,
  settings: HostingSettings,
): Promise<void> {
  const { request, response, requestId } = call;
  try {
    const endpointName = INVOCATIONS.exec(call.path)?.[1];
    if (endpointName === undefined || call.method !== 'POST')
      throw new AwsError('UnknownOperationException', 'No such operation.', { statusCode: 404 });
    const body = await readBody(request, settings.payloadLimitBytes);
    const header = headerReader(request);
    const answer = await invoker.invoke({
      endpointName: decodeURIComponent(endpointName),
      body,
      contentType: request.headers['content-type'],
      accept: request.headers.accept,
      customAttributes: header('custom-attributes'),
      targetModel: header('target-model'),
      targetVariant: header('target-variant'),
      targetContainerHostname: header('target-container-hostname'),
      inferenceId: header('inference-id'),
      sessionId: header('session-id'),
      inferenceComponentName: header('inference-component'),
    });
    sendAnswer(response, answer, requestId);
  } catch (thrown) {
    sendAwsError(response, thrown, 'rest-json', requestId);
  }
}

function headerReader(request: IncomingMessage): (name: string) => string | undefined {
  return (name) => request.headers[`x-amzn-sagemaker-${name}`] as string | undefined;
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
  if (answer.modelLoad !== undefined)
    headers['x-seriatim-model-load'] = describeLoad(
      answer.modelLoad === 'warm' ? undefined : answer.modelLoad,
    );
  response.writeHead(200, headers);
  response.end(answer.body);
}

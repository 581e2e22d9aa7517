// The Runtime API by operation name, for callers in this process.
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import type { AsyncInference } from '../async/queue.ts';
import type { HostingSettings } from '../settings.ts';
import type { Invocation } from './invocation.ts';
import type { Invoker } from './invoke.ts';

export function runtimeOperations(
  invoker: Invoker,
  asyncInference: AsyncInference,
  settings: HostingSettings,
): SdkOperations {
  return {
    async invokeEndpointAsync(input) {
      const body = input.Body as Uint8Array | string | undefined;
      const request = asyncInference.submit({
        endpointName: String(input.EndpointName ?? ''),
        contentType: input.ContentType as string | undefined,
        accept: input.Accept as string | undefined,
        customAttributes: input.CustomAttributes as string | undefined,
        inferenceId: input.InferenceId as string | undefined,
        inputLocation: input.InputLocation as string | undefined,
        body: typeof body === 'string' ? Buffer.from(body) : body,
        outputPathExtension: input.S3OutputPathExtension as string | undefined,
        filename: input.Filename as string | undefined,
        ttlSeconds: input.RequestTTLSeconds as number | undefined,
        timeoutSeconds: input.InvocationTimeoutSeconds as number | undefined,
      });
      const output: SdkValues = { InferenceId: request.inferenceId };
      if (request.outputLocation !== undefined) output.OutputLocation = request.outputLocation;
      if (request.failureLocation !== undefined) output.FailureLocation = request.failureLocation;
      return output;
    },
    async invokeEndpoint(input) {
      const answer = await invoker.invoke(invocationOf(input, settings.payloadLimitBytes));
      const output: SdkValues = { Body: answer.body };
      if (answer.contentType !== undefined) output.ContentType = answer.contentType;
      output.InvokedProductionVariant = answer.invokedProductionVariant;
      if (answer.customAttributes !== undefined) output.CustomAttributes = answer.customAttributes;
      if (answer.newSessionId !== undefined) output.NewSessionId = answer.newSessionId;
      if (answer.closedSessionId !== undefined) output.ClosedSessionId = answer.closedSessionId;
      return output;
    },
  };
}

function invocationOf(input: SdkValues, limitBytes: number): Invocation {
  const body = (input.Body ?? '') as Uint8Array | string;
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  if (bytes > limitBytes) {
    const message = `HTTP content length exceeded ${limitBytes} bytes.`;
    throw new AwsError('RequestEntityTooLargeException', message, { statusCode: 413 });
  }
  return {
    endpointName: String(input.EndpointName ?? ''),
    body,
    contentType: input.ContentType as string | undefined,
    accept: input.Accept as string | undefined,
    customAttributes: input.CustomAttributes as string | undefined,
    targetModel: input.TargetModel as string | undefined,
    targetVariant: input.TargetVariant as string | undefined,
    targetContainerHostname: input.TargetContainerHostname as string | undefined,
    inferenceId: input.InferenceId as string | undefined,
    sessionId: input.SessionId as string | undefined,
    inferenceComponentName: input.InferenceComponentName as string | undefined,
  };
}

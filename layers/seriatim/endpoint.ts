// The only caller of SageMaker Runtime. Step Functions calls endpoints with inline JSON by itself; what is text, binary
// or claimed comes through here.
import type { InvokeEndpointCommandInput } from '@aws-sdk/client-sagemaker-runtime';
import type { Payload } from './claims.ts';
import { sageMakerRuntimeClient } from './clients.ts';
import { PayloadTooLarge, type SeriatimError } from './errors.ts';
import { caughtError } from './execution-errors.ts';

/** Real-time InvokeEndpoint: https://aws.amazon.com/sagemaker/ai/faqs/ (hosting) */
export const ENDPOINT_BYTES_LIMIT = 25 * 1024 * 1024;

export interface EndpointCall {
  readonly stage: string;
  readonly endpointName: string;
  readonly payload: Payload;
  readonly accept?: string;
  readonly targetModel?: string;
  readonly targetVariant?: string;
  readonly targetContainerHostname?: string;
  readonly inferenceId?: string;
}

export interface EndpointAnswer extends Payload {
  readonly invokedProductionVariant: string | undefined;
  readonly customAttributes: string | undefined;
}

/** @throws SeriatimError of the registry, naming the stage */
export async function callEndpoint(call: EndpointCall): Promise<EndpointAnswer> {
  const bytes = call.payload.body.length;
  if (bytes > ENDPOINT_BYTES_LIMIT) {
    const sizes = { bytes, limitBytes: ENDPOINT_BYTES_LIMIT };
    throw new PayloadTooLarge(`The payload for the endpoint ${call.endpointName}`, sizes, {
      stage: call.stage,
    });
  }
  const { InvokeEndpointCommand } = await import('@aws-sdk/client-sagemaker-runtime');
  const client = await sageMakerRuntimeClient();
  try {
    const answer = await client.send(new InvokeEndpointCommand(toInput(call)));
    return {
      body: answer.Body ?? new Uint8Array(),
      contentType: answer.ContentType ?? 'application/octet-stream',
      invokedProductionVariant: answer.InvokedProductionVariant,
      customAttributes: answer.CustomAttributes,
    };
  } catch (cause) {
    throw endpointError(cause as Error, call.stage);
  }
}

function toInput(call: EndpointCall): InvokeEndpointCommandInput {
  return {
    EndpointName: call.endpointName,
    Body: call.payload.body,
    ContentType: call.payload.contentType,
    Accept: call.accept,
    TargetModel: call.targetModel,
    TargetVariant: call.targetVariant,
    TargetContainerHostname: call.targetContainerHostname,
    InferenceId: call.inferenceId,
  };
}

/** The same mapping as for Step Functions' own calls, which prefixes the names. */
function endpointError(cause: Error, stage: string): SeriatimError {
  const name = cause.name === 'TimeoutError' ? 'States.Timeout' : `SageMakerRuntime.${cause.name}`;
  return caughtError({ error: name, message: cause.message }, { stage, cause });
}

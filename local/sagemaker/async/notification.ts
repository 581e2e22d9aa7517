// What an asynchronous endpoint tells its SNS topics.
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
import type { AwsPlace } from '../../service.ts';
import type { AsyncInferenceConfig } from '../control/records.ts';
import type { AsyncRequest } from './request.ts';

export type AsyncOutcome =
  | { readonly status: 'Completed'; readonly contentType: string | undefined; readonly body: Buffer }
  | {
      readonly status: 'Failed';
      readonly reason: string /** The model's own words. */;
      readonly body?: Buffer;
    };

/** The answer itself goes along up to this size, where the config asks for it. */
const INLINE_RESPONSE_BYTES = 128 * 1024;

/** The topic and the message, or undefined where the config names no topic for this outcome. */
export function notificationOf(
  request: AsyncRequest,
  outcome: AsyncOutcome,
  facts: { readonly config: AsyncInferenceConfig; readonly place: AwsPlace; readonly nowMs: number },
): { topic: string; message: string } | undefined {
  const settings = facts.config.OutputConfig?.NotificationConfig;
  const topic = outcome.status === 'Completed' ? settings?.SuccessTopic : settings?.ErrorTopic;
  if (topic === undefined) return undefined;
  const message = {
    awsRegion: facts.place.region,
    eventTime: new Date(facts.nowMs).toISOString(),
    receivedTime: new Date(request.receivedMs).toISOString(),
    invocationStatus: outcome.status,
    ...(outcome.status === 'Failed' ? { failureReason: outcome.reason } : {}),
    requestParameters: {
      ...(request.accept === undefined ? {} : { accept: request.accept }),
      ...(request.contentType === undefined ? {} : { contentType: request.contentType }),
      endpointName: request.endpointName,
      ...('location' in request.input ? { inputLocation: request.input.location } : {}),
    },
    responseParameters: responseParameters(request, outcome),
    ...responseBody(outcome, settings?.IncludeInferenceResponseIn ?? []),
    inferenceId: request.inferenceId,
    eventVersion: '1.0',
    eventSource: 'aws:sagemaker',
    eventName: 'InferenceResult',
  };
  return { topic, message: JSON.stringify(message) };
}

function responseParameters(
  request: AsyncRequest,
  outcome: AsyncOutcome,
): Record<string, string> | undefined {
  if (outcome.status === 'Failed') {
    return request.failureLocation === undefined ? undefined : { outputLocation: request.failureLocation };
  }
  return {
    ...(outcome.contentType === undefined ? {} : { contentType: outcome.contentType }),
    ...(request.outputLocation === undefined ? {} : { outputLocation: request.outputLocation }),
  };
}

/** As notices of SageMaker have it, seen in what users keep of them. */
function responseBody(
  { status, body }: AsyncOutcome,
  included: readonly string[],
): { responseBody?: Record<string, string> } {
  const topic = status === 'Completed' ? 'SUCCESS_NOTIFICATION_TOPIC' : 'ERROR_NOTIFICATION_TOPIC';
  if (body === undefined || !included.includes(topic) || body.length > INLINE_RESPONSE_BYTES) return {};
  return {
    responseBody: {
      content: body.toString('base64'),
      message: 'Check S3 path location(if configured) or Cloudwatch for additional details.',
      encoding: 'BASE64',
    },
  };
}

// The runtime's errors in SageMaker's own texts, gathered from the documentation and from what its users report.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
import { type AwsPlace, arn } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';

export interface ModelErrorFacts {
  readonly place: AwsPlace;
  readonly endpointName: string;
  readonly containerName: string;
  /** Where the container logs: an endpoint's group, or that of transform jobs. */
  readonly logGroup: string;
  /** The container's status, 0 when there was no answer. */
  readonly status: number;
  readonly originalMessage: string;
  /** No byte of the invocation reached any container. */
  readonly isUndelivered?: boolean;
}

/** A ModelError for an invocation that reached no container: it can be tried again without being done twice. */
export class Undelivered extends AwsError {}

/** ModelError 424 for what a container answered, or did not. */
export function modelError(facts: ModelErrorFacts): AwsError {
  const { place, logGroup: group, containerName, status, originalMessage } = facts;
  const side = isClientStatus(status) ? 'client' : 'server';
  const console = `https://${place.region}.console.aws.amazon.com/cloudwatch/home?region=${place.region}#logEventViewer:group=${group}`;
  const message = `Received ${side} error (${status}) from ${containerName} with message "${originalMessage}". See ${console} in account ${place.accountId} for more information.`;
  return modelFailure(facts, message);
}

/** ModelError for a model that could not be brought to the container: it names the artefact itself. */
export function artefactError(facts: ModelErrorFacts): AwsError {
  return modelFailure(facts, facts.originalMessage);
}

function modelFailure(facts: ModelErrorFacts, message: string): AwsError {
  const { place, logGroup, status, originalMessage } = facts;
  const ErrorType = facts.isUndelivered === true ? Undelivered : AwsError;
  return new ErrorType('ModelError', message, {
    statusCode: 424,
    members: {
      ErrorCode: isClientStatus(status) ? 'CLIENT_ERROR_FROM_MODEL' : 'INTERNAL_FAILURE_FROM_MODEL',
      OriginalStatusCode: status,
      OriginalMessage: originalMessage,
      LogStreamArn: arn(place, 'logs', `log-group:${logGroup}`),
    },
  });
}

function isClientStatus(status: number): boolean {
  return status >= 400 && status < 500;
}

/** What one container hands the next is more than it may be. */
export function handoverError(
  facts: ModelErrorFacts & { next: string; bytes: number; limit: number },
): AwsError {
  const { containerName, next, status, bytes, limit } = facts;
  const size = limit % MEBIBYTE === 0 ? `${limit / MEBIBYTE} MB` : `${limit} bytes`;
  const message = `Received response from ${containerName} with status code ${status}. However, the request payload from ${containerName} to ${next} is ${bytes} bytes, which has exceeded the maximum limit of ${size}.`;
  return modelFailure({ ...facts, originalMessage: message }, message);
}

const MEBIBYTE = 1024 * 1024;

export function timeoutMessage(containerName: string): string {
  return `Your invocation timed out while waiting for a response from container ${containerName}. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.`;
}

export function validationError(message: string, errorCode?: string): AwsError {
  return new AwsError('ValidationError', message, {
    members: errorCode === undefined ? {} : { ErrorCode: errorCode },
  });
}

export function modelNotReady(): AwsError {
  const message =
    'Model is not ready: the endpoint is still downloading or loading the target model. Wait and try again.';
  return new AwsError('ModelNotReadyException', message, { statusCode: 429 });
}

export function serviceUnavailable(): AwsError {
  const message = 'The service is unavailable. Try your call again.';
  return new AwsError('ServiceUnavailable', message, { statusCode: 503 });
}

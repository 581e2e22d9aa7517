// From what Step Functions says about a failed task or execution to an error of the registry. A pipeline's `Fail`
// state has the stage's error as its error and JSON {"stage","error","message"} as its cause; a Lambda error's message
// is the function's error object as JSON; a service error's message ends in "(Service: …, Status Code: …)".
import { type ErrorCode, type ErrorPlace, isErrorCode, SeriatimError } from './errors.ts';

/** What a state's `Catch` knows: `$states.errorOutput`. */
export interface CaughtError {
  readonly error: string | undefined;
  readonly message: string | undefined;
}

/** A failed execution as the registry's error. `status` tells a time-out of the whole execution from a stage's. */
export function executionError(failure: {
  readonly status: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly pipeline: string;
}): SeriatimError {
  const { pipeline } = failure;
  if (failure.status === 'TIMED_OUT') {
    return new SeriatimError('DeadlineExceeded', 'The execution did not end within its time.', { pipeline });
  }
  const stageFailure = parseCause(failure.cause);
  if (stageFailure === undefined) {
    const message = `${failure.error ?? 'States.Runtime'}: ${failure.cause ?? 'no cause given'}`;
    return new SeriatimError('ExecutionFailed', message, { pipeline });
  }
  const { stage, error, message } = stageFailure;
  return caughtError({ error: error ?? failure.error, message }, { pipeline, stage });
}

/** One stage's failure, as its `Catch` saw it, as the registry's error. */
export function caughtError(caught: CaughtError, place: ErrorPlace & { stage: string }): SeriatimError {
  const name = caught.error ?? 'States.TaskFailed';
  const text = caught.message ?? '';
  const thrown = lambdaError(text);
  if (isErrorCode(name))
    return new SeriatimError(name, thrown ?? text, withStatus(place, name, thrown ?? text));
  if (name === 'States.Timeout' || name === 'Sandbox.Timedout') return timedOut(place);
  const service = SERVICE_ERRORS.find((rule) => rule.name.test(name) && (rule.says?.test(text) ?? true));
  if (service !== undefined) {
    const known = withStatus(place, service.code, text);
    return new SeriatimError(service.code, thrown ?? readable(text, service.code), known);
  }
  if (thrown !== undefined) return new SeriatimError('StageFailed', `${name}: ${thrown}`, place);
  const code = name.startsWith('States.') ? 'ExecutionFailed' : 'StageFailed';
  return new SeriatimError(code, `${name}: ${readable(text, code)}`, place);
}

/** From the most particular to the least; names as Step Functions' SDK integrations and Lambda write them. */
const SERVICE_ERRORS: readonly { name: RegExp; says?: RegExp; code: ErrorCode }[] = [
  { name: /^SageMakerRuntime\.ValidationError/, says: /download model data/i, code: 'ModelNotFound' },
  {
    name: /^SageMakerRuntime\.ValidationError/,
    says: /Endpoint \S+ .*not found/,
    code: 'EndpointUnavailable',
  },
  {
    name: /^SageMakerRuntime\.ValidationError/,
    says: /\bvariant\b.*\bnot found\b|could not find variant/i,
    code: 'VariantNotFound',
  },
  { name: /^SageMakerRuntime\.ValidationError/, code: 'InvalidPayload' },
  // Status 0 is a container that did not answer: in time, or at all, since it died during the call.
  {
    name: /^SageMakerRuntime\.ModelError/,
    says: /^(?!.*timed out).*server error \(0\).*(?:ECONN|EPIPE|socket|other side closed|terminated|connection to container)/s,
    code: 'EndpointUnavailable',
  },
  { name: /^SageMakerRuntime\.ModelError/, says: /server error \(0\)|timed out/, code: 'StageTimeout' },
  { name: /^SageMakerRuntime\.ModelError/, says: /error \(507\)/, code: 'ModelOutOfMemory' },
  // The container's own words (container/formats/image.ts) about bytes that only the caller can have sent.
  {
    name: /^SageMakerRuntime\.ModelError/,
    says: /The image does not decode|is neither PNG, JPEG nor WebP/,
    code: 'InvalidPayload',
  },
  { name: /^SageMakerRuntime\.ModelError/, code: 'ModelFailed' },
  { name: /^SageMakerRuntime\.ModelNotReady/, code: 'ModelLoading' },
  { name: /^SageMakerRuntime\..*Throttl|^Lambda\.TooManyRequests/, code: 'EndpointThrottled' },
  {
    name: /^SageMakerRuntime\.(ServiceUnavailable|InternalFailure|InternalDependency)/,
    code: 'EndpointUnavailable',
  },
  { name: /^SageMakerRuntime\./, says: /Rate exceeded|Throttl/i, code: 'EndpointThrottled' },
  {
    name: /^SageMakerRuntime\.SdkClient|^Lambda\.(ServiceException|SdkClient|AWSLambda)/,
    code: 'EndpointUnavailable',
  },
  // A bucket without room, told by a function that gives it no name of its own.
  { name: /^InternalError$/, says: /\bENOSPC\b/, code: 'StorageFailed' },
  { name: /^States\.DataLimitExceeded$/, code: 'PayloadTooLarge' },
];

function timedOut(place: ErrorPlace & { stage: string }): SeriatimError {
  return new SeriatimError('StageTimeout', `The stage ${place.stage} did not answer within its time.`, place);
}

/** The service's message without its request ids; for a missing model, the model by name in front. */
function readable(text: string, code: ErrorCode): string {
  const message = text.replace(/\s*\(Service: [^)]*\)(\s*\(SDK Attempt Count: \d+\))?\s*$/, '');
  if (code === 'ModelFailed' || code === 'InvalidPayload') return containerSaid(message);
  // Which request it was is told elsewhere.
  if (code === 'VariantNotFound') return message.replace(/ for Request \S+$/, '');
  if (code !== 'ModelNotFound') return message;
  const model = /([^/\s"',()]+)\.tar\.gz/.exec(message)?.[1];
  return model === undefined ? message : `There is no model for "${model}" (${model}.tar.gz).`;
}

/**
 * What a container answered, without the JSON around it and the address of the console: `features answered 400: Record 0
 * has no "numeric".` A message of another form is kept as it is.
 */
function containerSaid(message: string): string {
  const found =
    /^Received (?:client|server) error \((\d+)\) from (\S+) with message "(\{.*\})"\. See https:/s.exec(
      message,
    );
  const { error } = (parseObject(found?.[3] ?? '') ?? {}) as { error?: { message?: unknown } };
  return typeof error?.message === 'string'
    ? `${found![2]} answered ${found![1]}: ${error.message}`
    : message;
}

/** A model's failure with the status that the container answered with. */
function withStatus(place: ErrorPlace, code: ErrorCode, text: string): ErrorPlace {
  const modelStatus = code === 'ModelFailed' ? modelStatusIn(text) : undefined;
  return modelStatus === undefined ? place : { ...place, modelStatus };
}

/**
 * `OriginalStatusCode` as the start of a message tells it, which is all that Step Functions hands on of it: SageMaker's
 * words, or after a Lambda function of ours those of `containerSaid`. What the model itself says comes behind it.
 */
function modelStatusIn(text: string): number | undefined {
  const found = /^(?:Received (?:client|server) error \((\d{3})\)|\S+ answered (\d{3}): )/.exec(text);
  return found === null ? undefined : Number(found[1] ?? found[2]);
}

/** `errorMessage` of a Lambda error object, when the text is one. */
function lambdaError(text: string): string | undefined {
  const parsed = parseObject(text);
  return typeof parsed?.errorMessage === 'string' ? parsed.errorMessage : undefined;
}

function parseCause(
  cause: string | undefined,
): { stage: string; error?: string; message?: string } | undefined {
  const parsed = parseObject(cause ?? '');
  if (typeof parsed?.stage !== 'string') return undefined;
  return {
    stage: parsed.stage,
    ...(typeof parsed.error === 'string' ? { error: parsed.error } : {}),
    ...(typeof parsed.message === 'string' ? { message: parsed.message } : {}),
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

// What to do about an error: by its code in the error registry, or by the name under which Step Functions, Lambda or
// SageMaker Runtime reported it.

const ADVICE: Readonly<Record<string, string>> = {
  InvalidPayload: 'Mend the field that the message names and send the record again.',
  UnsupportedContentType: 'Send one of the content types that the message names.',
  NotAcceptable: 'Ask for one of the content types that the message names.',
  PayloadTooLarge: 'Send fewer records at once, or send the file through the batch bucket.',
  ContractViolation:
    'The output of one stage does not fit the next: compare both schemas in the pipeline definition.',
  ModelNotFound:
    "Upload the artefact for this target model under the endpoint's model prefix, or mend the name.",
  VariantNotFound:
    'The endpoint has no variant of that name: name one that it has (GET /endpoints lists them), or leave it out.',
  ModelLoading: 'The model was still loading: send the request again in a moment.',
  ModelOutOfMemory: 'The container has no room for the model: allow more model memory, or a larger instance.',
  ModelFailed:
    "The model refused or broke: see the message, and the endpoint's log group for the container's own words.",
  EndpointThrottled: 'Send fewer requests at once, or give the endpoint more instances.',
  EndpointUnavailable:
    'See whether the endpoint is InService and its containers answer /ping; then send it again.',
  StageTimeout: 'The stage took longer than its timeout: see which attempt was slow, or raise the timeout.',
  DeadlineExceeded: "The request's deadline passed: see which stage was slow, or allow more time.",
  ClaimNotFound: 'The stored payload has expired: start the execution again from its input.',
  ClaimMismatch:
    'The stored payload was changed after it was written: start the execution again from its input.',
  'States.Timeout': "See which attempt was slow; raise the state's TimeoutSeconds if that is as expected.",
  'States.HeartbeatTimeout': 'The task sent no heartbeat in time: see whether its worker is alive.',
  StageFailed: "The stage's own code broke: see the message, and the log group of its function.",
  ExecutionFailed: 'See the cause; the definition of the state machine does not fit what it met.',
  'States.TaskFailed': "See the cause; the task's own log group has more.",
  'States.Permissions': "Give the state machine's role the permission that the message names.",
  'States.Runtime':
    "The definition does not fit the data it met: compare the stage's input with what it reads.",
  'States.QueryEvaluationError':
    'A JSONata expression of the definition failed on this data: compare it with the input.',
  'States.DataLimitExceeded': "A state's input or output passed 256 KiB: send fewer records at once.",
  'States.ExceedToleratedFailureThreshold':
    'Too many records failed: read the error records, then send those again.',
  'States.ItemReaderFailed':
    'The input object could not be read: see that it exists and is the format expected.',
  'States.ResultWriterFailed':
    "The results could not be written: see the bucket and the role's permission to it.",
  'SageMakerRuntime.ValidationErrorException':
    "SageMaker refused the call: see the endpoint's name, the target model and the size of the body.",
  'Lambda.TooManyRequestsException': "Too many invocations at once: raise the function's concurrency.",
  'Lambda.ResourceNotFoundException': 'The function does not exist: deploy the template again.',
  'Lambda.Unknown': 'The function ended without an answer: see its log group.',
  'Lambda.ServiceException': 'Lambda itself failed: send the request again.',
  'Sandbox.Timedout': 'The function took longer than its timeout: see its log group, or raise the timeout.',
  'Runtime.ExitError': "The function's process ended: see its log group; it may have run out of memory.",
};

/** These two say where an error arose; what was reported says more about what to do. */
const GENERAL = new Set(['StageFailed', 'ExecutionFailed']);

/** @param code of the error registry; @param reported the error's name as Step Functions has it */
export function adviceFor(code: string, reported: string): string | undefined {
  const byName = Object.hasOwn(ADVICE, reported) ? ADVICE[reported] : undefined;
  const byCode = Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined;
  return GENERAL.has(code) ? (byName ?? byCode) : (byCode ?? byName);
}

// The default retry policies. What is retried is what the error registry calls `retry`; a model's own error is not:
// the same record would meet the same model.
import type { CallStage, RetryRule } from '../pipeline.ts';

/** Lambda's own hiccups: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception */
const FUNCTION_RETRY: readonly RetryRule[] = [
  {
    ErrorEquals: [
      'Lambda.ServiceException',
      'Lambda.AWSLambdaException',
      'Lambda.SdkClientException',
      'Lambda.TooManyRequestsException',
    ],
    IntervalSeconds: 1,
    MaxAttempts: 3,
    BackoffRate: 2,
    JitterStrategy: 'FULL',
  },
];

/** A cold model may take 60 s to load and longer, an endpoint that scales out a moment. */
const INFERENCE_RETRY: readonly RetryRule[] = [
  {
    ErrorEquals: ['SageMakerRuntime.ModelNotReadyException'],
    IntervalSeconds: 1,
    MaxAttempts: 6,
    BackoffRate: 2,
    MaxDelaySeconds: 30,
  },
  {
    ErrorEquals: [
      'SageMakerRuntime.ServiceUnavailableException',
      'SageMakerRuntime.InternalFailureException',
      'SageMakerRuntime.InternalDependencyException',
      'SageMakerRuntime.ThrottlingException',
      'SageMakerRuntime.SdkClientException',
    ],
    IntervalSeconds: 1,
    MaxAttempts: 3,
    BackoffRate: 2,
    JitterStrategy: 'FULL',
  },
];

/** Through the function `invoke-endpoint`: Lambda's hiccups, and the endpoint's under the registry's names. */
export const PAYLOAD_RETRY: readonly RetryRule[] = [
  ...FUNCTION_RETRY,
  { ErrorEquals: ['ModelLoading'], IntervalSeconds: 1, MaxAttempts: 6, BackoffRate: 2, MaxDelaySeconds: 30 },
  {
    ErrorEquals: ['EndpointThrottled', 'EndpointUnavailable'],
    IntervalSeconds: 1,
    MaxAttempts: 3,
    BackoffRate: 2,
    JitterStrategy: 'FULL',
  },
];

/** What keeps the other pipeline from starting; what fails inside it has been retried there. */
const NESTED_RETRY: readonly RetryRule[] = [
  {
    ErrorEquals: ['Sfn.SfnException', 'Sfn.SdkClientException'],
    IntervalSeconds: 1,
    MaxAttempts: 3,
    BackoffRate: 2,
    JitterStrategy: 'FULL',
  },
];

const DEFAULT_SECONDS = { function: 10, inference: 20, payload: 20, nested: 20 } as const;
const DEFAULT_RETRY = {
  function: FUNCTION_RETRY,
  inference: INFERENCE_RETRY,
  payload: PAYLOAD_RETRY,
  nested: NESTED_RETRY,
};

/** The fields of a task that its stage's policy decides. */
export function policyOf(stage: CallStage): { TimeoutSeconds: number; Retry: readonly RetryRule[] } {
  return { TimeoutSeconds: timeoutOf(stage), Retry: retryOf(stage) };
}

export function retryOf(stage: CallStage): readonly RetryRule[] {
  return stage.retry ?? DEFAULT_RETRY[stage.kind];
}

export function timeoutOf(stage: CallStage): number {
  return stage.timeoutSeconds ?? DEFAULT_SECONDS[stage.kind];
}

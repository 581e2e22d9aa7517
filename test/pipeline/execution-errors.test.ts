// From Step Functions' words to the registry's codes.
import { describe, expect, it } from 'vitest';
import { ERRORS, executionError } from '../../layers/seriatim/index.ts';

const service = '(Service: SageMakerRuntime, Status Code: 400, Request ID: 8a1) (SDK Attempt Count: 1)';

const failed = (error: string, message: string) =>
  executionError({
    status: 'FAILED',
    error,
    cause: JSON.stringify({ stage: 'Estimate', error, message }),
    pipeline: 'house-prices',
  });

describe('what a container answered', () => {
  it('is told by its own sentence, without JSON in JSON and the address of a console', () => {
    const inner = JSON.stringify({ error: { code: 'InvalidPayload', message: 'Record 0 has no "a".' } });
    const message = `Received client error (400) from features with message "${inner}". See https://c in account 0. ${service}`;

    const { message: told } = failed('SageMakerRuntime.ModelErrorException', message);

    expect(told).toBe('features answered 400: Record 0 has no "a".');
  });
});

describe('executionError', () => {
  it.each([
    [
      'SageMakerRuntime.ValidationErrorException',
      `Failed to download model data (bucket: m, key: house-prices/cities/Oslo_NO.tar.gz). Please … ${service}`,
      'ModelNotFound',
      404,
    ],
    [
      'SageMakerRuntime.ValidationErrorException',
      `Endpoint x of account 1 not found. ${service}`,
      'EndpointUnavailable',
      503,
    ],
    ['SageMakerRuntime.ValidationErrorException', `Something else ${service}`, 'InvalidPayload', 400],
    [
      'SageMakerRuntime.ModelErrorException',
      'Received server error (500) from cities with message "x".',
      'ModelFailed',
      424,
    ],
    [
      'SageMakerRuntime.ModelErrorException',
      'Received client error (400) from cities with message "x".',
      'ModelFailed',
      424,
    ],
    [
      'SageMakerRuntime.ModelErrorException',
      'Received server error (0) from cities with message "…timed out…".',
      'StageTimeout',
      504,
    ],
    [
      'SageMakerRuntime.ModelErrorException',
      'Received server error (0) from cities with message "The connection to container cities failed: read ECONNRESET".',
      'EndpointUnavailable',
      503,
    ],
    [
      'SageMakerRuntime.ModelErrorException',
      'Received server error (507) from cities with message "x".',
      'ModelOutOfMemory',
      507,
    ],
    ['SageMakerRuntime.ModelNotReadyException', 'loading', 'ModelLoading', 429],
    ['SageMakerRuntime.ServiceUnavailableException', 'no', 'EndpointUnavailable', 503],
    ['SageMakerRuntime.ThrottlingException', 'Rate exceeded', 'EndpointThrottled', 429],
    ['Lambda.TooManyRequestsException', 'Rate Exceeded.', 'EndpointThrottled', 429],
    ['States.Timeout', '', 'StageTimeout', 504],
    ['States.DataLimitExceeded', 'The state/task …', 'PayloadTooLarge', 413],
    [
      'InvalidPayload',
      '{"errorType":"InvalidPayload","errorMessage":"instances[0].n: no","trace":[]}',
      'InvalidPayload',
      400,
    ],
    ['TypeError', '{"errorType":"TypeError","errorMessage":"x is undefined"}', 'StageFailed', 500],
    ['States.Runtime', 'An error occurred while …', 'ExecutionFailed', 500],
    [
      'SageMakerRuntime.ModelErrorException',
      'Received client error (400) from quality with message "{"error":{"message":"The image does not decode: x"}}". See https://…',
      'InvalidPayload',
      400,
    ],
  ])('reads %s: %s as %s', (error, message, code, httpStatus) => {
    expect(failed(error, message)).toMatchObject({
      code,
      httpStatus,
      stage: 'Estimate',
      pipeline: 'house-prices',
    });
  });

  it('names the missing model', () => {
    const message = `Failed to download model data (bucket: m, key: house-prices/cities/Oslo_NO.tar.gz). ${service}`;

    expect(failed('SageMakerRuntime.ValidationErrorException', message).message).toBe(
      'There is no model for "Oslo_NO" (Oslo_NO.tar.gz).',
    );
  });

  it("gives a function's own message, without its stack", () => {
    const message = '{"errorType":"InvalidPayload","errorMessage":"instances[0].n: no","trace":["at x"]}';

    expect(failed('InvalidPayload', message).message).toBe('instances[0].n: no');
  });

  it('leaves request ids out of messages', () => {
    expect(failed('SageMakerRuntime.ModelNotReadyException', `Loading. ${service}`).message).toBe('Loading.');
  });

  it('tells a time-out of the whole execution from that of a stage', () => {
    const error = executionError({
      status: 'TIMED_OUT',
      error: 'States.Timeout',
      cause: undefined,
      pipeline: 'p',
    });

    expect(error).toMatchObject({ code: 'DeadlineExceeded', httpStatus: 504 });
  });

  it.each([undefined, 'no JSON', '{"no":"stage"}'])(
    'calls a cause that no stage wrote (%s) ExecutionFailed',
    (cause) => {
      const error = executionError({ status: 'FAILED', error: 'States.Runtime', cause, pipeline: 'p' });

      expect(error).toMatchObject({ code: 'ExecutionFailed', httpStatus: 500 });
    },
  );
});

describe('the registry', () => {
  it('has an HTTP status that fits the effect', () => {
    for (const [code, { effect, httpStatus }] of Object.entries(ERRORS)) {
      expect(httpStatus, code).toBeGreaterThanOrEqual(400);
      if (effect === 'retry') expect([429, 503, 504, 507], code).toContain(httpStatus);
    }
  });
});

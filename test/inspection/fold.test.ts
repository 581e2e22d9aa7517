// The fold of histories into views: recorded ones from AWS, and those of our own pipelines.
import { describe, expect, it } from 'vitest';
import { executionsTable } from '../../cli/format/executions.ts';
import { waterfall } from '../../cli/format/waterfall.ts';
import { readFailure } from '../../layers/seriatim/inspection/failure.ts';
import { foldExecution } from '../../layers/seriatim/inspection/fold.ts';
import { fromLogLine } from '../../layers/seriatim/inspection/history.ts';
import type { StageView } from '../../layers/seriatim/inspection/view.ts';
import { failedHistory, housePricesHistory, START_MS } from './house-prices.ts';
import { DESCRIPTION, RECORDED_NAMES, recorded } from './recorded.ts';

function fold(name: string) {
  return foldExecution(recorded(name).events, DESCRIPTION);
}

function outline(stages: readonly StageView[]): string[] {
  return stages.map((stage) => `${stage.name} ${stage.kind} ${stage.status}`);
}

describe('a history that AWS recorded', () => {
  it.each(RECORDED_NAMES)('folds %s to the status that AWS reported', (name) => {
    expect(fold(name).status).toBe(recorded(name).status);
  });

  it.each(RECORDED_NAMES)('folds %s from its log lines to the same view', (name) => {
    const { logLines, events } = recorded(name);

    const fromLog = foldExecution(
      logLines.map((line) => fromLogLine(line)!),
      DESCRIPTION,
    );

    expect(fromLog).toEqual(foldExecution(events, DESCRIPTION));
  });

  it('shows every attempt of a retried task with the wait before the next', () => {
    const [invoke, handler] = fold('retried-and-caught').stages;

    expect(invoke).toMatchObject({
      name: 'InvokeLambdaWithRetry',
      kind: 'function',
      status: 'FAILED',
      caught: true,
    });
    expect(
      invoke!.attempts.map(({ number, status, durationMs, waitMs }) => [number, status, durationMs, waitMs]),
    ).toEqual([
      [1, 'FAILED', 20, 10],
      [2, 'FAILED', 20, 10],
      [3, 'FAILED', 20, 10],
      [4, 'FAILED', 20, undefined],
    ]);
    expect(invoke!.attempts[0]!.error).toMatchObject({
      reported: 'Exception',
      message: 'Some exception was raised.',
    });
    expect(handler).toMatchObject({ name: 'HandleError', kind: 'pass', status: 'SUCCEEDED' });
  });

  it('folds the attempts inside a Map into the Map’s stage', () => {
    const view = fold('map-iteration-fails');

    expect(outline(view.stages)).toEqual(['ProcessItems map FAILED']);
    expect(
      view.stages[0]!.attempts.map(({ state, iteration, number }) => [state, iteration, number]),
    ).toEqual([
      ['ProcessItem', 0, 1],
      ['ProcessItem', 0, 2],
    ]);
    expect(view.error).toMatchObject({ reported: 'States.QueryEvaluationError', stage: 'Fallback' });
  });

  it('keeps a Map whole whose iterations caught their errors', () => {
    const [map] = fold('map-iterations-catch').stages;

    expect(map).toMatchObject({ status: 'SUCCEEDED', iterations: 3 });
    expect(map!.attempts.map(({ iteration, status }) => [iteration, status])).toEqual([
      [0, 'FAILED'],
      [1, 'FAILED'],
      [2, 'FAILED'],
    ]);
  });

  it('counts the iterations of a Map that was retried', () => {
    expect(fold('map-retried').stages.at(-1)).toMatchObject({
      name: 'MapState',
      iterations: 3,
      status: 'FAILED',
    });
  });

  it('keeps the Maps inside a Map out of the list of stages', () => {
    expect(outline(fold('map-nested').stages)).toEqual(['MapL1 map SUCCEEDED']);
  });

  it('shows a Map Run with its ARN and status', () => {
    expect(fold('map-run-over-csv').stages[0]).toMatchObject({
      kind: 'map',
      mapRun: { arn: expect.stringContaining(':mapRun:recorded/'), status: 'SUCCEEDED' },
    });
  });

  it('shows a state visited twice as two stages', () => {
    expect(outline(fold('map-run-in-a-loop').stages)).toEqual([
      'StartState pass SUCCEEDED',
      'BeforeIteration pass SUCCEEDED',
      'IterationBody map SUCCEEDED',
      'CheckIteration switch SUCCEEDED',
      'BeforeIteration pass SUCCEEDED',
      'IterationBody map SUCCEEDED',
      'CheckIteration switch SUCCEEDED',
    ]);
  });

  it('shows a Parallel whose branch failed as failed', () => {
    const view = fold('parallel-fails');

    expect(outline(view.stages)).toEqual(['ParallelState parallel FAILED']);
    expect(view.error).toMatchObject({ reported: 'FailureType', stage: 'ParallelState' });
  });

  it('puts a failed expression with the state that it stands in', () => {
    const view = fold('expression-fails');

    expect(view.error).toMatchObject({
      reported: 'States.QueryEvaluationError',
      stage: view.stages[0]!.name,
    });
    expect(view.stages[0]!.status).toBe('FAILED');
  });

  it('finds the stage of a runtime error in its cause', () => {
    const view = fold('runtime-error');

    expect(view.error).toMatchObject({ stage: 'WaitState', reported: 'States.Runtime' });
    expect(view.stages[0]).toMatchObject({ status: 'FAILED', error: { reported: 'States.Runtime' } });
  });
});

describe('a history of a pipeline', () => {
  const view = foldExecution(housePricesHistory(), DESCRIPTION);

  it('has the pipeline, its times and what it got and gave', () => {
    expect(view).toMatchObject({
      pipeline: 'house-prices',
      status: 'SUCCEEDED',
      start: new Date(START_MS).toISOString(),
      input: { records: [{ position: 0, value: { city: 'Houston_TX' } }] },
      output: { records: [{ position: 0, value: { price: 857721 } }] },
    });
    expect(view.durationMs).toBe(housePricesHistory().at(-1)!.timeMs - START_MS);
  });

  it('has one stage per stage of the definition', () => {
    expect(outline(view.stages)).toEqual([
      'Preprocess function SUCCEEDED',
      'Estimate inference SUCCEEDED',
      'Postprocess function SUCCEEDED',
    ]);
  });

  it('tells cold from warm calls and names the target models', () => {
    expect(view.stages[1]!.inference).toEqual({
      endpoint: 'seriatim-dev-house-prices',
      variants: ['AllTraffic'],
      targetModels: ['Houston_TX.tar.gz', 'Dallas_TX.tar.gz'],
      checksums: [],
      cold: 1,
      warm: 1,
      evicted: 0,
      pinned: 0,
      batch: 1,
    });
  });

  it('shows what each call to the endpoint met', () => {
    const dallas = view.stages[1]!.attempts.filter((attempt) => attempt.iteration === 1);

    expect(dallas).toMatchObject([
      {
        number: 1,
        status: 'FAILED',
        error: { code: 'ModelLoading', message: 'Model is not ready.' },
        inference: { targetModel: 'Dallas_TX.tar.gz', marks: [] },
      },
      {
        number: 2,
        status: 'SUCCEEDED',
        input: { instances: [[1, 2]] },
        output: { predictions: [[13.5]] },
        inference: {
          variant: 'AllTraffic',
          marks: [
            {
              model: 'Dallas_TX.tar.gz',
              load: 'cold',
              loadMs: 21.3,
              queueMs: 0.02,
              computeMs: 0.11,
              batch: 1,
            },
          ],
        },
      },
    ]);
    expect(dallas[0]!.waitMs).toBeGreaterThanOrEqual(1000);
  });

  it('shows a function’s own payload without the integration’s wrapping', () => {
    expect(view.stages[0]!.attempts).toMatchObject([
      {
        target: 'seriatim-dev-preprocess-house',
        input: { stage: 'Preprocess', records: [] },
        output: { records: [{ position: 0, value: 1 }] },
      },
    ]);
  });

  it('reads the failing stage, code and message out of nested causes', () => {
    const failed = foldExecution(failedHistory(), DESCRIPTION);

    expect(failed.error).toMatchObject({
      stage: 'Preprocess',
      code: 'InvalidPayload',
      message: 'city: expected text',
      advice: expect.stringContaining('field'),
    });
    expect(outline(failed.stages)).toEqual(['Preprocess function FAILED']);
  });
});

describe('an execution that somebody stopped', () => {
  const running = housePricesHistory().slice(0, 3);

  it('is not blamed on the stage that ran', () => {
    const view = foldExecution(running, { ...DESCRIPTION, type: 'STANDARD', status: 'ABORTED' });

    expect(view.error).toMatchObject({ code: 'ExecutionFailed', reported: 'ExecutionAborted' });
    expect(view.error).not.toHaveProperty('stage');
    expect(view.error!.message).toMatch(/^Stopped by a caller/);
    expect(view.error!.advice).toMatch(/redrive/);
    expect(view.stages.map(({ status }) => status)).not.toContain('FAILED');
  });
});

describe('a variant that the endpoint has not', () => {
  it('is advised about, not the record', () => {
    const cause = 'Variant canary not found for Request 1 (Service: SageMakerRuntime, Status Code: 400)';
    expect(readFailure('SageMakerRuntime.ValidationErrorException', cause)).toMatchObject({
      code: 'VariantNotFound',
      message: 'Variant canary not found',
      advice: expect.stringMatching(/variant/),
    });
    expect(readFailure('SageMakerRuntime.ValidationErrorException', 'No.')).toMatchObject({
      code: 'InvalidPayload',
      advice: expect.not.stringMatching(/variant/),
    });
  });
});

describe('a batch that went through', () => {
  it('says how many of its records failed', () => {
    const output = JSON.stringify({
      status: 'SUCCEEDED',
      counts: { records: 303, succeeded: 299, failed: 4 },
    });
    const view = foldExecution([], { ...DESCRIPTION, type: 'STANDARD', status: 'SUCCEEDED', output });

    expect(view.records).toEqual({ total: 303, failed: 4 });
    expect(waterfall(view)).toContain('! SUCCEEDED   4 of 303 records failed');
    expect(executionsTable([view])).toContain('4 of 303 records failed');
  });
});

describe('a model that failed', () => {
  it('is told in its own words, without links and folders that lead nowhere', () => {
    const said = JSON.stringify({ error: { message: 'Load model from /srv/ann/models/a.onnx failed' } });
    const link =
      'https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group=/aws/sagemaker/Endpoints/e in account 000000000000 for more information.';
    const cause = `Received server error (500) from prices with message "${said}". See ${link}`;

    const error = readFailure('SageMakerRuntime.ModelErrorException', cause);

    expect(error.message).toBe('prices answered 500: Load model from a.onnx failed');
    expect(JSON.stringify(error)).not.toMatch(/console\.aws|\/srv\/ann/);
  });
});

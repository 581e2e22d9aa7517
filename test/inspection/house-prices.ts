// Histories of a pipeline with a function, an inference and a function, built event by event.
import type { HistoryEvent } from '../../layers/seriatim/inspection/history.ts';

export const START_MS = Date.parse('2026-11-22T17:00:00.000Z');

/** Writes a history: each event follows the one before it unless told, one millisecond later unless told. */
export function historyWriter(startMs = START_MS) {
  const events: HistoryEvent[] = [];
  let timeMs = startMs;
  return {
    events,
    add(
      type: string,
      details: Record<string, unknown> = {},
      at: { afterMs?: number; previousId?: number } = {},
    ) {
      timeMs += at.afterMs ?? (events.length === 0 ? 0 : 1);
      const id = events.length + 1;
      const previousId = at.previousId ?? (id <= 2 ? 0 : id - 1);
      events.push({ id, previousId, type, timeMs, details });
      return id;
    },
  };
}

type Writer = ReturnType<typeof historyWriter>;

export function lambdaScheduled(functionName: string, payload: unknown): Record<string, unknown> {
  return {
    resourceType: 'lambda',
    resource: 'invoke',
    region: 'us-east-1',
    parameters: JSON.stringify({ FunctionName: functionName, Payload: payload }),
  };
}

function functionStage(writer: Writer, name: string, functionName: string): void {
  writer.add('TaskStateEntered', { name, input: '{"records":[]}' });
  writer.add('TaskScheduled', lambdaScheduled(functionName, { stage: name, records: [] }));
  writer.add('TaskStarted', { resourceType: 'lambda', resource: 'invoke' });
  const output = JSON.stringify({ Payload: { records: [{ position: 0, value: 1 }] }, StatusCode: 200 });
  writer.add('TaskSucceeded', { resourceType: 'lambda', resource: 'invoke', output }, { afterMs: 5 });
  writer.add('TaskStateExited', { name, output: '{"records":[{"position":0,"value":1}]}' });
}

export const INVOKE_ENDPOINT = { resourceType: 'aws-sdk:sagemakerruntime', resource: 'invokeEndpoint' };

export function invokeEndpoint(targetModel: string): Record<string, unknown> {
  const parameters = {
    EndpointName: 'seriatim-dev-house-prices',
    TargetModel: targetModel,
    ContentType: 'application/json',
    Body: { instances: [[1, 2]] },
  };
  return { ...INVOKE_ENDPOINT, region: 'us-east-1', parameters: JSON.stringify(parameters) };
}

export function invoked(customAttributes: string): Record<string, unknown> {
  const output = {
    Body: '{"predictions":[[13.5]]}',
    ContentType: 'application/json',
    InvokedProductionVariant: 'AllTraffic',
    CustomAttributes: customAttributes,
  };
  return { ...INVOKE_ENDPOINT, output: JSON.stringify(output) };
}

/** Preprocess, Estimate over two cities of which one loads cold on its second attempt, Postprocess. */
export function housePricesHistory(startMs = START_MS): readonly HistoryEvent[] {
  const writer = historyWriter(startMs);
  const { add } = writer;
  add('ExecutionStarted', {
    input: '{"records":[{"position":0,"value":{"city":"Houston_TX"}}]}',
    roleArn: 'role',
  });
  functionStage(writer, 'Preprocess', 'seriatim-dev-preprocess-house');
  add('MapStateEntered', { name: 'Estimate', input: '{"records":[{"position":0,"value":1}]}' });
  const started = add('MapStateStarted', { length: 2 });
  const first = add('MapIterationStarted', { name: 'Estimate', index: 0 });
  const second = add('MapIterationStarted', { name: 'Estimate', index: 1 }, { previousId: started });
  add('TaskStateEntered', { name: 'InvokeEstimate', input: '{}' }, { previousId: first });
  const one = add('TaskScheduled', invokeEndpoint('Houston_TX.tar.gz'));
  add('TaskStateEntered', { name: 'InvokeEstimate', input: '{}' }, { previousId: second });
  add('TaskScheduled', invokeEndpoint('Dallas_TX.tar.gz'));
  const refused = add('TaskFailed', {
    ...INVOKE_ENDPOINT,
    error: 'SageMakerRuntime.ModelNotReadyException',
    cause:
      'Model is not ready. (Service: SageMakerRuntime, Status Code: 429, Request ID: r-1) (SDK Attempt Count: 1)',
  });
  add('TaskSucceeded', invoked('model=Houston_TX.tar.gz;load=warm;queue-ms=0.02;compute-ms=0.11;batch=1'), {
    previousId: one,
  });
  const exited = add('TaskStateExited', { name: 'InvokeEstimate', output: '{}' });
  add('MapIterationSucceeded', { name: 'Estimate', index: 0 }, { previousId: exited });
  add('TaskScheduled', invokeEndpoint('Dallas_TX.tar.gz'), { previousId: refused, afterMs: 1000 });
  add(
    'TaskSucceeded',
    invoked('model=Dallas_TX.tar.gz;load=cold;load-ms=21.3;queue-ms=0.02;compute-ms=0.11;batch=1'),
  );
  const last = add('TaskStateExited', { name: 'InvokeEstimate', output: '{}' });
  add('MapIterationSucceeded', { name: 'Estimate', index: 1 });
  add('MapStateSucceeded', {});
  add(
    'MapStateExited',
    { name: 'Estimate', output: '{"records":[{"position":0,"value":2}]}' },
    { previousId: last + 1 },
  );
  functionStage(writer, 'Postprocess', 'seriatim-dev-postprocess-house');
  add('ExecutionSucceeded', { output: '{"records":[{"position":0,"value":{"price":857721}}]}' });
  return writer.events;
}

/** Preprocess refuses the record; its Catch leads into the Fail state. */
export function failedHistory(startMs = START_MS): readonly HistoryEvent[] {
  const { add, events } = historyWriter(startMs);
  add('ExecutionStarted', { input: '{"records":[]}', roleArn: 'role' });
  add('TaskStateEntered', { name: 'Preprocess', input: '{"records":[]}' });
  add('TaskScheduled', lambdaScheduled('seriatim-dev-preprocess-house', {}));
  const thrown = '{"errorType":"InvalidPayload","errorMessage":"city: expected text","trace":[]}';
  add('TaskFailed', { resourceType: 'lambda', resource: 'invoke', error: 'InvalidPayload', cause: thrown });
  add('TaskStateExited', { name: 'Preprocess', output: '{}' });
  add('FailStateEntered', { name: 'StageFailed', input: '{}' });
  const cause = JSON.stringify({ stage: 'Preprocess', error: 'InvalidPayload', message: thrown });
  add('ExecutionFailed', { error: 'InvalidPayload', cause });
  return events;
}

// `arn:aws:states:::states:startExecution`, `.sync`, `.sync:2`, `.waitForTaskToken`.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
import { randomUUID } from 'node:crypto';
import { toAwsError } from '../../wire/errors.ts';
import { isObject, type Json, parseJson, textOf } from '../json/text.ts';
import type { ChildOutcome } from '../run/engine.ts';
import { StateFailure } from '../run/failure.ts';
import { waitForToken } from './callback.ts';
import type { Integration, RunningCall } from './integration.ts';
import { optimisedFailure } from './service-errors.ts';

export const statesStart: Integration = {
  async run(call) {
    const { pattern } = call.state.resource;
    if (pattern === 'token') return waitForToken(call, async () => (await start(call)).answer);
    if (call.wasSubmitted) return complete(call, (call.frame.marker as SyncMarker).executionArn);
    const { executionArn, answer } = await start(call);
    if (pattern === 'request') return answer;
    call.events.submitted(answer);
    const marker: SyncMarker = { executionArn, isSubmitted: true };
    call.frame.marker = marker;
    call.frame.execution.changed(call.frame);
    return complete(call, executionArn);
  },
};

/** Which execution a task waits for: it is found again after a restart. */
interface SyncMarker {
  readonly executionArn: string;
  readonly isSubmitted: true;
}

async function start(call: RunningCall): Promise<{ executionArn: string; answer: Json }> {
  const given = isObject(call.parameters) ? call.parameters : {};
  call.events.started();
  try {
    const { executionArn, startMs } = await call.frame.execution.engine.children.start({
      stateMachineArn: String(given.StateMachineArn),
      name: typeof given.Name === 'string' ? given.Name : undefined,
      input: inputText(given.Input),
    });
    const answer = {
      ExecutionArn: executionArn,
      SdkHttpMetadata: { HttpStatusCode: 200 },
      SdkResponseMetadata: { RequestId: randomUUID() },
      StartDate: startMs / 1000,
    };
    return { executionArn, answer };
  } catch (thrown) {
    throw optimisedFailure('StepFunctions', 'AWSStepFunctions', toAwsError(thrown));
  }
}

function inputText(input: Json | undefined): string {
  if (input === undefined || input === null) return '{}';
  return typeof input === 'string' ? input : textOf(input);
}

async function complete(call: RunningCall, executionArn: string): Promise<Json> {
  const { children } = call.frame.execution.engine;
  const forget = call.frame.cancellation.onCancel(() => children.stop(executionArn));
  try {
    const outcome = await call.deadlines.race(children.ended(executionArn));
    const described = describe(outcome, call.state.resource.pattern === 'sync:2');
    if (outcome.status === 'SUCCEEDED') return described;
    throw new StateFailure('States.TaskFailed', textOf(described), { isTask: true });
  } finally {
    forget();
  }
}

/** `.sync` gives the output as text, `.sync:2` as JSON. */
function describe(outcome: ChildOutcome, isParsed: boolean): Json {
  if (!isParsed) return outcome.description;
  const { Input, Output } = outcome.description;
  return {
    ...outcome.description,
    Input: parsed(Input),
    ...(Output === undefined ? {} : { Output: parsed(Output) }),
  };
}

function parsed(text: Json): Json {
  return typeof text === 'string' ? parseJson(text) : text;
}

// Task: one call of an integration, with its events, deadlines, Retry and Catch.
import type { TaskState } from '../definition/types.ts';
import { integrationFor } from '../integrations/index.ts';
import type { TaskCall } from '../integrations/integration.ts';
import { taskEvents } from '../integrations/task-events.ts';
import { exceedsBytes, type Json, mayHoldLiterals, textOf } from '../json/text.ts';
import { Cancelled } from './cancellation.ts';
import { type Exit, effectiveInput, filterInput, leaveWithResult } from './data-flow.ts';
import { Deadlines } from './deadlines.ts';
import type { Frame } from './frame.ts';
import { dataLimitExceeded, MAX_PAYLOAD_BYTES, toFailure } from './interpreter.ts';
import { withPolicies } from './policies.ts';

export async function runTask(frame: Frame, state: TaskState): Promise<Exit> {
  const outcome = await withPolicies(frame, state, { attempt: () => attempt(frame, state) });
  if ('exit' in outcome) return outcome.exit;
  const { result } = outcome;
  frame.taskToken = undefined;
  return leaveWithResult(frame, state, result);
}

/** What a task waiting for its token has to remember across a restart. */
interface TokenMarker {
  readonly token: string;
  readonly isSubmitted: boolean;
}

async function attempt(frame: Frame, state: TaskState): Promise<Json> {
  const { engine } = frame.execution;
  const marker = frame.marker as TokenMarker | undefined;
  const needsToken = state.resource.pattern === 'token' || state.resource.kind === 'activity';
  frame.taskToken = needsToken ? (marker?.token ?? engine.tokens.create()) : undefined;
  const parameters = await effectiveInput(frame, state);
  const mocked = engine.mock?.(frame, state, parameters);
  if (mocked !== undefined) return mocked;
  const scope = frame.scope(filterInput(frame, state));
  const timeoutSeconds = await state.timeoutSeconds(scope);
  const heartbeatSeconds = await state.heartbeatSeconds(scope);
  const credentials = await state.credentials?.(scope);
  const call: TaskCall = { frame, state, parameters, timeoutSeconds, heartbeatSeconds, credentials };
  return perform(call, marker?.isSubmitted === true);
}

async function perform(call: TaskCall, wasSubmitted: boolean): Promise<Json> {
  const { frame, state } = call;
  const events = taskEvents(call);
  if (!wasSubmitted) events.scheduled();
  // Nothing outside may happen that the journal does not lead up to.
  const settled = frame.execution.settled();
  if (settled !== undefined) await settled;
  const deadlines = new Deadlines(frame, call.timeoutSeconds, call.heartbeatSeconds);
  try {
    const work = integrationFor(state.resource).run({ ...call, events, deadlines, wasSubmitted });
    const result = await frame.cancellation.guard(deadlines.race(work));
    const text = textOf(result);
    if (exceedsBytes(text, MAX_PAYLOAD_BYTES)) throw dataLimitExceeded(limitName(state));
    events.succeeded(result);
    if (mayHoldLiterals(text)) frame.execution.hasLiterals = true;
    return result;
  } catch (thrown) {
    if (thrown instanceof Cancelled) throw thrown;
    const failure = toFailure(frame, thrown);
    if (failure.error === 'States.Timeout' && failure.failureCause === undefined) events.timedOut(failure);
    else events.failed(failure);
    throw failure;
  } finally {
    deadlines.end();
    frame.marker = undefined;
  }
}

function limitName(state: TaskState): string {
  return state.resource.kind === 'lambda' ? state.resource.text : state.name;
}

// Task: one call of an integration, with its events, deadlines, Retry and Catch.
import type { TaskState } from '../definition/types.ts';
import { integrationFor } from '../integrations/index.ts';
import type { TaskCall } from '../integrations/integration.ts';
import { checkFields } from '../integrations/known-fields.ts';
import { mocked } from '../integrations/mocked.ts';
import { taskEvents } from '../integrations/task-events.ts';
import { exceedsBytes, holdsLiterals, type Json, textOf } from '../json/text.ts';
import { Cancelled } from './cancellation.ts';
import { type Exit, effectiveInput, filterInput, leaveWithResult } from './data-flow.ts';
import { Deadlines } from './deadlines.ts';
import type { Frame } from './frame.ts';
import { inspect } from './inspection.ts';
import { toFailure } from './interpreter.ts';
import { dataLimitExceeded, MAX_PAYLOAD_BYTES } from './limits.ts';
import { withPolicies } from './policies.ts';
import { andThen, type MaybePromise } from './scope.ts';

export function runTask(frame: Frame, state: TaskState): Promise<Exit> {
  return withPolicies(frame, state, {
    attempt: async () => {
      const result = await attempt(frame, state);
      frame.taskToken = undefined;
      return leaveWithResult(frame, state, result);
    },
  });
}

/** What a task waiting for a callback or a job has to remember across a restart. */
interface TaskMarker {
  readonly token?: string;
  readonly isSubmitted?: boolean;
}

function attempt(frame: Frame, state: TaskState): Json | Promise<Json> {
  const { engine } = frame.execution;
  const marker = frame.marker as TaskMarker | undefined;
  const needsToken = state.resource.pattern === 'token' || state.resource.kind === 'activity';
  frame.taskToken = needsToken ? (marker?.token ?? engine.tokens.create()) : undefined;
  // Whoever gets the token may answer after a restart, also when the task then goes out again.
  if (needsToken && marker === undefined) {
    frame.marker = { token: frame.taskToken };
    frame.execution.changed(frame);
  }
  const { test } = frame.execution.start;
  return andThen(effectiveInput(frame, state), (parameters) => {
    if (test?.mock !== undefined) return noted(frame, test.mock());
    checkFields(state, parameters);
    return andThen(limitsOf(frame, state), (limits) =>
      perform({ frame, state, parameters, ...limits }, marker?.isSubmitted === true),
    );
  });
}

type Limits = Pick<TaskCall, 'timeoutSeconds' | 'heartbeatSeconds' | 'credentials'>;

/** Most are constants: a promise for each would cost as much as the rest of the state. */
function limitsOf(frame: Frame, state: TaskState): MaybePromise<Limits> {
  const scope = frame.scope(filterInput(frame, state));
  return andThen(state.timeoutSeconds(scope), (timeoutSeconds) =>
    andThen(state.heartbeatSeconds(scope), (heartbeatSeconds) =>
      andThen(state.credentials?.(scope), (credentials) => ({
        timeoutSeconds,
        heartbeatSeconds,
        credentials,
      })),
    ),
  );
}

async function perform(call: TaskCall, wasSubmitted: boolean): Promise<Json> {
  const { frame, state } = call;
  const events = taskEvents(call);
  if (!wasSubmitted) {
    frame.cancellation.check();
    events.scheduled();
  }
  // Nothing outside may happen that the journal does not lead up to.
  const settled = frame.execution.settled();
  if (settled !== undefined) await settled;
  // Stopped meanwhile: a call that begins now would be one too many. Of one that a former process began, the
  // integration takes care.
  if (!wasSubmitted) frame.cancellation.check();
  const deadlines = new Deadlines(frame, call.timeoutSeconds, call.heartbeatSeconds);
  try {
    const mock = frame.execution.engine.mocks?.[frame.stateName];
    const integration = mock === undefined ? integrationFor(state.resource) : mocked(mock);
    const work = integration.run({ ...call, events, deadlines, wasSubmitted });
    const result = noted(frame, await frame.cancellation.guard(deadlines.race(work)));
    const text = textOf(result);
    if (exceedsBytes(text, MAX_PAYLOAD_BYTES)) throw dataLimitExceeded(limitName(state));
    events.succeeded(result);
    if (holdsLiterals(result, text)) frame.execution.hasLiterals = true;
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

/** The sentence names the function, or the kind of integration. */
function limitName(state: TaskState): string {
  return state.resource.kind === 'lambda' ? state.resource.text : state.resource.resourceType;
}

function noted(frame: Frame, result: Json): Json {
  inspect(frame, 'result', result);
  return result;
}

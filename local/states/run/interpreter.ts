// Runs a line of control from state to state: enter, do, leave. The bodies of the states are in files of their own.

import type { CompiledState } from '../definition/types.ts';
import { type Json, textOf } from '../json/text.ts';
import { Cancelled } from './cancellation.ts';
import { runChoice } from './choice.ts';
import type { Exit } from './data-flow.ts';
import { andMembers, type EventDetails, inputDetails, outputDetails } from './events.ts';
import { runFail } from './fail.ts';
import { FieldFailure, inState, isStackOverflow, STACK_OVERFLOW, StateFailure } from './failure.ts';
import type { Frame } from './frame.ts';
import { RetryWanted } from './inspection.ts';
import { bytesOf, checkOutput, MAX_ASSIGN_BYTES, variablesTooLarge } from './limits.ts';
import { runMap } from './map.ts';
import { runParallel } from './parallel.ts';
import { runPass } from './pass.ts';
import type { MaybePromise, Variables } from './scope.ts';
import { runSucceed } from './succeed.ts';
import { runTask } from './task.ts';
import { runWait } from './wait.ts';

/** States run in a row without giving the event loop a turn: an endless loop of states must not starve it. */
const STATES_PER_TURN = 500;

/** @returns the output of the last state @throws StateFailure, Cancelled */
export async function runFrame(frame: Frame): Promise<Json> {
  if (frame.isDone) return frame.output;
  // Ended before it began. One that a restart found inside a state may have more to end than itself.
  if (frame.enteredId === 0) frame.cancellation.check();
  for (let count = 1; ; count += 1) {
    const step = runState(frame);
    const exit = step instanceof Promise ? await step : step;
    if (exit.next === undefined) {
      frame.finish(exit.output);
      return exit.output;
    }
    frame.moveTo(exit.next, exit.output);
    if (count % STATES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    frame.cancellation.check();
  }
}

/** One state: entered, done, left. */
export function runState(frame: Frame): MaybePromise<Exit> {
  const { state } = frame;
  if (frame.enteredId === 0) enter(frame, state);
  try {
    const exit = runBody(frame, state);
    if (!(exit instanceof Promise)) return leave(frame, state, exit);
    return exit.then(
      (settled) => leaveOrFail(frame, state, settled),
      (thrown: unknown) => {
        throw failState(frame, thrown);
      },
    );
  } catch (thrown) {
    throw failState(frame, thrown);
  }
}

function leaveOrFail(frame: Frame, state: CompiledState, exit: Exit): Exit {
  try {
    return leave(frame, state, exit);
  } catch (thrown) {
    throw failState(frame, thrown);
  }
}

function runBody(frame: Frame, state: CompiledState): MaybePromise<Exit> {
  switch (state.type) {
    case 'Pass':
      return runPass(frame, state);
    case 'Task':
      return runTask(frame, state);
    case 'Choice':
      return runChoice(frame, state);
    case 'Wait':
      return runWait(frame, state);
    case 'Succeed':
      return runSucceed(frame, state);
    case 'Fail':
      return runFail(frame, state);
    case 'Parallel':
      return runParallel(frame, state);
    case 'Map':
      return runMap(frame, state);
  }
}

function enter(frame: Frame, state: CompiledState): void {
  const { execution } = frame;
  frame.enteredMs = execution.engine.clock.now();
  frame.enteredPrevious = frame.previous;
  frame.enteredId = frame.emit(`${state.type}StateEntered`, () =>
    inputDetails(frame.input, `,"name":${state.nameText}`),
  );
  execution.changed(frame);
}

function leave(frame: Frame, state: CompiledState, exit: Exit): Exit {
  const { execution } = frame;
  checkOutput(exit.output, state.name);
  if (exit.assigned !== undefined) assign(frame, exit.assigned);
  frame.emit(`${state.type}StateExited`, () =>
    outputDetails(exit.output, `,"name":${state.nameText}${andMembers(assignedDetails(exit))}`),
  );
  if (execution.eventCount >= MAX_EVENTS - 1 && execution.machine.type === 'STANDARD') throw tooManyEvents();
  return exit;
}

/** Branches and iterations read the variables around them, and assign only their own. */
function assign(frame: Frame, assigned: Variables): void {
  const outer = frame.parent?.variables;
  const taken = outer === undefined ? undefined : Object.keys(assigned).find((name) => name in outer);
  if (taken === undefined) {
    const bytes = assignedBytes(assigned);
    Object.assign(frame.variables, assigned);
    frame.execution.checkVariables(bytes);
  } else {
    const detail = `Cannot assign the variable '${taken}': it belongs to an outer scope.`;
    throw new FieldFailure('States.Runtime', detail);
  }
}

/** @throws FieldFailure */
function assignedBytes(assigned: Variables): number {
  let bytes = 0;
  for (const name of Object.keys(assigned)) {
    bytes += bytesOf(assigned[name]);
    if (bytes > MAX_ASSIGN_BYTES) throw variablesTooLarge(`Assign: ${name}`, MAX_ASSIGN_BYTES);
  }
  return bytes;
}

const MAX_EVENTS = 25_000;

function tooManyEvents(): StateFailure {
  return new StateFailure(
    'States.Runtime',
    `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
    { isTerminal: true },
  );
}

function assignedDetails(exit: Exit): EventDetails | string {
  if (exit.assigned === undefined || Object.keys(exit.assigned).length === 0) return '';
  const texts = Object.entries(exit.assigned).map(([name, value]) => [name, textOf(value)]);
  return { assignedVariables: Object.fromEntries(texts), assignedVariablesDetails: { truncated: false } };
}

/** Any thrown value as what ends the frame; a failing JSONata field is recorded first. */
function failState(frame: Frame, thrown: unknown): Error {
  if (thrown instanceof Cancelled || thrown instanceof RetryWanted) return thrown;
  const failure = toFailure(frame, thrown);
  recordEvaluationFailure(frame, failure);
  return failure;
}

/** Whatever was thrown while a state ran as the failure that Retry and Catch see. */
export function toFailure(frame: Frame, thrown: unknown): StateFailure {
  if (thrown instanceof StateFailure) return thrown;
  if (thrown instanceof FieldFailure) return inState(thrown, frame.stateName, frame.enteredId);
  if (isStackOverflow(thrown)) return toFailure(frame, new FieldFailure('States.Runtime', STACK_OVERFLOW));
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new StateFailure('States.Runtime', message, { isTerminal: true });
}

const recorded = new WeakSet<StateFailure>();

/** EvaluationFailed, once per failure; it follows what the state's own entry followed. */
export function recordEvaluationFailure(frame: Frame, failure: StateFailure): void {
  if (failure.location === undefined || recorded.has(failure)) return;
  recorded.add(failure);
  frame.previous = frame.enteredPrevious;
  frame.emit('EvaluationFailed', () => ({
    error: failure.error,
    cause: failure.failureCause,
    location: failure.location,
    state: frame.stateName,
  }));
}

// Runs an execution from its first event to its last.
import { AwsError } from '../../wire/errors.ts';
import { parseJson, textOf } from '../json/text.ts';
import { Cancelled } from './cancellation.ts';
import type { MachineRevision } from './engine.ts';
import { failureDetails, outputDetails } from './events.ts';
import type { Execution, ExecutionStart, RestoredFrame } from './execution.ts';
import { isStackOverflow, STACK_OVERFLOW, StateFailure } from './failure.ts';
import { Frame } from './frame.ts';
import { runFrame } from './interpreter.ts';

/** Express executions end after five minutes. */
const EXPRESS_TIMEOUT_SECONDS = 300;

/** Records ExecutionStarted and makes the root frame. */
export function begin(execution: Execution): void {
  const { machine } = execution;
  execution.record('ExecutionStarted', 0, () => ({
    input: execution.inputText,
    inputDetails: { truncated: false },
    roleArn: machine.roleArn,
    ...(execution.start.aliasArn === undefined ? {} : { stateMachineAliasArn: execution.start.aliasArn }),
    ...(execution.start.versionArn === undefined
      ? {}
      : { stateMachineVersionArn: execution.start.versionArn }),
    ...(execution.start.rerunOf === undefined
      ? {}
      : { rerunOf: execution.start.rerunOf, rerunFrom: execution.start.startAt?.state }),
  }));
  // AWS lets the first state follow event 0, not ExecutionStarted.
  const root = new Frame({ execution, graph: machine.compiled, input: execution.input, previous: 0 });
  const { startAt } = execution.start;
  if (startAt !== undefined) {
    Object.assign(root.variables, startAt.variables);
    root.moveTo(startAt.state, startAt.input);
  }
  execution.root = root;
}

/** Before anything of the execution is written down. @throws AwsError when a rerun cannot start at the state */
export function checkStartAt({ compiled }: MachineRevision, startAt: ExecutionStart['startAt']): void {
  if (startAt !== undefined && !compiled.states.has(startAt.state)) throw notAtTop(startAt.state);
}

function notAtTop(state: string): AwsError {
  const message = `The state '${state}' is inside a Parallel or Map: rerun from that`;
  return new AwsError('ValidationException', message);
}

/** Goes on from the records of frames: after a restart, or at a redrive. */
export function beginAgain(execution: Execution, records: readonly RestoredFrame[]): void {
  const byParent = new Map<number, RestoredFrame[]>();
  let from: RestoredFrame | undefined;
  for (const entry of records) {
    const { parent } = entry.record;
    if (parent === undefined) from = entry;
    else if (byParent.has(parent)) byParent.get(parent)!.push(entry);
    else byParent.set(parent, [entry]);
  }
  execution.restored = byParent;
  execution.root = new Frame({
    execution,
    graph: execution.machine.compiled,
    input: execution.input,
    previous: 0,
    ...(from === undefined ? {} : { from }),
  });
}

/** Runs to the end; never rejects. */
export async function run(execution: Execution): Promise<void> {
  const forgetTimeout = armTimeout(execution);
  const root = execution.root!;
  try {
    const output = await runFrame(root);
    execution.output = output;
    execution.record('ExecutionSucceeded', root.previous, () => outputDetails(output));
    execution.end('SUCCEEDED');
  } catch (thrown) {
    endBadly(execution, root, thrown);
  } finally {
    forgetTimeout?.();
  }
}

function endBadly(execution: Execution, root: Frame, thrown: unknown): void {
  if (thrown instanceof Cancelled) {
    endCancelled(execution);
    return;
  }
  const failure =
    thrown instanceof StateFailure ? thrown : new StateFailure('States.Runtime', causeOf(thrown));
  execution.error = failure.error;
  execution.failureCause = failure.failureCause;
  execution.record('ExecutionFailed', root.previous, () => failureDetails(failure));
  execution.end('FAILED');
}

function causeOf(thrown: unknown): string {
  if (isStackOverflow(thrown)) return STACK_OVERFLOW;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Ends from outside follow no event. */
function endCancelled(execution: Execution): void {
  if (execution.hasTimedOut) {
    execution.record('ExecutionTimedOut', 0, () => ({}));
    execution.end('TIMED_OUT');
    return;
  }
  const { error, cause } = execution.stopped ?? { error: undefined, cause: undefined };
  execution.error = error;
  execution.failureCause = cause;
  const details = { error, failureCause: cause };
  execution.record('ExecutionAborted', 0, () => failureDetails(details));
  execution.end('ABORTED');
}

function armTimeout(execution: Execution): (() => void) | undefined {
  const { machine, engine } = execution;
  const isExpress = machine.type === 'EXPRESS';
  const seconds = machine.compiled.timeoutSeconds ?? (isExpress ? EXPRESS_TIMEOUT_SECONDS : undefined);
  if (seconds === undefined) return undefined;
  const atMs = (execution.redriveMs ?? execution.startMs) + seconds * 1000;
  return engine.clock.schedule(Math.max(0, atMs - engine.clock.now()), () => {
    execution.hasTimedOut = true;
    execution.cancellation.cancel();
  });
}

/** A payload's text as an execution keeps it and its value. @throws SyntaxError */
export function readInput(text: string): { readonly value: unknown; readonly text: string } {
  const value = parseJson(text);
  return { value, text: typeof value === 'object' ? text : textOf(value) };
}

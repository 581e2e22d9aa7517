// `foldExecution`: the one place where a history becomes an `ExecutionView`. Pure: it reads no clock and calls
// nobody, takes a history that breaks off anywhere, and never throws.
import { pipelineOf } from './arn.ts';
import { readFailure } from './failure.ts';
import { type Frame, type FrameTree, growFrames } from './frames.ts';
import type { HistoryEvent } from './history.ts';
import { textOf } from './history.ts';
import { type Payload, payloadOf, readPayload } from './payload.ts';
import { iso, type OpenStatus, span, toStage } from './stages.ts';
import type { ErrorView, ExecutionStatus, ExecutionType, ExecutionView, StageView } from './view.ts';

/** What is known of the execution besides its history: from DescribeExecution, or from its ARN alone. */
export interface ExecutionDescription {
  readonly id: string;
  readonly arn: string;
  readonly type: ExecutionType;
  readonly stateMachineName: string;
  /** From the state machine's name unless told. */
  readonly pipeline?: string;
  readonly status?: ExecutionStatus;
  readonly startMs?: number;
  readonly endMs?: number;
  /** JSON text. */
  readonly input?: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly traceHeader?: string;
}

/** @param events in any order, whole or broken off */
export function foldExecution(
  events: readonly HistoryEvent[],
  description: ExecutionDescription,
): ExecutionView {
  const tree = growFrames(events);
  const status = description.status ?? statusOf(tree.ended);
  const stages = tree.root.children
    .flatMap(ownFrames)
    .filter((frame) => frame.type !== 'Fail' && frame.type !== 'Succeed')
    .map((frame) => toStage(frame, openStatus(frame, status)));
  const error = errorOf(tree, description, stages);
  return {
    id: description.id,
    arn: description.arn,
    pipeline: description.pipeline ?? pipelineOf(description.stateMachineName),
    type: description.type,
    status,
    ...times(tree, description, events),
    ...payloads(tree, description),
    ...(error === undefined ? {} : { error }),
    stages: markFailed(stages, error),
    ...(tree.redriveCount === 0 ? {} : { redriveCount: tree.redriveCount }),
    ...(description.traceHeader === undefined ? {} : { traceHeader: description.traceHeader }),
    eventCount: events.length,
  };
}

/**
 * A pipeline that composes its stages runs them in a Map over the request's records. Of one record, what it went through
 * is the execution's stages; of several, the Map is one stage with the attempts of all.
 */
function ownFrames(frame: Frame): Frame[] {
  const isOneRecord = frame.type === 'Map' && frame.name === 'EachRecord' && frame.iterations === 1;
  return isOneRecord ? frame.children : [frame];
}

const STATUSES: Readonly<Record<string, ExecutionStatus>> = {
  ExecutionSucceeded: 'SUCCEEDED',
  ExecutionFailed: 'FAILED',
  ExecutionTimedOut: 'TIMED_OUT',
  ExecutionAborted: 'ABORTED',
};

/** @param ended the event that ended the execution, absent while it runs */
export function statusOf(ended: { readonly type: string } | undefined): ExecutionStatus {
  return (ended === undefined ? undefined : STATUSES[ended.type]) ?? 'RUNNING';
}

/** What a state that was not exited is, by what became of the execution. */
function openStatus(frame: Frame, status: ExecutionStatus): OpenStatus {
  if (frame.failure !== undefined || frame.exitedMs !== undefined) return 'ABORTED';
  if (status === 'RUNNING' || status === 'TIMED_OUT') return status;
  return 'ABORTED';
}

function times(
  tree: FrameTree,
  description: ExecutionDescription,
  events: readonly HistoryEvent[],
): { start?: string; end?: string; durationMs?: number } {
  const startMs = description.startMs ?? tree.started?.timeMs ?? events[0]?.timeMs;
  if (startMs === undefined) return {};
  return { start: iso(startMs), ...span(startMs, description.endMs ?? tree.ended?.timeMs) };
}

function payloads(
  tree: FrameTree,
  { input, output }: ExecutionDescription,
): Partial<Pick<ExecutionView, 'input' | 'inputBytes' | 'output' | 'outputBytes'>> {
  const got = input === undefined ? payload(tree.started, 'input') : readPayload(input);
  const gave = output === undefined ? payload(tree.ended, 'output') : readPayload(output);
  return {
    ...(got === undefined ? {} : { input: got.value, inputBytes: got.bytes }),
    ...(gave === undefined ? {} : { output: gave.value, outputBytes: gave.bytes }),
  };
}

function payload(event: HistoryEvent | undefined, member: string): Payload | undefined {
  return event === undefined ? undefined : payloadOf(event, member);
}

function errorOf(
  tree: FrameTree,
  description: ExecutionDescription,
  stages: readonly StageView[],
): ErrorView | undefined {
  const ended = tree.ended?.details ?? {};
  const code = description.error ?? textOf(ended, 'error');
  const cause = description.cause ?? textOf(ended, 'cause');
  const isFailure = tree.ended !== undefined && tree.ended.type !== 'ExecutionSucceeded';
  if (code === undefined && cause === undefined && !isFailure) return;
  const failed = stages.findLast((stage) => stage.status !== 'SUCCEEDED')?.name;
  return readFailure(code ?? defaultCode(tree.ended), cause, failed);
}

function defaultCode(ended: HistoryEvent | undefined): string {
  return ended?.type === 'ExecutionTimedOut' ? 'States.Timeout' : 'ExecutionAborted';
}

/** A stage that the execution's error names has failed, even where none of its own events says so. */
function markFailed(stages: readonly StageView[], error: ErrorView | undefined): StageView[] {
  const at = stages.findLastIndex((stage) => stage.name === error?.stage);
  return stages.map((stage, index) =>
    index === at && stage.status === 'ABORTED'
      ? { ...stage, status: 'FAILED' as const, error: error! }
      : stage,
  );
}

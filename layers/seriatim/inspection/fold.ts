// `foldExecution`: the one place where a history becomes an `ExecutionView`. Pure: it reads no clock and calls
// nobody, takes a history that breaks off anywhere, and never throws.
import { parseExecutionArn, pipelineOf } from './arn.ts';
import { executionCost } from './cost/cost.ts';
import { type CostSettings, DEFAULT_COST_SETTINGS } from './cost/prices.ts';
import { type Definition, readDefinition } from './definition.ts';
import { readFailure, stoppedFailure } from './failure.ts';
import { type Frame, type FrameTree, growFrames } from './frames.ts';
import type { HistoryEvent } from './history.ts';
import { textOf } from './history.ts';
import { linksOf } from './links.ts';
import { bytesOf, type Payload, payloadOf, readPayload } from './payload.ts';
import { recordCountsOf } from './record-counts.ts';
import { RESUME_STATE, readRerunInput } from './rerun-input.ts';
import { iso, type OpenStatus, span, toStage } from './stages.ts';
import type {
  ErrorView,
  ExecutionStatus,
  ExecutionType,
  ExecutionView,
  FailureSummary,
  StageView,
  VersionView,
} from './view.ts';

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
  /** The first failure among the children of its Map Run, where the run ended because too many of them failed. */
  readonly childError?: ErrorView;
  /** Of a child of a Map Run. */
  readonly parentArn?: string;
  readonly traceHeader?: string;
  readonly stateMachineArn?: string;
  readonly logGroup?: string;
  /** The definition that it ran, or the state machine's present one: JSON text. */
  readonly definition?: string;
  readonly version?: Omit<VersionView, 'definition'>;
  readonly cost?: CostSettings;
  /** Console pages are named only where it ran on AWS. */
  readonly isOnAws?: boolean;
}

/** @param events in any order, whole or broken off */
export function foldExecution(
  events: readonly HistoryEvent[],
  description: ExecutionDescription,
): ExecutionView {
  const tree = growFrames(events);
  const status = description.status ?? statusOf(tree.ended);
  const got = payloads(tree, description);
  const rerun = readRerunInput(got.input);
  const definition = readDefinition(description.definition);
  const visits = new Map<string, number>();
  const stages = tree.root.children
    .flatMap(ownFrames)
    .filter(isStage)
    .map((frame) => {
      const visit = (visits.get(frame.name) ?? 0) + 1;
      visits.set(frame.name, visit);
      return toStage(frame, {
        openStatus: openStatus(frame, status),
        visit,
        retriers: definition?.retriers,
        cost: description.cost,
      });
    });
  const error = errorOf(tree, description, stages);
  const time = times(tree, description, events);
  return {
    id: description.id,
    arn: description.arn,
    pipeline: description.pipeline ?? pipelineOf(description.stateMachineName),
    type: description.type,
    status,
    ...time,
    ...got,
    ...(description.type === 'STANDARD' ? recordCountsOf(got.output) : {}),
    ...(rerun === undefined
      ? {}
      : { input: rerun.input, inputBytes: bytesOf(rerun.input), rerun: rerun.rerun }),
    ...(error === undefined ? {} : { error, failure: summaryOf(error) }),
    stages: markFailed(stages, error),
    ...graphAndVersion(definition, description.version),
    cost: executionCost(
      stages,
      { type: description.type, durationMs: time.durationMs, transitions: tree.transitions },
      description.cost ?? DEFAULT_COST_SETTINGS,
    ),
    ...(tree.redriveCount === 0 ? {} : { redriveCount: tree.redriveCount }),
    ...(description.traceHeader === undefined ? {} : { traceHeader: description.traceHeader }),
    links: linksOf({ ...description, ...msOf(time), isOnAws: description.isOnAws ?? false }),
    ...parentOf(description),
    eventCount: events.length,
  };
}

/** What a pipeline's definition has as a stage: not its ends, and not the state that a rerun resumes by. */
function isStage({ type, name }: Frame): boolean {
  return type !== 'Fail' && type !== 'Succeed' && !(type === 'Pass' && name === RESUME_STATE);
}

export function summaryOf({ code, reported, stage }: ErrorView): FailureSummary {
  return {
    code,
    ...(reported === undefined ? {} : { reported }),
    ...(stage === undefined ? {} : { stage }),
  };
}

function graphAndVersion(
  definition: Definition | undefined,
  version: ExecutionDescription['version'] = {},
): Pick<ExecutionView, 'graph' | 'version'> {
  if (definition === undefined) return Object.keys(version).length === 0 ? {} : { version };
  return { graph: definition.graph, version: { ...version, definition: definition.digest } };
}

function msOf({ start, end }: { start?: string; end?: string }): { startMs?: number; endMs?: number } {
  return {
    ...(start === undefined ? {} : { startMs: Date.parse(start) }),
    ...(end === undefined ? {} : { endMs: Date.parse(end) }),
  };
}

function parentOf({ arn, parentArn }: ExecutionDescription): Pick<ExecutionView, 'parent'> {
  const { stateMachineName = '', mapRunLabel } = parseExecutionArn(arn) ?? {};
  return mapRunLabel === undefined
    ? {}
    : { parent: { stateMachineName, mapRunLabel, ...(parentArn && { execution: parentArn }) } };
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
  const isFailure =
    description.status === 'ABORTED' ||
    (tree.ended !== undefined && tree.ended.type !== 'ExecutionSucceeded');
  if (code === undefined && cause === undefined && !isFailure) return;
  const failed = stages.findLast((stage) => stage.status !== 'SUCCEEDED')?.name;
  if (description.status === 'ABORTED' || tree.ended?.type === 'ExecutionAborted') {
    const isChild = parseExecutionArn(description.arn)?.mapRunLabel !== undefined;
    const stage = failed === undefined ? {} : { stage: failed };
    return stoppedFailure(code ?? 'ExecutionAborted', { cause, ...stage, isChild });
  }
  const error = readFailure(code ?? defaultCode(tree.ended), cause, failed);
  const { childError } = description;
  if (childError !== undefined && isTooManyFailed(error)) {
    const message = `Too many records failed, the first with: ${childError.message}`;
    return { ...childError, ...(error.cause === undefined ? {} : { cause: error.cause }), message };
  }
  const { endpoint, container, model } = stages.findLast((stage) => stage.name === error.stage)?.error ?? {};
  return { ...defined({ endpoint, container, model }), ...error };
}

/** What a Map Run says when its children failed: nothing of why they did. */
export function isTooManyFailed(error: ErrorView | undefined): boolean {
  return error?.reported === 'States.ExceedToleratedFailureThreshold';
}

function defined(places: Readonly<Record<string, string | undefined>>): Partial<ErrorView> {
  return Object.fromEntries(Object.entries(places).filter(([, place]) => place !== undefined));
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

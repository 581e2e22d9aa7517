// The one view of an execution that the HTTP API, the command line and a web page draw. It is folded from what Step
// Functions reports (`fold.ts`), is plain JSON, and says the same for Standard and Express executions.
// Times are ISO 8601 in UTC with milliseconds; lengths carry their unit.

export type ExecutionType = 'STANDARD' | 'EXPRESS';

/**
 * As Step Functions has them, and `UNKNOWN`: an Express execution older than the five minutes one may last whose end
 * is not in the log, because its process died or the log line was lost (delivery is best effort on AWS).
 */
export type ExecutionStatus =
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'TIMED_OUT'
  | 'ABORTED'
  | 'PENDING_REDRIVE'
  | 'UNKNOWN';

/** One line of a list of executions. */
export interface ExecutionSummary {
  /** The execution's name, which `GET /executions/{id}` takes. */
  readonly id: string;
  readonly arn: string;
  /** From the state machine's name `seriatim-<stage>-<pipeline>`. */
  readonly pipeline: string;
  readonly type: ExecutionType;
  readonly status: ExecutionStatus;
  readonly start?: string;
  readonly end?: string;
  readonly durationMs?: number;
}

export interface ExecutionView extends ExecutionSummary {
  readonly input?: unknown;
  readonly inputBytes?: number;
  readonly output?: unknown;
  readonly outputBytes?: number;
  readonly error?: ErrorView;
  /** In the order in which they were entered; a state visited twice stands here twice. */
  readonly stages: readonly StageView[];
  readonly redriveCount?: number;
  readonly traceHeader?: string;
  /** How many history events the view was folded from. */
  readonly eventCount: number;
}

/** A failure as a person needs it. */
export interface ErrorView {
  /** The stage that failed, where it is known. */
  readonly stage?: string;
  /** A code of the error registry. */
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
  /** The error's name as it was reported, where the code is another: `States.Timeout`, `SageMakerRuntime.…`. */
  readonly reported?: string;
  /** The cause as it was reported, where `message` is only a part of it. */
  readonly cause?: string;
}

export type StageKind =
  | 'function'
  | 'inference'
  | 'switch'
  | 'parallel'
  | 'map'
  | 'nested'
  | 'wait'
  | 'pass'
  | 'task';

export type StageStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface StageView {
  readonly name: string;
  readonly kind: StageKind;
  readonly status: StageStatus;
  /** The stage failed, and the execution went on with what it catches errors into. */
  readonly caught?: true;
  readonly start: string;
  readonly end?: string;
  readonly durationMs?: number;
  readonly input?: unknown;
  readonly inputBytes?: number;
  readonly output?: unknown;
  readonly outputBytes?: number;
  readonly error?: ErrorView;
  readonly attempts: readonly AttemptView[];
  /** Iterations begun, for a stage that is a Map. */
  readonly iterations?: number;
  readonly inference?: InferenceSummary;
  readonly mapRun?: MapRunView;
}

/** One try of a stage, or of one iteration of it. */
export interface AttemptView {
  /** The task state inside the stage, where the stage is a Map or Parallel. */
  readonly state?: string;
  /** Zero-based iteration of the stage's Map. */
  readonly iteration?: number;
  /** 1 for the first try. */
  readonly number: number;
  readonly status: StageStatus;
  readonly start: string;
  readonly durationMs?: number;
  /** What was called: a function's name, or `service:operation`. */
  readonly target?: string;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly error?: ErrorView;
  /** The wait between this attempt's end and the next one's start. */
  readonly waitMs?: number;
  readonly inference?: InferenceCall;
}

/** One InvokeEndpoint. */
export interface InferenceCall {
  readonly endpoint?: string;
  readonly variant?: string;
  readonly targetModel?: string;
  readonly container?: string;
  /** What the containers reported of themselves, in their order. */
  readonly marks: readonly ContainerMark[];
}

/** What an invocation met in one container, from the response's `CustomAttributes`. */
export interface ContainerMark {
  readonly model?: string;
  readonly load?: 'cold' | 'warm';
  readonly loadMs?: number;
  readonly queueMs?: number;
  readonly computeMs?: number;
  /** Requests that were computed together. */
  readonly batch?: number;
  /** Everything else that was reported, as it came. */
  readonly other?: Readonly<Record<string, string>>;
}

export interface InferenceSummary {
  readonly endpoint?: string;
  readonly targetModels: readonly string[];
  /** Calls that waited for a model to load, and calls that did not. */
  readonly cold: number;
  readonly warm: number;
}

export interface MapRunView {
  readonly arn: string;
  readonly status?: string;
  readonly items?: Counts;
  readonly executions?: Counts;
}

export interface Counts {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly aborted: number;
}

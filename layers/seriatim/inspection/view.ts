// The one view of an execution that the HTTP API, the command line and a web page draw. It is folded from what Step
// Functions reports (`fold.ts`), is plain JSON, and says the same for Standard and Express executions. It comes in two
// readings: without payloads (`GET /executions/{id}`) and with them (`GET /payloads/{id}`); members marked "payload"
// are only in the second. Times are ISO 8601 in UTC with milliseconds; lengths carry their unit.

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
  /** Why it failed, in short; of a Standard one only where the list was asked for errors. */
  readonly failure?: FailureSummary;
  /** Of a batch that ended: a succeeded one may have records that failed. */
  readonly records?: RecordCounts;
}

export interface RecordCounts {
  readonly total: number;
  readonly failed: number;
}

export interface FailureSummary {
  /** Of the error registry. */
  readonly code: string;
  /** As it was reported, where that is another. */
  readonly reported?: string;
  readonly stage?: string;
}

export interface ExecutionView extends ExecutionSummary {
  /** Payload. */
  readonly input?: unknown;
  readonly inputBytes?: number;
  /** Payload. */
  readonly output?: unknown;
  readonly outputBytes?: number;
  readonly error?: ErrorView;
  /** In the order in which they were entered; a state visited twice stands here twice. */
  readonly stages: readonly StageView[];
  /** The state machine's states and transitions, where its definition could be read. */
  readonly graph?: GraphView;
  readonly version?: VersionView;
  readonly cost?: CostView;
  readonly redriveCount?: number;
  readonly traceHeader?: string;
  readonly links: LinksView;
  /** The Map Run whose child this is. */
  readonly parent?: ParentView;
  /** What this execution runs again. */
  readonly rerun?: RerunView;
  /** How many history events the view was folded from. */
  readonly eventCount: number;
}

/** Where else this execution can be looked at. URLs are of the AWS console, and only where it runs on AWS. */
export interface LinksView {
  readonly stateMachineArn?: string;
  readonly logGroup?: string;
  /** X-Ray's trace id: `1-…-…`. */
  readonly traceId?: string;
  readonly traceUrl?: string;
  readonly logsUrl?: string;
  readonly executionUrl?: string;
}

/** The comparison of a shadow's answer with the one that was used. */
export interface ShadowView {
  /** Absent while it is not written. */
  readonly agrees?: boolean;
  /** Its key in the batch bucket. */
  readonly record: string;
}

/** After each choice, by its name, the states that came next, with how many records came there. */
export type WaysView = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface ParentView {
  readonly stateMachineName: string;
  readonly mapRunLabel: string;
}

export interface RerunView {
  /** The ARN of the execution that was run again. */
  readonly of: string;
  /** The first stage that ran again; absent when all did. */
  readonly from?: string;
  /** What was changed: `targetModel`, `variant`, `endpoint` or `input`. */
  readonly changed: Readonly<Record<string, string>>;
}

export interface VersionView {
  /** `arn:…:stateMachine:<name>:<version>`, where a version or alias was started. */
  readonly versionArn?: string;
  readonly aliasArn?: string;
  readonly revisionId?: string;
  /** The first 12 hexadecimal digits of the definition's sha256. */
  readonly definition?: string;
  /** The definition is the state machine's present one: Express executions do not tell which one they ran. */
  readonly isPresentDefinition?: true;
}

/** In dollars. */
export interface CostView {
  readonly dollars: number;
  /** `measured` when every part is. */
  readonly basis: 'measured' | 'estimated';
  readonly parts: readonly CostPart[];
  /** What it cost besides, which is not in it. */
  readonly without?: string;
}

export interface CostPart {
  readonly what: string;
  readonly dollars: number;
  readonly basis: 'measured' | 'estimated';
  /** With its numbers filled in: `0.512 GB × 0.012 s × $0.0000166667`. */
  readonly formula: string;
}

export interface GraphView {
  readonly startAt: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphNode {
  /** The state's name, unique in a state machine. */
  readonly id: string;
  /** As in Amazon States Language: `Task`, `Map` … */
  readonly type: string;
  readonly comment?: string;
  /** The Map or Parallel that it lies in. */
  readonly parent?: string;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'next' | 'choice' | 'catch' | 'start';
  /** A choice's condition, or the errors that are caught. */
  readonly label?: string;
}

/** A failure as a person needs it. */
export interface ErrorView {
  /** The stage that failed, where it is known. */
  readonly stage?: string;
  /** The container that failed, where the error names one. */
  readonly container?: string;
  /** The target model that was called, where there was one. */
  readonly model?: string;
  readonly endpoint?: string;
  /** A code of the error registry. */
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
  /** The error's name as it was reported, where the code is another: `States.Timeout`, `SageMakerRuntime.…`. */
  readonly reported?: string;
  /** Payload: the cause as it was reported, where `message` is only a part of it. */
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
  /** 1 for the first time that the state was entered; `name` and `visit` name a stage for good. */
  readonly visit: number;
  readonly kind: StageKind;
  readonly status: StageStatus;
  /** The stage failed, and the execution went on with what it catches errors into. */
  readonly caught?: true;
  readonly start: string;
  readonly end?: string;
  readonly durationMs?: number;
  /** Payload. */
  readonly input?: unknown;
  readonly inputBytes?: number;
  /** Payload. */
  readonly output?: unknown;
  readonly outputBytes?: number;
  readonly error?: ErrorView;
  readonly attempts: readonly AttemptView[];
  /** Iterations begun, for a stage that is a Map. */
  readonly iterations?: number;
  /** Of a Map whose records choose their ways. */
  readonly ways?: WaysView;
  /** Of a state that read a circuit breaker and found no object. */
  readonly breaker?: 'closed';
  readonly inference?: InferenceSummary;
  /** Where the time of its calls went, all attempts together; absent when nothing was reported. */
  readonly time?: TimeSplit;
  readonly cost?: CostView;
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
  /** Of the call of a shadow, in a view with payloads. */
  readonly shadow?: ShadowView;
  /** Of a state that read a circuit breaker and found no object. */
  readonly breaker?: 'closed';
  readonly status: StageStatus;
  readonly start: string;
  readonly end?: string;
  readonly durationMs?: number;
  /** What was called: a function's name, or `service:operation`. */
  readonly target?: string;
  /** How: by Lambda, or SageMaker by Step Functions itself; absent for other calls. */
  readonly via?: 'lambda' | 'sagemaker';
  /** Payload. */
  readonly input?: unknown;
  readonly inputBytes?: number;
  /** Payload. */
  readonly output?: unknown;
  readonly outputBytes?: number;
  readonly error?: ErrorView;
  /** The wait between this attempt's end and the next one's start. */
  readonly waitMs?: number;
  /** The retrier that decided on the next attempt, or on giving up. */
  readonly policy?: PolicyView;
  readonly inference?: InferenceCall;
  readonly time?: TimeSplit;
}

/** A retrier of the state, as its definition has it, and what it made of this failure. */
export interface PolicyView {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds?: number;
  readonly jitter?: true;
  /** The wait that follows from the policy, before jitter; absent when it allowed no further attempt. */
  readonly waitSeconds?: number;
  readonly decision: 'retried' | 'exhausted';
}

/** Milliseconds. The parts add up to `totalMs`; a part that nobody reported is absent and lies in `networkMs`. */
export interface TimeSplit {
  readonly totalMs: number;
  /** Waiting in the container for a free model instance. */
  readonly queueMs?: number;
  /** Waiting for others to join the batch. */
  readonly batchWaitMs?: number;
  /** Loading the model for this call. */
  readonly loadMs?: number;
  readonly decodeMs?: number;
  readonly computeMs?: number;
  readonly encodeMs?: number;
  /** All the rest: the way there and back, SageMaker's routing, and containers that report nothing. */
  readonly networkMs?: number;
}

/** What a call met in the model cache. `evicted`: cold, because the model had been unloaded to make room before. */
export type CacheState = 'cold' | 'warm' | 'evicted' | 'pinned';

/** One InvokeEndpoint. */
export interface InferenceCall {
  readonly endpoint?: string;
  readonly variant?: string;
  readonly targetModel?: string;
  readonly container?: string;
  readonly cache?: CacheState;
  /** Requests that were computed together. */
  readonly batch?: number;
  /** sha256 of the model's file, from the container that answered. */
  readonly checksum?: string;
  /** What the containers reported of themselves, in their order. */
  readonly marks: readonly ContainerMark[];
}

/** What an invocation met in one container, from the response's `CustomAttributes`. */
export interface ContainerMark {
  readonly container?: string;
  readonly model?: string;
  readonly checksum?: string;
  readonly load?: 'cold' | 'warm';
  readonly evicted?: true;
  readonly pinned?: true;
  readonly loadMs?: number;
  readonly queueMs?: number;
  readonly batchWaitMs?: number;
  readonly decodeMs?: number;
  readonly computeMs?: number;
  readonly encodeMs?: number;
  /** Requests that were computed together. */
  readonly batch?: number;
  /** Everything else that was reported, as it came. */
  readonly other?: Readonly<Record<string, string>>;
}

export interface InferenceSummary {
  readonly endpoint?: string;
  readonly variants: readonly string[];
  readonly targetModels: readonly string[];
  readonly checksums: readonly string[];
  /** Calls that waited for a model to load, and calls that did not. */
  readonly cold: number;
  readonly warm: number;
  /** Of the cold ones, those whose model had been there before; of the warm ones, those whose model is never unloaded. */
  readonly evicted: number;
  readonly pinned: number;
  /** The largest. */
  readonly batch?: number;
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

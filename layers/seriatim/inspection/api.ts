// The inspection HTTP API in types: what each route answers with status 200. The web page and the command line draw
// these and nothing else; `docs/inspection.md` has the routes. Every error is `{"error":{"code","message"}}`.
import type { ResultsComparison } from './compare/results.ts';
import type {
  AttemptView,
  Counts,
  ErrorView,
  ExecutionStatus,
  ExecutionSummary,
  ExecutionView,
  StageKind,
  TimeSplit,
} from './view.ts';

/** `GET /executions`. Newest start first. */
export interface ExecutionsPage {
  readonly executions: readonly ExecutionSummary[];
  readonly nextToken?: string;
}

/** `GET /executions/{id}`, without payloads, and `GET /payloads/{id}`, with them. */
export type ExecutionAnswer = ExecutionView;

/** `GET /executions/{id}/events`, without payloads, and `GET /payloads/{id}/events`, with them. */
export interface EventsPage {
  readonly arn: string;
  readonly events: readonly EventView[];
  readonly total: number;
  readonly nextToken?: string;
}

export interface EventView {
  readonly id: number;
  readonly previousId: number;
  readonly type: string;
  /** ISO 8601. */
  readonly time: string;
  /** Milliseconds since the execution's first event. */
  readonly offsetMs: number;
  /** The state that it belongs to, where it belongs to one. */
  readonly stage?: string;
  /** Payload members are `{"bytes"}` in the reading without payloads. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** `GET /executions/{id}/children`: those of the execution's Map Runs. */
export interface ChildrenPage {
  readonly mapRuns: readonly MapRunSummary[];
  readonly children: readonly ChildSummary[];
  /** Failed ones by their error, the most frequent first; of those that were looked at. */
  readonly errors: readonly ErrorClass[];
}

export interface MapRunSummary {
  readonly arn: string;
  readonly stage: string;
  readonly status: string;
  readonly items: Counts;
  readonly executions: Counts;
  /** 0 to 1: what has ended, of all that there are. */
  readonly progress: number;
}

export interface ChildSummary {
  readonly id: string;
  readonly arn: string;
  readonly status: ExecutionStatus;
  readonly start?: string;
  readonly end?: string;
  readonly durationMs?: number;
  /** Of the first 50 that failed as they themselves tell it; of others without their message. */
  readonly error?: ErrorView;
}

export interface ErrorClass {
  readonly code: string;
  readonly stage?: string;
  readonly count: number;
  /** ARNs of the first few that failed so. */
  readonly first: readonly string[];
}

/** `GET /payloads/{id}/records`: the first failing records of a batch, from its error object. */
export interface FailingRecords {
  /** `s3://…/errors/<name>.errors.jsonl`; absent when there is none. */
  readonly object?: string;
  readonly errors: readonly ErrorClass[];
  readonly records: readonly unknown[];
  /** The object is longer than what was read of it. */
  readonly isCut?: true;
}

/** `GET /payloads/{id}/rendered?stage=&visit=&side=&attempt=`. */
export interface RenderedPayload {
  readonly stage?: string;
  readonly side: 'in' | 'out';
  readonly bytes: number;
  /** The payload whole, each part in its place in the JSON, or on its own. */
  readonly parts: readonly PayloadPart[];
  /** Paths of what was hidden by a redaction rule. */
  readonly redacted: readonly string[];
}

interface PartBase {
  /** Where in the payload: `$` for the whole, `records[0].value.photo` for a part of it. */
  readonly path: string;
  readonly contentType: string;
  readonly bytes: number;
  /** A label that lies beside it in the payload, such as an image's. */
  readonly label?: string;
}

export type PayloadPart = JsonPart | TablePart | TensorPart | ImagePart | ClaimPart | TextPart | BinaryPart;

/** Long arrays and texts within `value` are `{"$folded":"…","$count"?,"$tensor"?}`, never whole. */
export interface JsonPart extends PartBase {
  readonly kind: 'json';
  readonly value: unknown;
  readonly isFolded: boolean;
}

/** CSV and JSON Lines: the first rows. */
export interface TablePart extends PartBase {
  readonly kind: 'table';
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly totalRows: number;
  /** `totalRows` counts only what was read. */
  readonly isCut?: true;
}

export interface TensorPart extends PartBase {
  readonly kind: 'tensor';
  readonly tensor: TensorFacts;
}

/** Statistics are over numbers; `null` where there are none (text, or no elements). */
export interface TensorFacts {
  readonly name?: string;
  /** As in the Open Inference Protocol: `FP32`, `INT64`, `BYTES` … */
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
  /** Elements that are no finite number. */
  readonly notFinite: number;
  readonly first: readonly (number | string | boolean | null)[];
}

/** The picture itself: `GET /payloads/{id}/content?…&part=<path>`. */
export interface ImagePart extends PartBase {
  readonly kind: 'image';
  readonly format: string;
  /** Absent until a claim was fetched. */
  readonly width?: number;
  readonly height?: number;
  readonly claim?: ClaimFacts;
}

/** Not fetched: `GET /payloads/{id}/rendered?…&claim=<path>` reads it. */
export interface ClaimPart extends PartBase {
  readonly kind: 'claim';
  readonly claim: ClaimFacts;
}

export interface ClaimFacts {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  readonly contentType: string;
  readonly sha256: string;
}

export interface TextPart extends PartBase {
  readonly kind: 'text';
  readonly text: string;
  readonly isCut?: true;
}

export interface BinaryPart extends PartBase {
  readonly kind: 'binary';
  /** The first bytes in hexadecimal; empty when they are withheld. */
  readonly head: string;
  /** Why they are: rules cannot be applied to bytes of this type. */
  readonly withheld?: string;
}

/** `GET /payloads/{id}/logs?stage=&visit=&attempt=`: what the function and the endpoint wrote meanwhile. */
export interface LogsAnswer {
  /** The log groups that were read. */
  readonly groups: readonly string[];
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  /** There are more. */
  readonly isCut?: true;
  /** Lines are told by their time alone, so those of other requests of that moment stand among them. */
  readonly isByTime?: true;
}

export interface LogLine {
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  readonly group: string;
  readonly message: string;
}

/** `GET /payloads/compare?a=&b=`. */
export interface Comparison {
  readonly a: ComparedExecution;
  readonly b: ComparedExecution;
  readonly input: Difference;
  readonly output: Difference;
  readonly stages: readonly StageComparison[];
  /** Of two batches: their results record by record, where both have them. */
  readonly results?: BatchResults;
}

export interface BatchResults extends ResultsComparison {
  readonly objects: readonly [string, string];
  /** They are longer than what was compared of them. */
  readonly isCut?: true;
}

export interface ComparedExecution {
  readonly id: string;
  readonly arn: string;
  readonly pipeline: string;
  readonly status: ExecutionStatus;
  readonly durationMs?: number;
  readonly dollars?: number;
  readonly definition?: string;
}

export interface StageComparison {
  readonly name: string;
  readonly visit: number;
  /** The stage is in both, or only in one of them. */
  readonly in: 'both' | 'a' | 'b';
  readonly status?: readonly [string, string];
  readonly input?: Difference;
  readonly output?: Difference;
  readonly durationMs?: readonly [number | null, number | null];
  readonly dollars?: readonly [number | null, number | null];
  readonly targetModels?: readonly [readonly string[], readonly string[]];
  readonly checksums?: readonly [readonly string[], readonly string[]];
  readonly endpoints?: readonly [string | null, string | null];
}

export interface Difference {
  readonly same: boolean;
  /** Numbers of the two that stand at the same path. */
  readonly numbers?: NumberDifference;
  /** Texts and booleans that stand at the same path and differ, such as labels; the first few by path. */
  readonly flips?: FlipDifference;
  /** Paths that are only in one of the two; the first few. */
  readonly onlyInA?: readonly string[];
  readonly onlyInB?: readonly string[];
  readonly images?: readonly ImageDifference[];
}

export interface NumberDifference {
  readonly count: number;
  readonly largestAbsolute: number;
  /** Where that is. */
  readonly at: string;
  readonly meanAbsolute: number;
  /** Of all numbers as two vectors; `null` where one is all zeros. */
  readonly cosine: number | null;
}

export interface FlipDifference {
  readonly compared: number;
  readonly flipped: number;
  readonly first: readonly { readonly path: string; readonly a: unknown; readonly b: unknown }[];
}

export interface ImageDifference {
  readonly path: string;
  /** Structural similarity of the luminance, -1 to 1; `null` when the sizes differ. */
  readonly ssim: number | null;
  readonly a: string;
  readonly b: string;
}

/** `GET /metrics?pipeline=&since=`. From the newest executions in the window: a sample where there are more. */
export interface MetricsAnswer {
  readonly pipeline: string;
  readonly since: string;
  readonly until: string;
  readonly bucketMs: number;
  /** The executions looked at, and whether there were more. */
  readonly executions: number;
  readonly isSample: boolean;
  readonly stages: readonly MetricSeries[];
  readonly containers: readonly MetricSeries[];
}

export interface MetricSeries {
  readonly name: string;
  readonly kind: StageKind | 'container';
  readonly total: MetricPoint;
  /** One per bucket in which there was anything, oldest first. */
  readonly points: readonly (MetricPoint & { readonly time: string })[];
}

export interface MetricPoint {
  readonly count: number;
  readonly errors: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  /** Calls that found their model in memory, of those that reported; `null` when none did. */
  readonly cacheHitRate: number | null;
}

/** `GET /endpoints`. */
export interface EndpointsAnswer {
  readonly endpoints: readonly EndpointView[];
}

export interface EndpointView {
  readonly name: string;
  readonly status: string;
  readonly failureReason?: string;
  readonly createdAt?: string;
  readonly variants: readonly VariantView[];
  /** Loads and evictions of the last day, newest first, from the endpoint's log; none on AWS's own containers. */
  readonly cacheEvents: readonly CacheEvent[];
  /** There were more in the last day than these newest. */
  readonly isCut?: true;
}

export interface VariantView {
  readonly name: string;
  readonly weight?: number;
  readonly instanceType?: string;
  readonly instances?: number;
  readonly containers: readonly ContainerView[];
}

export interface ContainerView {
  readonly name: string;
  readonly image?: string;
  readonly mode?: string;
  readonly modelData?: string;
  /** Target models that are in memory, as the log of loads and unloads has it; only of multi-model containers. */
  readonly loaded?: readonly string[];
}

export interface CacheEvent {
  readonly time: string;
  readonly what: 'load' | 'unload';
  readonly targetModel: string;
  readonly variant?: string;
  readonly container?: string;
  readonly instance?: string;
  readonly totalMs?: number;
  readonly downloadMs?: number;
  readonly loadMs?: number;
  /** Target models that were unloaded to make room. */
  readonly evicted?: readonly string[];
}

/** Body of `POST /executions/{id}/rerun`; all optional. */
export interface RerunRequest {
  /** A stage of the execution; the first unless told. */
  readonly from?: string;
  /** In place of the recorded input of the execution, or of the stage `from`. */
  readonly input?: unknown;
  readonly targetModel?: string;
  readonly variant?: string;
  readonly endpoint?: string;
  /** Of the new execution; a version 7 UUID unless told. */
  readonly name?: string;
}

/** `POST /executions/{id}/rerun` (202). */
export interface RerunAnswer {
  readonly id: string;
  readonly arn: string;
  readonly rerunOf: string;
}

/** `POST /executions/{id}/redrive` and `…/stop` (202). */
export interface OperationAnswer {
  readonly id: string;
  readonly arn: string;
  readonly operation: 'redrive' | 'stop';
}

export type { AttemptView, TimeSplit };

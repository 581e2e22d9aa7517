// The shape in which records travel between the stages of a pipeline, in Step Functions' states and Lambda events
// alike. A record keeps its position in the request or file from the first stage to the last.

/** One record on its way: its value so far, or why it left. */
export type RecordEnvelope<Value = unknown> = LiveRecord<Value> | FailedRecord;

export interface LiveRecord<Value = unknown> {
  /** Zero-based place in the request's `instances`, or in the input object's records. */
  readonly position: number;
  readonly value: Value;
  /** The record as it came, carried through a batch so that an error record can hold it. */
  readonly source?: unknown;
  /** What stages gave that the request asked for, by their names. */
  readonly included?: Included;
}

/** Stages' outputs, by the stages' names: `{"Estimate":{"prediction":…}}`. */
export type Included = Readonly<Record<string, unknown>>;

export interface FailedRecord {
  readonly position: number;
  readonly error: RecordError;
}

/** Why one record failed. `code` is a code of the error registry (`errors.ts`). */
export interface RecordError {
  readonly stage: string;
  readonly code: string;
  readonly message: string;
  /** The record as it came, so that an error record can be mended and sent again. */
  readonly record?: unknown;
}

/** What a state hands to a stage function, and what it gets back under `records`. */
export interface StageEvent<Value = unknown> {
  readonly stage: string;
  /** Told to the function that checks records against the pipeline's input. */
  readonly pipeline?: string;
  /** `fail`: the first failing record fails the invocation (real time); `keep`: it becomes an error record (batch). */
  readonly onRecordError: 'fail' | 'keep';
  /** How errors name the one record; unless told `instances[n]`, in a batch `records[n]`. */
  readonly recordName?: string;
  readonly records: readonly RecordEnvelope<Value>[];
  /** Answers of the inference stage before this one, not yet in the records. */
  readonly answers?: InferenceAnswers;
  /** Asks for `groups`: the next stage is an inference. */
  readonly next?: GroupingRequest;
  /** Records need not carry their sources: `write-part` reads them from the chunk again. */
  readonly leavesSource?: boolean;
  /** The stages whose outputs the request asked for (`?include=`). */
  readonly include?: readonly string[];
  /** The last function stage of a batch: what came through needs its source no more. */
  readonly isLast?: boolean;
}

export interface StageResult<Value = unknown> {
  readonly records: readonly RecordEnvelope<Value>[];
  /** One per target model, in the order in which the records first name them. */
  readonly groups?: readonly InstanceGroup[];
}

/**
 * How the state after a function stage takes its records: those bound for one target model go to the endpoint in one
 * call. The stage runtime groups them, so that the state machine need not.
 */
export interface GroupingRequest {
  /** The field of a record's value that is sent as its instance; it leaves the record. The whole value, unless told. */
  readonly instance?: string;
  /** The artefact, with the record's fields in braces: `{city}.tar.gz`. Absent on a single-model endpoint. */
  readonly targetModel?: string;
}

/** What one call to the endpoint takes. `positions[i]` is the record that `instances[i]` came from. */
export interface InstanceGroup {
  readonly targetModel?: string;
  readonly positions: readonly number[];
  readonly instances: readonly unknown[];
}

/** What one call to the endpoint gave: its body as text, or why it failed (batch only). */
export interface GroupAnswer {
  readonly targetModel?: string;
  readonly positions: readonly number[];
  readonly body?: unknown;
  readonly failure?: { readonly Error?: string; readonly Cause?: string };
}

/** The answers of an inference stage, to be put back into the records under `into`, or in place of their values. */
export interface InferenceAnswers {
  readonly stage: string;
  readonly into?: string;
  readonly groups: readonly GroupAnswer[];
}

/** What an inference leaves in a record's value under its `into`. */
export interface Inference<Prediction = unknown> {
  readonly prediction: Prediction;
  readonly targetModel?: string;
}

export function isFailed(record: RecordEnvelope): record is FailedRecord {
  return 'error' in record;
}

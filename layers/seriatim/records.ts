// The shape in which records travel between the stages of a pipeline, in Step Functions' states and Lambda events
// alike. A record keeps its position in the request or file from the first stage to the last.

/** One record on its way: its value so far, or why it left. */
export type RecordEnvelope<Value = unknown> = LiveRecord<Value> | FailedRecord;

export interface LiveRecord<Value = unknown> {
  /** Zero-based place in the request's `instances`, or in the input object's records. */
  readonly position: number;
  readonly value: Value;
}

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
  /** `fail`: the first failing record fails the invocation (real time); `keep`: it becomes an error record (batch). */
  readonly onRecordError: 'fail' | 'keep';
  readonly records: readonly RecordEnvelope<Value>[];
}

export interface StageResult<Value = unknown> {
  readonly records: readonly RecordEnvelope<Value>[];
}

export function isFailed(record: RecordEnvelope): record is FailedRecord {
  return 'error' in record;
}

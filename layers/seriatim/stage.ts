// The stage runtime: lifts a function over one record to a Lambda handler over a batch of records. Keeps their order,
// puts the answers of the inference before it into the records, groups them for the inference after it, and turns the
// failure of one record into an error record (`keep`) or into the invocation's error (`fail`).
import type { GenericSchema, InferOutput } from 'valibot';
import type { CarriedEvent } from './batch/carry.ts';
import { ContractViolation, InvalidPayload, isErrorCode, SeriatimError, StageFailed } from './errors.ts';
import { groupRecords } from './groups.ts';
import { mergeAnswers } from './inference.ts';
import { checkValue } from './payload.ts';
import {
  type Included,
  isFailed,
  type LiveRecord,
  type RecordEnvelope,
  type StageEvent,
  type StageResult,
} from './records.ts';

export interface StageDefinition<Schema extends GenericSchema, Output> {
  /**
   * What one record must be. A record that does not fit is an InvalidPayload naming the field; after an inference,
   * whose answer it was that did not fit, a ContractViolation.
   */
  readonly input: Schema;
  /** The work, for one record. What it throws becomes a StageFailed unless it is an error of the registry. */
  readonly run: (value: InferOutput<Schema>, context: RecordContext) => Output | Promise<Output>;
}

export interface RecordContext {
  readonly stage: string;
  readonly position: number;
}

export type StageHandler<Output> = (event: StageEvent) => Promise<StageResult<Output>>;

/**
 * @example
 * export const handler = stage({ input: HouseSchema, run: preprocessHouse });
 */
export function stage<Schema extends GenericSchema, Output>(
  definition: StageDefinition<Schema, Output>,
): StageHandler<Output> {
  return async (event) => {
    if (!isCarried(event)) return runRecords(definition, event);
    const { openEvent, runCarried } = await import('./batch/carried-stage.ts');
    const carried = event as unknown as CarriedEvent;
    if (carried.carry === undefined) return runRecords(definition, await openEvent(carried));
    const run = (record: RecordEnvelope, opened: StageEvent) => runRecord(definition, record, opened);
    return (await runCarried(carried, run)) as unknown as StageResult<Output>;
  };
}

/** Records of a batch may come, and go, as payloads (`batch/carry.ts`). */
function isCarried(event: StageEvent): boolean {
  return !Array.isArray(event.records) || 'carry' in event;
}

async function runRecords<Schema extends GenericSchema, Output>(
  definition: StageDefinition<Schema, Output>,
  event: StageEvent,
): Promise<StageResult<Output>> {
  const merged =
    event.answers === undefined ? event.records : mergeAnswers(event.records, event.answers, event.include);
  const records: RecordEnvelope<Output>[] = [];
  for (const record of merged) {
    const outcome = runRecord(definition, record, event);
    // A turn of the event loop for each of thousands of records would cost more than most stages' work.
    records.push(outcome instanceof Promise ? await outcome : outcome);
  }
  return event.next === undefined ? { records } : groupRecords(records, event.next, event);
}

function runRecord<Schema extends GenericSchema, Output>(
  definition: StageDefinition<Schema, Output>,
  record: RecordEnvelope,
  event: StageEvent,
): RecordEnvelope<Output> | Promise<RecordEnvelope<Output>> {
  const { position } = record;
  if (isFailed(record)) return keptOrThrown(record, event);
  const source = sourceOf(record, event);
  const done = (value: Output): RecordEnvelope<Output> => {
    const plain =
      source === undefined || event.isLast === true ? { position, value } : { position, value, source };
    const includes = record.included !== undefined || event.include !== undefined;
    return includes ? { ...plain, ...withIncluded(record.included, value, event) } : plain;
  };
  const failed = (thrown: unknown): RecordEnvelope<Output> => {
    const error = toStageError(thrown, event.stage);
    if (event.onRecordError === 'fail') throw error;
    const { code, message } = error;
    return { position, error: { stage: event.stage, code, message, record: source } };
  };
  try {
    const input = checkRecord(definition.input, record, event);
    const output = definition.run(input, { stage: event.stage, position });
    return output instanceof Promise ? output.then(done, failed) : done(output);
  } catch (thrown) {
    return failed(thrown);
  }
}

/** What an error record will hold; where the chunk is at hand, it is read from there when it comes to that. */
function sourceOf(record: LiveRecord, event: StageEvent): unknown {
  if (event.onRecordError === 'fail' || event.leavesSource === true) return undefined;
  return record.source ?? record.value;
}

/** What earlier stages gave that the request asked for, and this one's own. */
function withIncluded(
  before: Included | undefined,
  value: unknown,
  { stage: name, include }: StageEvent,
): { included?: Included } {
  if (include?.includes(name) === true) return { included: { ...before, [name]: value } };
  return before === undefined ? {} : { included: before };
}

function checkRecord<Schema extends GenericSchema>(
  schema: Schema,
  { position, value }: LiveRecord,
  event: StageEvent,
): InferOutput<Schema> {
  try {
    return checkValue(schema, value, { path: () => recordPath(position, event) });
  } catch (thrown) {
    if (event.answers === undefined || !(thrown instanceof InvalidPayload)) throw thrown;
    const { stage } = event.answers;
    throw new ContractViolation(`What ${stage} gave does not fit ${event.stage}: ${thrown.message}`, {
      stage,
    });
  }
}

/** A record that failed before this stage: passed on, or in real time the end of the invocation. */
function keptOrThrown(
  record: Extract<RecordEnvelope, { error: unknown }>,
  event: StageEvent,
): RecordEnvelope<never> {
  if (event.onRecordError === 'keep') return record;
  const { stage: failedStage, code, message } = record.error;
  throw new SeriatimError(isErrorCode(code) ? code : 'StageFailed', message, { stage: failedStage });
}

function toStageError(thrown: unknown, stageName: string): SeriatimError {
  if (thrown instanceof SeriatimError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new StageFailed(message, { stage: stageName, cause: thrown });
}

/** How a caller finds the record again: its place in the request's `instances`, or in the file. */
function recordPath(position: number, { onRecordError, recordName }: StageEvent): string {
  if (recordName !== undefined) return recordName;
  return onRecordError === 'fail' ? `instances[${position}]` : `records[${position}]`;
}

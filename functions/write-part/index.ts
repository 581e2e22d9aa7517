// The end of a batch's child: what its records came to, written as the chunk's part. Fails when more records than the
// run tolerates have failed, which ends the run early.
import {
  answerMerger,
  type CarriedAnswers,
  type ChunkTask,
  caughtError,
  checkAnswer,
  encodePart,
  findPipeline,
  type InferenceAnswers,
  isFailed,
  openAnswers,
  openRecords,
  type PipelineEntry,
  type RecordEnvelope,
  type RecordSource,
  readSlice,
  runKeys,
  type SeriatimError,
  type Slice,
  stored,
  writeBytes,
  writeText,
} from '../../layers/seriatim/index.ts';
import { partContent } from './content.ts';
import { everyRecord } from './every-record.ts';
import { checkTolerance } from './tolerance.ts';

export interface WritePartEvent {
  readonly task: ChunkTask;
  /** What became of the chunk, slice by slice. */
  readonly kept: readonly (KeptSlice | FailedSlice)[];
}

interface KeptSlice {
  readonly records: readonly (RecordEnvelope | KeptFailure)[] | RecordSource;
  /** Of a last stage that is an inference. */
  readonly answers?: CarriedAnswers;
  readonly models?: readonly import('../../layers/seriatim/index.ts').PartModel[];
}

/** A slice that a stage failed on as a whole. */
interface FailedSlice {
  readonly slice: Slice;
  readonly stage: string;
  readonly failure: Failure;
}

/** A record that failed on a way of its own, as the state machine kept it. */
interface KeptFailure {
  readonly position: number;
  readonly stage: string;
  readonly failure: Failure;
}

interface Failure {
  readonly Error?: string;
  readonly Cause?: string;
}

export interface WritePartResult {
  readonly n: number;
  readonly count: number;
  readonly failed: number;
}

/** What ended the chunk and with it the run: noted, for the manifest to tell of. */
export interface NoteFailureEvent {
  readonly task: ChunkTask;
  readonly stage: string;
  readonly failure: Failure;
}

export async function handler(
  event: WritePartEvent | NoteFailureEvent,
): Promise<WritePartResult | undefined> {
  return 'failure' in event ? noteFailure(event) : writePart(event);
}

async function noteFailure({ task: { run, chunk }, stage, failure }: NoteFailureEvent): Promise<undefined> {
  const key = runKeys(run).failure(run.attempt, chunk.n);
  await writeText({ bucket: run.bucket, key }, JSON.stringify({ stage, failure }), 'application/json');
}

async function writePart({ task, kept }: WritePartEvent): Promise<WritePartResult> {
  const { run, chunk } = task;
  const pipeline = findPipeline(run.pipeline);
  const slices = await Promise.all(kept.map((slice) => recordsOf(slice, task, pipeline)));
  const content = await partContent({
    records: everyRecord(slices, task),
    task,
    pipeline,
    sources: () => stored(() => readSlice(task)),
  });
  const models = kept.flatMap((slice) => ('models' in slice ? (slice.models ?? []) : []));
  const head = { n: chunk.n, first: chunk.first, count: chunk.count, ...content.head, models };
  const key = runKeys(run).part(chunk.n, content.head.failed);
  const part = encodePart(head, content.results, content.errors);
  await stored(() => writeBytes({ bucket: run.bucket, key }, part, 'application/octet-stream'));
  if (content.head.failed > 0) await stored(() => checkTolerance(task, content.head));
  return { n: chunk.n, count: chunk.count, failed: content.head.failed };
}

async function recordsOf(
  kept: KeptSlice | FailedSlice,
  { chunk }: ChunkTask,
  pipeline: PipelineEntry,
): Promise<Iterator<RecordEnvelope>> {
  if ('failure' in kept) return failedSlice(kept, chunk.first).values();
  const [records, answers] = await Promise.all([
    openRecords(kept.records as RecordEnvelope[] | RecordSource),
    kept.answers === undefined ? undefined : openAnswers(kept.answers),
  ]);
  return settled(records, answers, pipeline);
}

function* settled(
  records: Iterable<RecordEnvelope | KeptFailure>,
  answers: InferenceAnswers | undefined,
  pipeline: PipelineEntry,
): Generator<RecordEnvelope, void> {
  const merge = answers === undefined ? undefined : answerMerger(answers);
  for (const record of records) {
    const plain = 'failure' in record ? failedRecord(record.position, record.stage, record.failure) : record;
    yield fitting(merge === undefined ? plain : merge(plain), answers?.stage, pipeline);
  }
}

/** An answer that is not what the pipeline promises is an error record. */
function fitting(
  record: RecordEnvelope,
  stage: string | undefined,
  { output }: PipelineEntry,
): RecordEnvelope {
  if (isFailed(record)) return record;
  const { position, value } = record;
  try {
    checkAnswer(output, value, { stage, path: () => `records[${position}]` });
    return record;
  } catch (thrown) {
    const { stage: from = '', code, message } = thrown as SeriatimError;
    return { position, error: { stage: from, code, message } };
  }
}

function failedSlice({ slice, stage, failure }: FailedSlice, first: number): RecordEnvelope[] {
  return Array.from({ length: slice.to - slice.from }, (_, i) =>
    failedRecord(first + slice.from + i, stage, failure),
  );
}

function failedRecord(position: number, stage: string, { Error: error, Cause }: Failure): RecordEnvelope {
  const { code, message } = caughtError({ error, message: Cause }, { stage });
  return { position, error: { stage, code, message } };
}

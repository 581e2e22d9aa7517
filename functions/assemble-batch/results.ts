// Reading what the Distributed Map left under the work prefix: one line per child that ended well, and the children
// that failed with their inputs. A child holds records that follow each other, so ordering the children by their
// first record orders all records, and only one child's records are parsed at a time.
import {
  caughtError,
  executionError,
  type FailedRecord,
  type InferenceAnswers,
  mergeAnswers,
  type ObjectPlace,
  type RecordEnvelope,
  readLines,
  readText,
} from '../../layers/seriatim/index.ts';

/** Where the result writer put its manifest: `ResultWriterDetails`. */
export interface WriterDetails {
  readonly Bucket?: string;
  readonly Key?: string;
}

interface ResultFile {
  readonly Key: string;
}

interface ResultManifest {
  readonly ResultFiles: {
    readonly SUCCEEDED?: ResultFile[];
    readonly FAILED?: ResultFile[];
    readonly PENDING?: ResultFile[];
  };
}

/** A child's records, unparsed. */
interface Chunk {
  readonly firstPosition: number;
  readonly records: () => readonly RecordEnvelope[];
}

export interface ResultSource {
  readonly pipeline: string;
  readonly details: WriterDetails;
}

/** Every record of the batch in the file's order. */
export async function* readResults(source: ResultSource): AsyncGenerator<RecordEnvelope> {
  const chunks = await readChunks(source);
  chunks.sort((a, b) => a.firstPosition - b.firstPosition);
  for (const chunk of chunks) yield* [...chunk.records()].sort((a, b) => a.position - b.position);
}

async function readChunks({ pipeline, details }: ResultSource): Promise<Chunk[]> {
  if (details.Bucket === undefined || details.Key === undefined) return [];
  const bucket = details.Bucket;
  const manifest = JSON.parse(await readText({ bucket, key: details.Key })) as ResultManifest;
  const { SUCCEEDED = [], FAILED = [], PENDING = [] } = manifest.ResultFiles;
  const chunks: Chunk[] = [];
  for (const { Key } of SUCCEEDED) {
    for await (const line of readLines({ bucket, key: Key }))
      if (line !== '') chunks.push(succeededChunk(line));
  }
  for (const { Key } of [...FAILED, ...PENDING]) {
    chunks.push(...(await failedChunks({ bucket, key: Key }, pipeline)));
  }
  return chunks.filter(({ firstPosition }) => firstPosition >= 0);
}

/** The line stays text until its turn comes; its records' first position stands near its start. */
function succeededChunk(line: string): Chunk {
  return {
    firstPosition: Number(/"position":\s*(\d+)/.exec(line)?.[1] ?? -1),
    records: () => childRecords(line),
  };
}

/** The output of a child: its records, with the answers of a last stage that is an inference. */
function childRecords(line: string): readonly RecordEnvelope[] {
  const { records, answers } = JSON.parse(line) as {
    records: (RecordEnvelope | KeptFailure)[];
    answers?: InferenceAnswers;
  };
  const settled = records.map((record) => ('failure' in record ? failedRecord(record) : record));
  return answers === undefined ? settled : mergeAnswers(settled, answers);
}

/** A record that failed on a way of its own, as the state machine kept it. */
interface KeptFailure {
  readonly position: number;
  readonly source?: unknown;
  readonly stage: string;
  readonly failure: { readonly Error?: string; readonly Cause?: string };
}

function failedRecord({ position, source, stage, failure }: KeptFailure): FailedRecord {
  const { code, message } = caughtError({ error: failure.Error, message: failure.Cause }, { stage });
  return { position, error: { stage, code, message, record: source } };
}

/** What Step Functions lists of a child that did not end well. */
interface FailedChild {
  readonly Input?: string;
  readonly Status?: string;
  readonly Error?: string;
  readonly Cause?: string;
}

/** Each record of a failed child becomes an error record. */
async function failedChunks(place: ObjectPlace, pipeline: string): Promise<Chunk[]> {
  const text = await readText(place);
  const children = text.trimStart().startsWith('[')
    ? (JSON.parse(text) as FailedChild[])
    : text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as FailedChild);
  return children.map((child) => {
    const records = failedRecords(child, pipeline);
    return { firstPosition: records[0]?.position ?? -1, records: () => records };
  });
}

function failedRecords(child: FailedChild, pipeline: string): FailedRecord[] {
  const { Items = [] } = JSON.parse(child.Input ?? '{}') as {
    Items?: { position: number; value: unknown }[];
  };
  const error = executionError({ status: child.Status, error: child.Error, cause: child.Cause, pipeline });
  const { code, message, stage = 'Batch' } = error;
  return Items.map(({ position, value }) => ({ position, error: { stage, code, message, record: value } }));
}

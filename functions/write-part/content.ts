// What a part holds: the results as lines of the output, the error records, and what is counted on the way.
import {
  type ChunkTask,
  type ColumnKind,
  type FailedRecord,
  isFailed,
  kindOf,
  outputFormat,
  type PartHead,
  type PipelineEntry,
  type RecordEnvelope,
  TextBuffer,
  widerKind,
} from '../../layers/seriatim/index.ts';
import { errorLine, lineWriter } from './lines.ts';

export interface PartSource {
  /** Each of the chunk's, in order. */
  readonly records: Iterable<RecordEnvelope>;
  readonly task: ChunkTask;
  readonly pipeline: PipelineEntry;
  /** Reads the chunk's records as they came: asked only where they are needed. */
  readonly sources: () => Promise<Iterable<RecordEnvelope>>;
}

export interface PartContent {
  readonly head: Pick<PartHead, 'failed' | 'errors' | 'groups' | 'kinds'>;
  readonly results: Buffer;
  readonly errors: Buffer;
}

/** The group of records that left before they got a value. */
const REJECTED = 'rejected';
/** The group of those whose value is null: they came through, and belong nowhere. */
const NONE = 'none';

export async function partContent(part: PartSource): Promise<PartContent> {
  const { task, pipeline } = part;
  const { results, failed, groups, kinds } = resultsOf(part, await joined(part));
  const sources = failed.length === 0 ? [] : await part.sources();
  return {
    head: {
      failed: failed.length,
      errors: countCodes(failed),
      ...(pipeline.groupBy === undefined ? {} : { groups }),
      ...(outputFormat(task.run) === 'parquet' ? { kinds } : {}),
    },
    results,
    errors: errorsOf(failed, sources, task.run.options.idField ?? 'id'),
  };
}

/** Undefined when the input's fields are no part of the output. */
async function joined({ task, sources }: PartSource): Promise<Iterator<RecordEnvelope> | undefined> {
  return task.run.options.join === true ? (await sources())[Symbol.iterator]() : undefined;
}

interface Results {
  readonly results: Buffer;
  readonly failed: readonly FailedRecord[];
  readonly groups: Readonly<Record<string, readonly (string | number)[]>>;
  readonly kinds: Readonly<Record<string, ColumnKind>>;
}

function resultsOf(
  { records, task, pipeline }: PartSource,
  sources: Iterator<RecordEnvelope> | undefined,
): Results {
  const lineOf = lineWriter(task, pipeline);
  const isParquet = outputFormat(task.run) === 'parquet';
  const results = new TextBuffer();
  const failed: FailedRecord[] = [];
  const groups: Record<string, (string | number)[]> = {};
  const kinds: Record<string, ColumnKind> = {};
  for (const record of records) {
    const source = sources?.next().value;
    const line = lineOf(record, source === undefined ? undefined : textOrValue(source));
    results.add(line);
    if (isParquet) noteKinds(kinds, line);
    if (isFailed(record)) failed.push(record);
    else if (pipeline.groupBy !== undefined) noteGroup(groups, record, pipeline.groupBy);
  }
  return { results: results.bytes(), failed, groups, kinds };
}

function countCodes(failed: readonly FailedRecord[]): Record<string, number> {
  const codes: Record<string, number> = {};
  for (const { error } of failed) codes[error.code] = (codes[error.code] ?? 0) + 1;
  return codes;
}

/** @param sources of the whole chunk, in order, as the failed ones are */
function errorsOf(
  failed: readonly FailedRecord[],
  sources: Iterable<RecordEnvelope>,
  idField: string,
): Buffer {
  const errors = new TextBuffer();
  let next = 0;
  for (const source of sources) {
    if (failed[next]?.position !== source.position) continue;
    errors.add(errorLine(failed[next]!, textOrValue(source), idField));
    next++;
  }
  return errors.bytes();
}

function noteKinds(kinds: Record<string, ColumnKind>, line: string): void {
  const { error, ...row } = JSON.parse(line) as Record<string, unknown>;
  for (const [name, value] of Object.entries(row)) {
    const kind = widerKind(kinds[name], kindOf(value));
    if (kind !== undefined) kinds[name] = kind;
  }
}

/** The record as it came; of one that could not be read, its text. */
function textOrValue(record: RecordEnvelope): unknown {
  return isFailed(record) ? record.error.record : record.value;
}

function noteGroup(
  groups: Record<string, (string | number)[]>,
  { position, value }: { readonly position: number; readonly value: unknown },
  field: string,
): void {
  const fields = value as Readonly<Record<string, unknown>>;
  const own = fields[field];
  const group = typeof own === 'string' ? own : own === null ? NONE : REJECTED;
  groups[group] ??= [];
  groups[group].push(typeof fields.key === 'string' ? fields.key : position);
}

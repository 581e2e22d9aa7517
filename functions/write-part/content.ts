// What a part holds: the results as lines of the output, the error records, and what is counted on the way. Pure.
import {
  type ChunkTask,
  type ColumnKind,
  isFailed,
  kindOf,
  outputFormat,
  type PartHead,
  type PipelineEntry,
  type RecordEnvelope,
  widerKind,
} from '../../layers/seriatim/index.ts';
import { errorLine, lineWriter } from './lines.ts';

export interface PartSource {
  /** Each of the chunk's, in order. */
  readonly records: readonly RecordEnvelope[];
  readonly task: ChunkTask;
  readonly pipeline: PipelineEntry;
  /** The chunk's records as they came, where they are needed. */
  readonly sources?: readonly RecordEnvelope[];
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

export function partContent({ records, task, pipeline, sources }: PartSource): PartContent {
  const { options } = task.run;
  const line = lineWriter(task, pipeline);
  const results: string[] = [];
  const errors: string[] = [];
  const codes: Record<string, number> = {};
  const groups: Record<string, (string | number)[]> = {};
  records.forEach((record, i) => {
    const source = sources === undefined ? undefined : textOrValue(sources[i]!);
    results.push(line(record, source));
    if (isFailed(record)) {
      codes[record.error.code] = (codes[record.error.code] ?? 0) + 1;
      errors.push(errorLine(record, source, options.idField ?? 'id'));
    } else if (pipeline.groupBy !== undefined) noteGroup(groups, record, pipeline.groupBy);
  });
  return {
    head: {
      failed: errors.length,
      errors: codes,
      ...(pipeline.groupBy === undefined ? {} : { groups }),
      ...(outputFormat(task.run) === 'parquet' ? { kinds: kindsIn(results) } : {}),
    },
    results: Buffer.from(results.join('')),
    errors: Buffer.from(errors.join('')),
  };
}

function kindsIn(lines: readonly string[]): Record<string, ColumnKind> {
  const kinds: Record<string, ColumnKind> = {};
  for (const line of lines) {
    const { error, ...row } = JSON.parse(line) as Record<string, unknown>;
    for (const [name, value] of Object.entries(row)) {
      const kind = widerKind(kinds[name], kindOf(value));
      if (kind !== undefined) kinds[name] = kind;
    }
  }
  return kinds;
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

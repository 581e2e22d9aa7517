// Puts a run's parts together: results and error records, each an object that appears once it is whole. Memory holds a
// few parts, however many there are.
import {
  type BatchRun,
  type ColumnKind,
  contentTypeOfOutput,
  findPipeline,
  mergeKinds,
  outputColumns,
  outputFormat,
  type Part,
  type PartModel,
  runKeys,
  type SplitSummary,
  Upload,
  type Uploaded,
} from '../../layers/seriatim/index.ts';
import { parquetSink } from './parquet-sink.ts';
import { listParts, type PartPlace, readParts } from './parts.ts';
import { byteSink, type ResultSink } from './sink.ts';

export interface Counts {
  readonly records: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Failed records by their error's code. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface Assembled {
  readonly counts: Counts;
  readonly chunks: number;
  readonly models: readonly PartModel[];
  readonly groups?: Readonly<Record<string, readonly (string | number)[]>>;
  readonly output?: Uploaded;
  readonly errors: Uploaded;
}

/** @param isWhole writes the results too; without it only what is known of what has been done */
export async function assemble(
  run: BatchRun,
  { reading }: Pick<SplitSummary, 'reading'>,
  isWhole: boolean,
): Promise<Assembled> {
  const keys = runKeys(run);
  const errors = new Upload({ bucket: run.bucket, key: keys.errors }, 'application/x-ndjson');
  const places = await listParts(run);
  const results = isWhole ? await openResults(run, reading, places) : undefined;
  const tally = new Tally();
  try {
    for await (const part of readParts(run, places)) {
      tally.add(part);
      await errors.write(part.errors);
      await results?.add(part.results);
    }
    // The error records first: whoever waits for the output finds them there.
    const writtenErrors = await errors.finish();
    const output = await results?.finish();
    return { ...tally.found(), ...(output === undefined ? {} : { output }), errors: writtenErrors };
  } catch (thrown) {
    await Promise.all([errors.abort(), results?.abort()]);
    throw thrown;
  }
}

async function openResults(
  run: BatchRun,
  reading: SplitSummary['reading'],
  places: readonly PartPlace[],
): Promise<ResultSink> {
  const format = outputFormat(run);
  const upload = new Upload({ bucket: run.bucket, key: runKeys(run).output }, contentTypeOfOutput(format));
  if (format === 'jsonl') return byteSink(upload);
  const names = outputColumns(run.options, findPipeline(run.pipeline), reading);
  if (format === 'csv') return byteSink(upload, `${[...names, 'error'].join(',')}\n`);
  return parquetSink(upload, { names, kinds: await kindsOf(run, places) });
}

/** Of all parts: the type of a column stands in the file's schema. */
async function kindsOf(run: BatchRun, places: readonly PartPlace[]): Promise<Record<string, ColumnKind>> {
  const kinds: Record<string, ColumnKind> = {};
  for await (const { head } of readParts(run, places)) mergeKinds(kinds, head.kinds ?? {});
  return kinds;
}

class Tally {
  #records = 0;
  #failed = 0;
  #chunks = 0;
  readonly #codes: Record<string, number> = {};
  readonly #models = new Map<string, PartModel>();
  readonly #groups: Record<string, (string | number)[]> = {};
  #hasGroups = false;

  add({ head }: Part): void {
    this.#records += head.count;
    this.#failed += head.failed;
    this.#chunks++;
    for (const [code, count] of Object.entries(head.errors))
      this.#codes[code] = (this.#codes[code] ?? 0) + count;
    for (const model of head.models) this.#addModel(model);
    if (head.groups === undefined) return;
    this.#hasGroups = true;
    for (const [group, members] of Object.entries(head.groups)) {
      this.#groups[group] ??= [];
      this.#groups[group].push(...members);
    }
  }

  #addModel(model: PartModel): void {
    const id = JSON.stringify([model.stage, model.variant, model.targetModel]);
    const before = this.#models.get(id)?.records ?? 0;
    this.#models.set(id, { ...model, records: before + model.records });
  }

  found(): Omit<Assembled, 'output' | 'errors'> {
    const counts = {
      records: this.#records,
      succeeded: this.#records - this.#failed,
      failed: this.#failed,
      errors: sorted(this.#codes),
    };
    const models = [...this.#models.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    return {
      counts,
      chunks: this.#chunks,
      models,
      ...(this.#hasGroups ? { groups: sorted(this.#groups) } : {}),
    };
  }
}

function nameOf({ stage, variant = '', targetModel = '' }: PartModel): string {
  return `${stage} ${variant} ${targetModel}`;
}

/** In the alphabet's order. */
function sorted<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

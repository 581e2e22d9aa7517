// Puts a run's parts together: results and error records, each an object that appears once it is whole. Memory holds a
// few parts, however many there are.
import {
  type BatchRun,
  type ColumnKind,
  contentTypeOfOutput,
  findPipeline,
  mergeKinds,
  type Owner,
  outputColumns,
  outputFormat,
  runKeys,
  type SplitSummary,
  Upload,
  type Uploaded,
} from '../../layers/seriatim/index.ts';
import { checkOutcome, checkParts } from './outcome.ts';
import { parquetSink } from './parquet-sink.ts';
import { listParts, type PartPlace, readParts } from './parts.ts';
import { byteSink, type ResultSink } from './sink.ts';
import { type Tallied, Tally } from './tally.ts';

export interface Assembled extends Tallied {
  readonly output?: Uploaded;
  readonly errors: Uploaded;
}

export interface Assembling {
  readonly summary: Pick<SplitSummary, 'reading' | 'records' | 'chunks'>;
  readonly owner: Owner;
  /** Writes the results too; without it only what is known of what has been done. */
  readonly isWhole: boolean;
}

/** @throws SeriatimError for a whole run that may not end as one that went through */
export async function assemble(run: BatchRun, { summary, owner, isWhole }: Assembling): Promise<Assembled> {
  const keys = runKeys(run);
  const places = await listParts(run);
  if (isWhole) checkParts(places.length, summary);
  const errors = new Upload({ bucket: run.bucket, key: keys.errors }, 'application/x-ndjson', owner);
  const results = isWhole ? await openResults(run, { summary, places, owner }) : undefined;
  const tally = new Tally();
  try {
    for await (const part of readParts(run, places)) {
      tally.add(part);
      await errors.write(part.errors);
      await results?.add(part.results);
    }
    // Before anything can be seen: no output may look whole that is not.
    if (isWhole) checkOutcome(run, summary, tally);
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
  {
    summary,
    places,
    owner,
  }: Pick<Assembling, 'summary' | 'owner'> & { readonly places: readonly PartPlace[] },
): Promise<ResultSink> {
  const format = outputFormat(run);
  const place = { bucket: run.bucket, key: runKeys(run).output };
  const upload = new Upload(place, contentTypeOfOutput(format), owner);
  if (format === 'jsonl') return byteSink(upload);
  const names = outputColumns(run.options, findPipeline(run.pipeline), summary.reading);
  if (format === 'csv') return byteSink(upload, `${[...names, 'error'].join(',')}\n`);
  return parquetSink(upload, { names, kinds: await kindsOf(run, places) });
}

/** Of all parts: the type of a column stands in the file's schema. */
async function kindsOf(run: BatchRun, places: readonly PartPlace[]): Promise<Record<string, ColumnKind>> {
  const kinds: Record<string, ColumnKind> = {};
  for await (const { head } of readParts(run, places)) mergeKinds(kinds, head.kinds ?? {});
  return kinds;
}

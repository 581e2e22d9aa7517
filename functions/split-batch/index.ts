// The start of a run: its input read once and cut into chunks of records, and the list of those that are still to do.
// Splitting again gives the same chunks; when the list of a former start is whole it is taken as it is.
import {
  type BatchRun,
  type Chunk,
  failuresByPart,
  log,
  type Reading,
  readText,
  readTextIfThere,
  runKeys,
  SeriatimError,
  type SplitSummary,
  sumOf,
  toleratedCount,
  Upload,
  writeText,
} from '../../layers/seriatim/index.ts';
import { splitInput } from './chunks.ts';
import type { CutLimits } from './cut-lines.ts';

export interface SplitEvent {
  readonly run: BatchRun;
  readonly limits: CutLimits;
}

export interface SplitResult {
  readonly reading: Reading;
  readonly totals: { readonly records: number; readonly chunks: number };
  /** Chunks still to do, a line of JSON each. */
  readonly todo: { readonly key: string; readonly count: number };
  /** Children at once. */
  readonly concurrency: number;
}

export async function handler({
  run,
  limits,
}: SplitEvent & { limits: CutLimits & { concurrency: number } }): Promise<SplitResult> {
  if (run.refusal !== undefined) throw new SeriatimError(run.refusal.code, run.refusal.message);
  const summary =
    (await endedRun(run)) ?? (await formerSplit(run)) ?? (await split(run, withOptions(limits, run)));
  const { reading, records, chunks } = summary;
  const todo = await writeTodo(run, summary);
  log('info', 'split', { run: run.id, records, chunks, todo: todo.count });
  const concurrency = run.options.concurrency ?? limits.concurrency;
  return { reading, totals: { records, chunks }, todo, concurrency };
}

function withOptions(limits: CutLimits, { options }: BatchRun): CutLimits {
  return { ...limits, maxRecords: options.recordsPerBatch ?? limits.maxRecords };
}

/** Of a run that went through nothing is left to do: its work is gone, and must not begin anew. */
async function endedRun(run: BatchRun): Promise<SplitSummary | undefined> {
  const text = await readTextIfThere({ bucket: run.bucket, key: runKeys(run).runManifest });
  const manifest = text === undefined ? undefined : (JSON.parse(text) as EndedManifest);
  if (manifest?.status !== 'SUCCEEDED' || manifest.name !== run.name) return undefined;
  return {
    reading: { format: 'jsonl', encoding: 'utf-8' },
    records: manifest.counts.records,
    chunks: 0,
  };
}

interface EndedManifest {
  readonly status: string;
  readonly name: string;
  readonly counts: { readonly records: number };
}

async function formerSplit(run: BatchRun): Promise<SplitSummary | undefined> {
  const text = await readTextIfThere({ bucket: run.bucket, key: runKeys(run).split });
  return text === undefined ? undefined : (JSON.parse(text) as SplitSummary);
}

/** The list first, then what says that it is whole. */
async function split(run: BatchRun, limits: CutLimits): Promise<SplitSummary> {
  const keys = runKeys(run);
  const list = new Upload({ bucket: run.bucket, key: keys.chunkList }, 'application/x-ndjson');
  const counted = { records: 0, chunks: 0 };
  const found = await splitInput(run, limits);
  try {
    for await (const chunk of found.chunks) {
      counted.chunks++;
      counted.records += chunk.count;
      await list.write(Buffer.from(`${JSON.stringify(chunk)}\n`));
    }
    await list.finish();
  } catch (thrown) {
    await list.abort();
    throw located(thrown, counted.records);
  }
  if (run.format === 'objects' && counted.records === 0)
    throw new SeriatimError('EmptyInput', `There are no objects under s3://${run.bucket}/${run.key}.`);
  const nothing = counted.records === 0 ? { note: 'The object holds no records.' } : {};
  const summary: SplitSummary = { ...nothing, ...found.summary(), ...counted };
  await writeText({ bucket: run.bucket, key: keys.split }, JSON.stringify(summary), 'application/json');
  return summary;
}

/** How far the reading came belongs to what is wrong with the input. */
function located(thrown: unknown, records: number): unknown {
  if (!(thrown instanceof SeriatimError) || records === 0) return thrown;
  const message = `${thrown.message} The first ${records} records could be read.`;
  return new SeriatimError(thrown.code, message, { cause: thrown });
}

/** @throws SeriatimError TooManyFailures when the parts that an earlier start left hold more than the run bears */
async function writeTodo(run: BatchRun, { records, chunks }: SplitSummary): Promise<SplitResult['todo']> {
  const keys = runKeys(run);
  const done = await failuresByPart(run);
  const list = { bucket: run.bucket, key: keys.chunkList };
  const text = chunks === 0 ? '' : await readText(list);
  const lines = text.split('\n').filter((line) => line !== '');
  const todo = done.size === 0 ? lines : lines.filter((line) => !done.has((JSON.parse(line) as Chunk).n));
  checkKept(run, records, done);
  const key = keys.todo(run.attempt);
  const body = todo.map((line) => `${line}\n`).join('');
  await writeText({ bucket: run.bucket, key }, body, 'application/x-ndjson');
  return { key, count: todo.length };
}

/** What failed in parts that are kept counts as what fails now does. */
function checkKept(run: BatchRun, records: number, done: ReadonlyMap<number, number>): void {
  const failed = sumOf(done);
  if (failed <= toleratedCount(run.options, records)) return;
  throw new SeriatimError(
    'TooManyFailures',
    `In the ${done.size} parts that are kept ${failed} of ${records} records failed; ${run.options.toleratedFailures} are tolerated. Resume with a greater tolerance, or start anew.`,
    { pipeline: run.pipeline },
  );
}

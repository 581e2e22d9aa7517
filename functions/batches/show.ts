// `GET /batches/{id}`: how far a run is, and once it is over its manifest with links to what it wrote.
// `GET /batches/{id}/output` and `/errors` lead to the bytes themselves, as long as they are this run's.
import {
  type BatchRun,
  donePartsOf,
  executionError,
  presignedUrl,
  readTextIfThere,
  replacedBy,
  runKeys,
  SeriatimError,
  type SplitSummary,
} from '../../layers/seriatim/index.ts';
import { isResumable } from './control.ts';
import type { BatchAnswer, BatchPlace } from './create.ts';
import { type FoundRun, findById } from './find.ts';
import { findStray } from './list.ts';

export async function showRun(id: string, place: BatchPlace): Promise<BatchAnswer> {
  const stray = await findStray(id, place.bucket);
  if (stray !== undefined) return { statusCode: 200, body: stray };
  return { statusCode: 200, body: await viewOf(await findById(id, place)) };
}

export async function viewOf(found: FoundRun): Promise<Record<string, unknown>> {
  const { run, latest } = found;
  const { id, pipeline, bucket, key, name } = run;
  const { status, startedAt, endedAt, arn, attempt } = latest;
  const isOver = status !== 'RUNNING' && status !== 'PENDING_REDRIVE';
  const manifest = isOver ? await manifestOf(run) : undefined;
  return {
    id,
    pipeline,
    name,
    // An execution that ended well after assembling a failed run's leftovers does not exist: this is the run's status.
    status,
    attempt,
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    executionArn: arn,
    input: { bucket, key },
    isResumable: isOver && isResumable(found, manifest?.error?.code),
    options: run.options,
    progress: manifest === undefined ? await progressOf(run, startedAt) : finished(manifest),
    ...(manifest === undefined ? {} : { manifest, ...(await linksOf(run, manifest)) }),
    ...(isOver && manifest === undefined ? { error: errorOf(found) } : {}),
  };
}

interface Manifest {
  readonly attempt: number;
  readonly status: string;
  readonly error?: { readonly code: string };
  readonly input: { readonly records: number };
  readonly counts: { readonly records: number; readonly failed: number };
  readonly output?: Written;
  readonly errors: Written;
}

interface Written {
  readonly bucket: string;
  readonly key: string;
  /** When the run ended another one's stood there already. */
  readonly replacedBy?: string;
}

/** Of this start: that of an earlier one says nothing any more. */
async function manifestOf(run: BatchRun): Promise<Manifest | undefined> {
  const text = await readTextIfThere({ bucket: run.bucket, key: runKeys(run).runManifest });
  const manifest = text === undefined ? undefined : (JSON.parse(text) as Manifest);
  return manifest?.attempt === run.attempt ? manifest : undefined;
}

function finished({ input, counts }: Manifest) {
  return { records: input.records, done: counts.records, failed: counts.failed };
}

/** While it is read there is no telling how many records there are. */
async function progressOf(run: BatchRun, startedAt: string): Promise<Record<string, number>> {
  const text = await readTextIfThere({ bucket: run.bucket, key: runKeys(run).split });
  if (text === undefined) return { done: 0, failed: 0 };
  const { records, chunks } = JSON.parse(text) as SplitSummary;
  const parts = [...(await donePartsOf(run)).values()];
  const failed = parts.reduce((sum, part) => sum + part.failed, 0);
  const recordsIn = (count: number): number => (chunks === 0 ? 0 : (records * count) / chunks);
  const done = Math.round(recordsIn(parts.length));
  const fresh = parts.filter(({ modifiedMs }) => modifiedMs >= Date.parse(startedAt)).length;
  const seconds = Math.max(1, Date.now() - Date.parse(startedAt)) / 1000;
  const recordsPerSecond = Math.round(recordsIn(fresh) / seconds);
  return { records, done, failed, chunks, chunksDone: parts.length, recordsPerSecond };
}

type What = 'output' | 'errors';

interface Links {
  readonly links: Readonly<Partial<Record<What, string>>>;
  /** The runs whose results stand where this one's were. */
  readonly replaced?: Readonly<Partial<Record<What, string>>>;
}

async function linksOf(run: BatchRun, manifest: Manifest): Promise<Links> {
  const links: Partial<Record<What, string>> = {};
  const replaced: Partial<Record<What, string>> = {};
  const add = async (what: What, place: Written): Promise<void> => {
    const other = place.replacedBy ?? (await replacedBy(place, run.id));
    if (other === undefined) links[what] = await presignedUrl('GET', place);
    else replaced[what] = other;
  };
  if (manifest.status === 'SUCCEEDED' && manifest.output !== undefined) await add('output', manifest.output);
  if (manifest.counts.failed > 0) await add('errors', manifest.errors);
  return { links, ...(Object.keys(replaced).length === 0 ? {} : { replaced }) };
}

/** @throws InvalidPayload while it runs; ResultsReplaced, RunNotFound when there is nothing of this run's */
export async function leadTo(id: string, what: What, place: BatchPlace): Promise<BatchAnswer> {
  const found = await findById(id, place);
  if (found.latest.status === 'RUNNING')
    return { statusCode: 409, body: { error: { code: 'RunGoesOn', message: `The run ${id} goes on.` } } };
  const manifest = await manifestOf(found.run);
  const { links, replaced }: Links =
    manifest === undefined ? { links: {} } : await linksOf(found.run, manifest);
  const other = replaced?.[what];
  if (other !== undefined)
    throw new SeriatimError(
      'ResultsReplaced',
      `The ${what} of ${id} ${what === 'output' ? 'was' : 'were'} replaced by those of run ${other}.`,
    );
  const url = links[what];
  if (url === undefined) throw new SeriatimError('RunNotFound', `The run ${id} left no ${what}.`);
  return { statusCode: 302, body: { url }, headers: { location: url } };
}

/** Step Functions' own words, where the run could not say what was wrong itself. */
function errorOf({ latest, run }: FoundRun): Record<string, unknown> {
  const { status, error, cause } = latest;
  if (status === 'ABORTED') return { code: 'Stopped', message: cause ?? 'The run was stopped.' };
  const { code, message } = executionError({ status, error, cause, pipeline: run.pipeline });
  return { code, message };
}

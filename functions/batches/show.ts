// `GET /batches/{id}`: how far a run is, and once it is over its manifest with links to what it wrote.
import {
  type BatchRun,
  listObjects,
  presignedUrl,
  readPartKey,
  readTextIfThere,
  runKeys,
  type SplitSummary,
} from '../../layers/seriatim/index.ts';
import type { BatchAnswer, BatchPlace } from './create.ts';
import { type FoundRun, findById } from './find.ts';

export async function showRun(id: string, place: BatchPlace): Promise<BatchAnswer> {
  return { statusCode: 200, body: await viewOf(await findById(id, place)) };
}

export async function viewOf({ run, latest }: FoundRun): Promise<Record<string, unknown>> {
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
    options: run.options,
    progress: manifest === undefined ? await progressOf(run) : finished(manifest),
    ...(manifest === undefined ? {} : { manifest, links: await links(run, manifest) }),
    ...(isOver && manifest === undefined ? { error: errorOf(latest) } : {}),
  };
}

interface Manifest {
  readonly attempt: number;
  readonly status: string;
  readonly input: { readonly records: number };
  readonly counts: { readonly records: number; readonly failed: number };
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
async function progressOf(run: BatchRun): Promise<Record<string, number>> {
  const keys = runKeys(run);
  const text = await readTextIfThere({ bucket: run.bucket, key: keys.split });
  if (text === undefined) return { done: 0, failed: 0 };
  const { records, chunks } = JSON.parse(text) as SplitSummary;
  const parts = new Map<number, number>();
  for await (const { key } of listObjects(run.bucket, keys.parts)) {
    const part = readPartKey(key);
    if (part !== undefined) parts.set(part.n, Math.min(part.failed, parts.get(part.n) ?? part.failed));
  }
  const failed = [...parts.values()].reduce((sum, count) => sum + count, 0);
  const done = chunks === 0 ? 0 : Math.round((records * parts.size) / chunks);
  return { records, done, failed, chunks, chunksDone: parts.size };
}

async function links(run: BatchRun, { status, counts }: Manifest): Promise<Record<string, string>> {
  const { bucket } = run;
  const keys = runKeys(run);
  const found: Record<string, string> = {};
  if (status === 'SUCCEEDED') found.output = await presignedUrl('GET', { bucket, key: keys.output });
  if (counts.failed > 0) found.errors = await presignedUrl('GET', { bucket, key: keys.errors });
  return found;
}

function errorOf({ status, error, cause }: FoundRun['latest']): Record<string, unknown> {
  return { code: error ?? status, message: cause ?? 'The run was stopped.' };
}

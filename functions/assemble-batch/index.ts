// The end of a run. Of one that went through: results under `out/`, error records under `errors/`, and last the
// manifest, whose appearance says that the run is over; its work is then thrown away. Of one that failed: the error
// records of what was done and a manifest with the cause; its parts stay, and starting again goes on from them.
import {
  type BatchRun,
  caughtError,
  deleteUnder,
  headObject,
  listObjects,
  log,
  type PartModel,
  type Reading,
  readText,
  readTextIfThere,
  runKeys,
  type SplitSummary,
  type Uploaded,
  writeText,
} from '../../layers/seriatim/index.ts';
import { type Assembled, assemble, type Counts } from './assemble.ts';
import { costOf } from './cost.ts';

export interface AssembleEvent {
  readonly run: BatchRun;
  readonly executionArn: string;
  readonly startedAt: string;
  /** Why the run failed, and in which state; absent when it went through. */
  readonly failure?: { readonly Error?: string; readonly Cause?: string };
  readonly stage?: string;
}

export interface AssembleResult {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly manifest: string;
  readonly counts?: Counts;
}

const NOTHING: SplitSummary = { reading: { format: 'jsonl', encoding: 'utf-8' }, chunks: 0, records: 0 };

export async function handler(event: AssembleEvent): Promise<AssembleResult> {
  const { run, failure } = event;
  const summary = await readSummary(run);
  const assembled = await assemble(run, summary, failure === undefined);
  if (failure === undefined) checkComplete(assembled, summary);
  const manifest = manifestOf(event, await errorOf(event), { summary, assembled });
  await writeManifest(run, manifest, assembled);
  if (failure === undefined) await clear(run);
  log('info', 'run ended', { run: run.id, status: manifest.status, counts: assembled.counts });
  const { status, counts } = manifest;
  return { status, manifest: `s3://${run.bucket}/${runKeys(run).manifest}`, counts };
}

async function readSummary(run: BatchRun): Promise<SplitSummary> {
  const text = await readTextIfThere({ bucket: run.bucket, key: runKeys(run).split });
  return text === undefined ? NOTHING : (JSON.parse(text) as SplitSummary);
}

/** @throws Error when a part is missing: no output may look whole that is not */
function checkComplete({ counts, chunks }: Assembled, summary: SplitSummary): void {
  if (counts.records === summary.records && chunks === summary.chunks) return;
  throw new Error(
    `${chunks} of ${summary.chunks} parts are there, ${counts.records} of ${summary.records} records.`,
  );
}

interface Manifest {
  readonly status: AssembleResult['status'];
  readonly counts: Counts;
  readonly [member: string]: unknown;
}

function manifestOf(
  event: AssembleEvent,
  error: RunError | undefined,
  { summary, assembled }: { readonly summary: SplitSummary; readonly assembled: Assembled },
): Manifest {
  const { run, executionArn, startedAt } = event;
  const keys = runKeys(run);
  const endedAt = new Date().toISOString();
  const durationMs = Date.parse(endedAt) - Date.parse(startedAt);
  const { bucket } = run;
  const { counts, models, output, errors, groups } = assembled;
  return {
    id: run.id,
    pipeline: run.pipeline,
    status: event.failure === undefined ? 'SUCCEEDED' : 'FAILED',
    ...(error === undefined ? {} : { error }),
    executionArn,
    attempt: run.attempt,
    startedAt,
    endedAt,
    durationMs,
    recordsPerSecond: durationMs > 0 ? Math.round(counts.records / (durationMs / 1000)) : 0,
    options: run.options,
    input: inputOf(run, summary),
    ...(output === undefined
      ? { partial: { bucket, prefix: keys.parts } }
      : { output: written(bucket, keys.output, output) }),
    errors: written(bucket, keys.errors, errors),
    ...(groups === undefined ? {} : { groups: { bucket, key: keys.groups } }),
    counts,
    ...(summary.note === undefined ? {} : { note: summary.note }),
    models: models as readonly PartModel[],
    cost: costOf(assembled),
  };
}

interface RunError {
  readonly stage: string;
  readonly code: string;
  readonly message: string;
}

/** Of a run that a chunk ended, what the chunk said: the Map Run says only that too many failed. */
async function errorOf({ run, failure, stage = 'Batch' }: AssembleEvent): Promise<RunError | undefined> {
  if (failure === undefined) return undefined;
  const noted = stage === 'RunChunks' ? await notedFailure(run) : undefined;
  const told = noted ?? { stage, failure };
  const { code, message } = caughtError(
    { error: told.failure.Error, message: told.failure.Cause },
    { stage: told.stage },
  );
  return { stage: told.stage, code, message };
}

type NotedFailure = Pick<Required<AssembleEvent>, 'stage' | 'failure'>;

/** The first chunk's. */
async function notedFailure(run: BatchRun): Promise<NotedFailure | undefined> {
  const { bucket } = run;
  for await (const { key } of listObjects(bucket, runKeys(run).failures(run.attempt)))
    return JSON.parse(await readText({ bucket, key })) as NotedFailure;
  return undefined;
}

function inputOf(
  { bucket, key, etag, sizeBytes, format }: BatchRun,
  summary: SplitSummary,
): Record<string, unknown> {
  const { sha256, records, reading } = summary;
  const { columns, delimiter, encoding }: Partial<Reading> = reading;
  return {
    bucket,
    key,
    ...(etag === '' ? {} : { etag }),
    sizeBytes,
    format,
    encoding,
    ...(format === 'csv' ? { columns, delimiter } : {}),
    ...(sha256 === undefined ? {} : { sha256 }),
    records,
  };
}

function written(bucket: string, key: string, { bytes, sha256 }: Uploaded): Record<string, unknown> {
  return { bucket, key, bytes, sha256 };
}

/** The run's own first. The one beside the output is the last word on the file that lies there now. */
async function writeManifest(run: BatchRun, manifest: Manifest, { groups }: Assembled): Promise<void> {
  const keys = runKeys(run);
  const { bucket } = run;
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  if (groups !== undefined)
    await writeText({ bucket, key: keys.groups }, `${JSON.stringify(groups, null, 2)}\n`, 'application/json');
  await writeText({ bucket, key: keys.runManifest }, text, 'application/json');
  if (await isSuperseded(run, manifest)) return;
  await writeText({ bucket, key: keys.manifest }, text, 'application/json');
}

/** Another file lies under the key by now: its own run tells of it. */
async function isSuperseded({ bucket, key, etag, format }: BatchRun, { status }: Manifest): Promise<boolean> {
  if (format === 'objects' || status === 'SUCCEEDED') return false;
  const head = await headObject({ bucket, key });
  return head !== undefined && head.etag !== etag;
}

/** Failing to tidy up is no failure of the run: what stays expires. */
async function clear(run: BatchRun): Promise<void> {
  const { runManifest, plan } = runKeys(run);
  try {
    await deleteUnder(run.bucket, run.workPrefix, (key) => key === runManifest || key === plan);
  } catch (thrown) {
    log('warn', 'work is left to expire', { run: run.id, thrown });
  }
}

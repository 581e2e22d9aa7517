// The end of a run. Of one that went through: results under `out/`, error records under `errors/`, and last the
// manifest, whose appearance says that the run is over; its work is then thrown away. Of one that failed: the error
// records of what was done and a manifest with the cause; its parts stay, and starting again goes on from them. Called
// twice, at once or after the end, it says what the first call came to.
import {
  type BatchRun,
  ClaimNotFound,
  caughtError,
  deleteUnder,
  headObject,
  listObjects,
  log,
  type ObjectPlace,
  type Owner,
  type Reading,
  readText,
  readTextIfThere,
  runKeys,
  type SplitSummary,
  Upload,
  type Uploaded,
  writeText,
} from '../../layers/seriatim/index.ts';
import { type Assembled, assemble } from './assemble.ts';
import { costOf } from './cost.ts';
import type { Counts } from './tally.ts';

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
  const ended = await formerEnd(event);
  if (ended !== undefined) return close(event.run, ended);
  try {
    return await end(event);
  } catch (thrown) {
    // Another copy of this call may have ended the run meanwhile, and thrown its work away.
    const other = await formerEnd(event);
    if (other === undefined) throw thrown;
    return close(event.run, other);
  }
}

async function end(event: AssembleEvent): Promise<AssembleResult> {
  const { run, failure, startedAt } = event;
  const isWhole = failure === undefined;
  const summary = await readSummary(run, isWhole);
  const owner: Owner = { run: run.id, startedAt };
  const assembled = await assemble(run, { summary, owner, isWhole });
  const manifest = manifestOf(event, await errorOf(event), { summary, assembled });
  if (assembled.groups !== undefined) await writeGroups(run, assembled.groups, owner);
  const other = await formerEnd(event);
  if (other !== undefined) return close(run, other);
  const isGuest = isOfOther(run, await readRunManifest(run));
  if (!isGuest) {
    const place = { bucket: run.bucket, key: runKeys(run).runManifest };
    await writeText(place, textOf(manifest), 'application/json');
  }
  log('info', 'run ended', { run: run.id, status: manifest.status, counts: assembled.counts });
  return close(run, manifest, isGuest);
}

/**
 * What an earlier call for this run came to: Lambda may call twice, at once or long after. A run that went through has
 * thrown its work away, so nothing else can be said of it ever; one that failed is taken up again by its next start.
 */
async function formerEnd({ run, executionArn, failure }: AssembleEvent): Promise<Manifest | undefined> {
  const manifest = await readRunManifest(run);
  if (manifest === undefined || isOfOther(run, manifest)) return undefined;
  if (manifest.status === 'SUCCEEDED') return manifest;
  return failure !== undefined && manifest.executionArn === executionArn ? manifest : undefined;
}

async function readRunManifest(run: BatchRun): Promise<Manifest | undefined> {
  const text = await readTextIfThere({ bucket: run.bucket, key: runKeys(run).runManifest });
  return text === undefined ? undefined : (JSON.parse(text) as Manifest);
}

/** A rerun from the middle works on the parts of the run that it repeats, under a name of its own. */
function isOfOther({ name }: BatchRun, manifest: Manifest | undefined): boolean {
  return manifest?.name !== undefined && manifest.name !== name;
}

/** What is left to do once the run's own manifest is written; doing it again does no harm. */
async function close(run: BatchRun, manifest: Manifest, isGuest = false): Promise<AssembleResult> {
  await publishManifest(run, manifest);
  if (manifest.status === 'SUCCEEDED' && !isGuest) await clear(run);
  const { status, counts } = manifest;
  return { status, manifest: `s3://${run.bucket}/${runKeys(run).manifest}`, counts };
}

/** @throws ClaimNotFound where there must be one: a list of chunks that is gone is no empty input */
async function readSummary(run: BatchRun, isWhole: boolean): Promise<SplitSummary> {
  const place = { bucket: run.bucket, key: runKeys(run).split };
  const text = await readTextIfThere(place);
  if (text !== undefined) return JSON.parse(text) as SplitSummary;
  if (!isWhole) return NOTHING;
  throw new ClaimNotFound(
    `s3://${place.bucket}/${place.key} is gone, and with it the work of this run: start it anew.`,
  );
}

interface Manifest {
  readonly status: AssembleResult['status'];
  readonly name: string;
  readonly executionArn: string;
  readonly startedAt: string;
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
    name: run.name,
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
    ...(output?.replacedBy === undefined ? {} : { replacedBy: output.replacedBy }),
    ...(groups === undefined ? {} : { groups: { bucket, key: keys.groups } }),
    counts,
    ...(summary.note === undefined ? {} : { note: summary.note }),
    models,
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
  if (run.refusal !== undefined) return { stage: 'StartBatch', ...run.refusal };
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

function written(
  bucket: string,
  key: string,
  { bytes, sha256, replacedBy }: Uploaded,
): Record<string, unknown> {
  return { bucket, key, bytes, sha256, ...(replacedBy === undefined ? {} : { replacedBy }) };
}

async function writeGroups(run: BatchRun, groups: unknown, owner: Owner): Promise<void> {
  await writeOwned({ bucket: run.bucket, key: runKeys(run).groups }, textOf(groups), owner);
}

/** The manifest beside the output is of the run that was started last, and of the file that lies there now. */
async function publishManifest(run: BatchRun, manifest: Manifest): Promise<void> {
  if (await isSuperseded(run, manifest)) return;
  const owner = { run: run.id, startedAt: manifest.startedAt };
  await writeOwned({ bucket: run.bucket, key: runKeys(run).manifest }, textOf(manifest), owner);
}

async function writeOwned(place: ObjectPlace, text: string, owner: Owner): Promise<void> {
  const upload = new Upload(place, 'application/json', owner);
  await upload.write(Buffer.from(text));
  await upload.finish();
}

function textOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
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

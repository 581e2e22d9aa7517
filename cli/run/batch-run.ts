// The work of `seriatim batch <pipeline> <file>`: upload, start, watch, download.
import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { EXIT_INTERRUPTED, EXIT_USAGE } from '../exit.ts';
import { batchSummary } from '../format/batch.ts';
import { CommandError, UnreachableError } from '../http-api.ts';
import { type BatchManifest, type BatchView, postBatch, readBatch } from './batch-api.ts';
import { ProgressLine } from './batch-progress.ts';
import { digestOf, download, upload } from './transfer.ts';

export interface RunFlags {
  readonly out?: string;
  readonly to?: string;
  readonly columns?: string;
  readonly join?: boolean;
  readonly tolerate?: string;
  readonly recordsPerBatch?: string;
  readonly concurrency?: string;
  readonly options?: string;
  readonly again?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
  readonly url?: string;
}

const POLL_MS = 500;

/** As long as a server takes to start again, and then some. */
const PATIENCE_MS = 60_000;

/** A share as it is, a count as a number; anything else as it is too, for the API to refuse by name. */
export function toleratedOf(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** The options that a run is started with, or what is wrong with the flags. The API checks the rest. */
export function optionsOf(flags: RunFlags): Record<string, unknown> | string {
  let further: unknown = {};
  try {
    further = JSON.parse(flags.options ?? '{}');
  } catch {
    return '--options takes JSON';
  }
  if (typeof further !== 'object' || further === null || Array.isArray(further))
    return '--options takes a JSON object';
  const { to, columns, join, tolerate, recordsPerBatch, concurrency } = flags;
  return {
    ...further,
    ...(to === undefined ? {} : { output: to }),
    ...(columns === undefined ? {} : { columns: columns.split(',') }),
    ...(join === true ? { join } : {}),
    ...(tolerate === undefined ? {} : { toleratedFailures: toleratedOf(tolerate) }),
    ...(recordsPerBatch === undefined ? {} : { recordsPerBatch: Number(recordsPerBatch) }),
    ...(concurrency === undefined ? {} : { concurrency: Number(concurrency) }),
  };
}

/** @returns whether the run went through */
export async function runBatch(
  { pipeline, file }: { readonly pipeline: string; readonly file: string },
  options: Readonly<Record<string, unknown>>,
  flags: RunFlags,
): Promise<boolean> {
  const out = flags.out ?? `${file}.out`;
  if (flags.wait) await checkOut(out);
  const asked = flags.again === true ? { ...options, rerun: new Date().toISOString() } : options;
  const started = await uploadAndStart({ pipeline, file }, asked, flags.url);
  const { id } = started;
  if (!flags.wait) {
    console.log(flags.json === true ? JSON.stringify(started) : id);
    console.error([...exceededText(started), howToGoOn(id)].join('\n'));
    return started.exceedsTolerance === undefined;
  }
  console.error([startText(started), ...exceededText(started)].join('\n'));
  const isHere = await finish(await watch(id, flags.url), out, flags.json === true);
  return isHere && started.exceedsTolerance === undefined;
}

interface StartedRun {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  /** It went through before, with more failures than are tolerated now. */
  readonly exceedsTolerance?: {
    readonly failed: number;
    readonly records: number;
    readonly tolerated: number | string;
  };
}

function exceededText({ exceedsTolerance: exceeded }: StartedRun): string[] {
  if (exceeded === undefined) return [];
  const { failed, records, tolerated } = exceeded;
  return [`${failed} of ${records} records failed in it; ${tolerated} are tolerated now`];
}

/** The same bytes with the same options lie there already, and their run is found again. */
async function uploadAndStart(
  { pipeline, file }: { readonly pipeline: string; readonly file: string },
  options: Readonly<Record<string, unknown>>,
  url: string | undefined,
): Promise<StartedRun> {
  const { size, sha256 } = await digestOf(file);
  const path = `/pipelines/${encodeURIComponent(pipeline)}/batches`;
  const place = await postBatch<{ upload?: { url: string }; input: { key: string } }>(
    path,
    { upload: { name: basename(file), sha256 }, options },
    url,
  );
  if (place.upload !== undefined) await upload(file, size, place.upload.url);
  const { id, status, attempt, exceedsTolerance } = await postBatch<StartedRun>(
    path,
    { input: place.input },
    url,
  );
  return { id, status, attempt, ...(exceedsTolerance === undefined ? {} : { exceedsTolerance }) };
}

/** @throws CommandError where no file can be written: better said before the work than after it */
export async function checkOut(out: string): Promise<void> {
  const isFolder = await stat(out).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) throw new CommandError(`--out: ${out} is a folder; a file is expected`, EXIT_USAGE);
  await access(dirname(out), constants.W_OK).catch((thrown: Error) => {
    throw new CommandError(`--out: ${dirname(out)} cannot be written to: ${thrown.message}`, EXIT_USAGE);
  });
}

function startText({ id, status, attempt }: StartedRun): string {
  if (status === 'SUCCEEDED')
    return `run ${id} has done this before: its results are downloaded again (--again makes another run)`;
  if (status === 'STARTED' && attempt > 1) return `run ${id} is taken up again, start ${attempt}`;
  return `run ${id}`;
}

export function howToGoOn(id: string): string {
  return `follow it: seriatim batch show ${id}\nits results: seriatim batch download ${id}`;
}

/** Until it is over. Interrupting this leaves the run alone. */
export async function watch(id: string, url: string | undefined): Promise<BatchView> {
  const line = new ProgressLine(process.stderr, performance.now());
  const interrupted = (): void => {
    line.end();
    console.error(`the run goes on\n${howToGoOn(id)}\nstop it: seriatim batch stop ${id}`);
    process.exit(EXIT_INTERRUPTED);
  };
  process.once('SIGINT', interrupted);
  try {
    for (;;) {
      const view = await readPatiently(id, url);
      const isOver = view.status !== 'RUNNING';
      if (!isOver || view.status === 'SUCCEEDED') line.show(view.progress, performance.now());
      if (isOver) {
        line.end();
        return view;
      }
      await pause(POLL_MS);
    }
  } finally {
    process.off('SIGINT', interrupted);
  }
}

/** A server that is started again goes on with its runs by itself. @throws CommandError when it stays away */
async function readPatiently(id: string, url: string | undefined): Promise<BatchView> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await readBatch(id, url);
    } catch (thrown) {
      if (!(thrown instanceof UnreachableError)) throw thrown;
      if (performance.now() > untilMs) throw new CommandError(`${thrown.message}\n${howToGoOn(id)}`);
      if (isFirst) console.error(`\n${thrown.message}; waiting for up to ${PATIENCE_MS / 1000} s`);
      await pause(POLL_MS);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Downloads what there is. @returns whether the run went through and its results are here */
export async function finish(view: BatchView, out: string, asJson: boolean): Promise<boolean> {
  const { manifest, links, replaced } = view;
  if (links?.output !== undefined) await download(links.output, out, manifest!.output!.sha256);
  if (links?.errors !== undefined)
    await download(links.errors, `${out}.errors.jsonl`, manifest!.errors?.sha256);
  if (asJson) console.log(JSON.stringify((manifest satisfies BatchManifest | undefined) ?? view));
  else console.log(batchSummary(view, links?.output === undefined ? undefined : out));
  return view.status === 'SUCCEEDED' && replaced?.output === undefined;
}

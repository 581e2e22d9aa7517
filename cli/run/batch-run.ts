// The work of `seriatim batch <pipeline> <file>`: upload, start, watch, download.
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { batchSummary } from '../format/batch.ts';
import { CommandError } from '../http-api.ts';
import { type BatchManifest, type BatchView, postBatch, readBatch } from './batch-api.ts';
import { ProgressLine } from './batch-progress.ts';
import { download, upload } from './transfer.ts';

export interface RunFlags {
  readonly out?: string;
  readonly to?: string;
  readonly columns?: string;
  readonly join?: boolean;
  readonly tolerate?: string;
  readonly recordsPerBatch?: string;
  readonly concurrency?: string;
  readonly options?: string;
  readonly wait: boolean;
  readonly json?: boolean;
  readonly url?: string;
}

const POLL_MS = 500;

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
    ...(tolerate === undefined
      ? {}
      : { toleratedFailures: tolerate.endsWith('%') ? tolerate : Number(tolerate) }),
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
  const { size } = await stat(file).catch((thrown: Error) => {
    throw new CommandError(`${file} cannot be read: ${thrown.message}`);
  });
  const path = `/pipelines/${encodeURIComponent(pipeline)}/batches`;
  const place = await postBatch<{ upload: { url: string }; input: { key: string } }>(
    path,
    { upload: { name: basename(file) }, options },
    flags.url,
  );
  await upload(file, size, place.upload.url);
  const { id } = await postBatch<{ id: string }>(path, { input: place.input }, flags.url);
  if (!flags.wait) {
    console.log(id);
    return true;
  }
  console.error(`run ${id}`);
  const view = await watch(id, flags.url);
  return finish(view, flags.out ?? `${file}.out`, flags.json === true);
}

/** Until it is over. Interrupting this leaves the run alone. */
export async function watch(id: string, url: string | undefined): Promise<BatchView> {
  const line = new ProgressLine(process.stderr, performance.now());
  for (;;) {
    const view = await readBatch(id, url);
    line.show(view.progress, performance.now());
    if (view.status !== 'RUNNING') {
      line.end();
      return view;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function finish(view: BatchView, out: string, asJson: boolean): Promise<boolean> {
  const { manifest, links } = view;
  if (links?.output !== undefined) await download(links.output, out, manifest!.output!.sha256);
  if (links?.errors !== undefined) await download(links.errors, `${out}.errors.jsonl`);
  if (asJson && manifest !== undefined) console.log(JSON.stringify(manifest satisfies BatchManifest));
  else console.log(batchSummary(view, links?.output === undefined ? undefined : out));
  return view.status === 'SUCCEEDED';
}

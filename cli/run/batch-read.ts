// The work of `seriatim batch list | show | errors | download | resume | stop`.
import { basename } from 'node:path';
import { request } from 'undici';
import { batchDetails, batchesTable } from '../format/batch.ts';
import { apiUrl, CommandError, getJson } from '../http-api.ts';
import { type ListedBatch, postBatch, readBatch } from './batch-api.ts';
import { checkOut, finish, howToGoOn, toleratedOf } from './batch-run.ts';

interface Flags {
  readonly url?: string;
  readonly json?: boolean;
}

export async function listBatches(flags: Flags & { pipeline?: string; limit: string }): Promise<void> {
  const query = new URLSearchParams({ limit: flags.limit });
  if (flags.pipeline !== undefined) query.set('pipeline', flags.pipeline);
  const page = await getJson<{ batches: ListedBatch[] }>({
    url: apiUrl(flags.url),
    path: `/batches?${query}`,
  });
  console.log(flags.json ? JSON.stringify(page) : batchesTable(page.batches));
}

export async function showBatch(id: string, flags: Flags): Promise<void> {
  const view = await readBatch(id, flags.url);
  console.log(flags.json ? JSON.stringify(view) : batchDetails(view));
}

/** As they are: they may be many. */
export async function printErrors(id: string, { url }: Flags): Promise<void> {
  const { status, links, manifest, replaced } = await readBatch(id, url);
  if (status === 'RUNNING')
    throw new CommandError('the run goes on; its error records are written at its end');
  if (manifest === undefined)
    throw new CommandError('the run left no error records: resume it, or see batch show');
  if (replaced?.errors !== undefined)
    throw new CommandError(`its error records were replaced by those of run ${replaced.errors}`);
  if (links?.errors === undefined) return;
  const { body } = await request(links.errors);
  for await (const block of body) process.stdout.write(block as Buffer);
}

/** @returns whether its results are here now */
export async function downloadBatch(id: string, flags: Flags & { out?: string }): Promise<boolean> {
  const view = await readBatch(id, flags.url);
  if (view.status === 'RUNNING')
    throw new CommandError(`the run goes on: its results are written at its end\n${howToGoOn(id)}`);
  if (view.replaced?.output !== undefined)
    throw new CommandError(`its results were replaced by those of run ${view.replaced.output}`);
  const out = flags.out ?? `${basename(view.name)}.out`;
  await checkOut(out);
  return finish(view, out, flags.json === true);
}

export interface ControlFlags extends Flags {
  readonly tolerate?: string;
  readonly concurrency?: string;
}

export async function controlBatch(name: 'resume' | 'stop', id: string, flags: ControlFlags): Promise<void> {
  const path = `/batches/${encodeURIComponent(id)}/${name}`;
  const body = name === 'resume' ? { options: resumeOptions(flags) } : {};
  const answer = await postBatch<{ status: string; attempt: number }>(path, body, flags.url);
  const { status, attempt } = answer;
  console.log(flags.json === true ? JSON.stringify(answer) : `${id}  ${status}  start ${attempt}`);
  if (name === 'resume') console.error(howToGoOn(id));
}

function resumeOptions({ tolerate, concurrency }: ControlFlags): Record<string, unknown> {
  return {
    ...(tolerate === undefined ? {} : { toleratedFailures: toleratedOf(tolerate) }),
    ...(concurrency === undefined ? {} : { concurrency: Number(concurrency) }),
  };
}

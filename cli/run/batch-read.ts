// The work of `seriatim batch list | show | errors | resume | stop`.
import { request } from 'undici';
import { batchDetails, batchesTable } from '../format/batch.ts';
import { apiUrl, CommandError, getJson } from '../http-api.ts';
import { type ListedBatch, postBatch, readBatch } from './batch-api.ts';

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
  const { status, links, manifest } = await readBatch(id, url);
  if (status === 'RUNNING')
    throw new CommandError('the run goes on; its error records are written at its end');
  if (manifest === undefined)
    throw new CommandError('the run left no error records: resume it, or see batch show');
  if (links?.errors === undefined) return;
  const { body } = await request(links.errors);
  for await (const block of body) process.stdout.write(block as Buffer);
}

export async function controlBatch(name: 'resume' | 'stop', id: string, { url }: Flags): Promise<void> {
  const path = `/batches/${encodeURIComponent(id)}/${name}`;
  const { status, attempt } = await postBatch<{ status: string; attempt: number }>(path, {}, url);
  console.log(`${id}  ${status}  start ${attempt}`);
}

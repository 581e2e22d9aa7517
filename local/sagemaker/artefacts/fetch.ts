// Brings model data from S3 to a folder: written and checked under a temporary name, and put into place by one
// rename, so that a partial download or a half unpacked archive is never used, also after a kill.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ObjectAddress, ObjectInfo, S3 } from '../../s3/api.ts';
import type { ModelData } from '../hosting/plan.ts';
import type { HostingSettings } from '../settings.ts';
import { ArtefactMissing, ArtefactRefused } from './problem.ts';
import { type Archive, ArchiveRefused, unpack } from './unpack.ts';

export interface FetchReport {
  readonly downloadMs: number;
  readonly unpackMs: number;
  readonly archiveBytes: number;
  readonly unpackedBytes: number;
}

export interface FetchOptions {
  readonly s3: S3;
  /** Where unfinished work lies; on the same volume as the folder. */
  readonly temporaryFolder: string;
  readonly settings: HostingSettings;
}

/**
 * Fetches one `.tar.gz` and leaves it unpacked at `folder`, which must not exist.
 * @throws ArtefactMissing, ArtefactRefused
 */
export async function fetchArchive(
  at: ObjectAddress,
  folder: string,
  options: FetchOptions,
): Promise<FetchReport> {
  const work = join(options.temporaryFolder, randomUUID());
  const content = join(work, 'content');
  await mkdir(content, { recursive: true });
  try {
    const startMs = performance.now();
    const archive = await downloadArchive(at, join(work, 'archive'), options);
    const downloadedMs = performance.now();
    const unpackedBytes = await unpack(archive, content, options.settings);
    await putIntoPlace(content, folder);
    return {
      downloadMs: downloadedMs - startMs,
      unpackMs: performance.now() - downloadedMs,
      archiveBytes: archive.sizeBytes,
      unpackedBytes,
    };
  } catch (thrown) {
    throw thrown instanceof ArchiveRefused ? new ArtefactRefused(at.bucket, at.key, thrown.message) : thrown;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Fetches a single-model container's data, whichever form it has, to `folder`. */
export async function fetchModelData(data: ModelData, folder: string, options: FetchOptions): Promise<void> {
  if (data.kind === 'archive') {
    await fetchArchive(data, folder, options);
    return;
  }
  const work = join(options.temporaryFolder, randomUUID());
  await mkdir(work, { recursive: true });
  try {
    if (data.kind === 'object') await download(data, join(work, data.key.split('/').at(-1)!), options);
    else await downloadPrefix(data, work, options);
    await putIntoPlace(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function putIntoPlace(content: string, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await rename(content, folder);
}

/** An archive up to this size is never written to disk itself. */
const IN_MEMORY_BYTES = 8 * 1024 * 1024;

async function downloadArchive(at: ObjectAddress, file: string, options: FetchOptions): Promise<Archive> {
  const { info, body } = await openObject(options.s3, at);
  if (info.sizeBytes > IN_MEMORY_BYTES) {
    await writeBody(at, { info, body }, file, options);
    return { sizeBytes: info.sizeBytes, open: () => createReadStream(file) };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  checkDownload(at, info, { bytes: bytes.length, md5: () => createHash('md5').update(bytes).digest('hex') });
  return { sizeBytes: bytes.length, open: () => Readable.from([bytes]) };
}

async function download(at: ObjectAddress, file: string, options: FetchOptions): Promise<void> {
  await writeBody(at, await openObject(options.s3, at), file, options);
}

async function writeBody(
  at: ObjectAddress,
  { info, body }: { readonly info: ObjectInfo; readonly body: Readable },
  file: string,
  { settings }: FetchOptions,
): Promise<void> {
  if (info.sizeBytes > settings.artefactLimitBytes) {
    body.destroy();
    const reason = `its ${info.sizeBytes} bytes are more than the limit of ${settings.artefactLimitBytes}.`;
    throw new ArtefactRefused(at.bucket, at.key, reason);
  }
  const check = new Checksum();
  await pipeline(body, check, createWriteStream(file));
  checkDownload(at, info, check);
}

async function openObject(s3: S3, at: ObjectAddress): Promise<{ info: ObjectInfo; body: Readable }> {
  try {
    return await s3.getObject(at);
  } catch (thrown) {
    const code = (thrown as Error).name;
    if (code === 'NoSuchKey' || code === 'NoSuchBucket') throw new ArtefactMissing(at.bucket, at.key, thrown);
    throw thrown;
  }
}

function checkDownload(
  at: ObjectAddress,
  info: ObjectInfo,
  check: { readonly bytes: number; md5(): string },
): void {
  const problem =
    check.bytes !== info.sizeBytes
      ? `${check.bytes} of its ${info.sizeBytes} bytes arrived.`
      : isOtherMd5(info.etag, check.md5())
        ? 'its checksum is not the one S3 has for it.'
        : undefined;
  if (problem !== undefined) throw new ArtefactRefused(at.bucket, at.key, problem);
}

/** The ETag of an object put in one part is its MD5; other ETags say nothing about the content. */
function isOtherMd5(etag: string, md5: string): boolean {
  return /^"[0-9a-f]{32}"$/.test(etag) && etag !== `"${md5}"`;
}

class Checksum extends Transform {
  bytes = 0;
  readonly #hash = createHash('md5');

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    done(null, chunk);
  }

  md5(): string {
    return this.#hash.digest('hex');
  }
}

async function downloadPrefix(data: ModelData, folder: string, options: FetchOptions): Promise<void> {
  let continuationToken: string | undefined;
  let count = 0;
  do {
    const query = {
      bucket: data.bucket,
      prefix: data.key,
      ...(continuationToken ? { continuationToken } : {}),
    };
    const found = await options.s3.listObjects(query);
    for (const { key } of found.objects) {
      const path = key.slice(data.key.length).replace(/^\/+/, '');
      if (path === '' || path.endsWith('/')) continue;
      if (path.split('/').includes('..'))
        throw new ArtefactRefused(data.bucket, key, 'its key leads out of the prefix.');
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await download({ bucket: data.bucket, key }, join(folder, path), options);
      count += 1;
    }
    continuationToken = found.nextToken;
  } while (continuationToken !== undefined);
  if (count === 0) throw new ArtefactMissing(data.bucket, data.key);
}

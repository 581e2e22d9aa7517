// Brings model data from S3 to a folder: written and checked under a temporary name, and put into place by one
// rename, so that a partial download or a half unpacked archive is never used, also after a kill.
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ObjectAddress, ObjectInfo, S3 } from '../../s3/api.ts';
import type { ModelData } from '../hosting/plan.ts';
import type { HostingSettings } from '../settings.ts';
import { ArtefactMissing, ArtefactRefused, ArtefactTooLarge } from './problem.ts';
import { ArchiveRefused } from './unpack.ts';
import type { Unpacker, UnpackJob } from './unpacker.ts';

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
  readonly unpacker: Unpacker;
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
    const { settings, unpacker } = options;
    const unpackedBytes = await unpacker.unpack({
      content: archive.content,
      md5: archive.md5,
      folder: content,
      limits: settings,
    });
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

/** Which content lies there now, for model data that is one object; undefined where it is several, or not there. */
export async function contentTag(data: ModelData | undefined, s3: S3): Promise<string | undefined> {
  if (data === undefined || data.kind === 'prefix') return undefined;
  const info = await s3.headObject(data).catch(() => undefined);
  return info?.etag;
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

interface Download {
  readonly content: UnpackJob['content'];
  readonly sizeBytes: number;
  readonly md5: string | undefined;
}

/** The archive as it lies in S3; its checksum is left to the thread that unpacks it. */
async function downloadArchive(at: ObjectAddress, file: string, options: FetchOptions): Promise<Download> {
  const { info, body } = await openObject(at, options);
  const { sizeBytes, etag } = info;
  const isSmall = sizeBytes <= IN_MEMORY_BYTES;
  const content = isSmall ? await readWhole(at, { info, body }) : file;
  if (!isSmall) {
    const count = new ByteCount();
    await pipeline(body, count, createWriteStream(file));
    checkLength(at, info, count.bytes);
  }
  return { content, sizeBytes, md5: md5In(etag) };
}

/** In memory of its own, which can be given to another thread. */
async function readWhole(
  at: ObjectAddress,
  { info, body }: { readonly info: ObjectInfo; readonly body: Readable },
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(info.sizeBytes);
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (bytes + chunk.length <= whole.length) whole.set(chunk, bytes);
    bytes += chunk.length;
  }
  checkLength(at, info, bytes);
  return whole;
}

async function download(at: ObjectAddress, file: string, options: FetchOptions): Promise<void> {
  const { info, body } = await openObject(at, options);
  const check = new Checksum();
  await pipeline(body, check, createWriteStream(file));
  checkLength(at, info, check.bytes);
  const md5 = md5In(info.etag);
  if (md5 !== undefined && md5 !== check.md5())
    throw new ArtefactRefused(at.bucket, at.key, 'its checksum is not the one S3 has for it.');
}

async function openObject(
  at: ObjectAddress,
  { s3, settings }: FetchOptions,
): Promise<{ info: ObjectInfo; body: Readable }> {
  const found = await s3.getObject(at).catch((thrown: Error) => {
    const isMissing = thrown.name === 'NoSuchKey' || thrown.name === 'NoSuchBucket';
    throw isMissing ? new ArtefactMissing(at.bucket, at.key, thrown) : thrown;
  });
  const { sizeBytes } = found.info;
  if (sizeBytes <= settings.artefactLimitBytes) return found;
  found.body.destroy();
  const reason = `its ${sizeBytes} bytes are more than the limit of ${settings.artefactLimitBytes} bytes.`;
  throw new ArtefactTooLarge(at.bucket, at.key, reason);
}

function checkLength(at: ObjectAddress, { sizeBytes }: ObjectInfo, bytes: number): void {
  if (bytes !== sizeBytes)
    throw new ArtefactRefused(at.bucket, at.key, `${bytes} of its ${sizeBytes} bytes arrived.`);
}

/** The ETag of an object put in one part is its MD5; other ETags say nothing about the content. */
function md5In(etag: string): string | undefined {
  return /^"([0-9a-f]{32})"$/.exec(etag)?.[1];
}

class ByteCount extends Transform {
  bytes = 0;

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.bytes += chunk.length;
    done(null, chunk);
  }
}

class Checksum extends ByteCount {
  readonly #hash = createHash('md5');

  override _transform(chunk: Buffer, encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.#hash.update(chunk);
    super._transform(chunk, encoding, done);
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

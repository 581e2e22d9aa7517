// The input object as a stream of plain bytes: still the one that the run is for, unpacked where it is gzip, without a
// byte-order mark, and digested on the way as it is stored.
import { createHash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import {
  type BatchRun,
  ClaimMismatch,
  ClaimNotFound,
  InvalidPayload,
  readStream,
} from '../../layers/seriatim/index.ts';

export interface InputBytes {
  readonly isCompressed: boolean;
  /** Of the byte-order mark, which is left out. */
  readonly skippedBytes: number;
  readonly blocks: AsyncIterable<Buffer>;
  /** The plain bytes once more, from one of them on: the byte-order mark counts. */
  again(from: number): AsyncIterable<Buffer>;
  /** Of the object as it is stored; once the blocks have been read. */
  sha256(): string;
}

/** @throws ClaimNotFound, ClaimMismatch, InvalidPayload for bytes that no reader takes */
export async function openInput(run: BatchRun): Promise<InputBytes> {
  const hash = createHash('sha256');
  const stored = digested(await open(run), hash);
  const first = await nextBlock(stored);
  const isCompressed = first[0] === 0x1f && first[1] === 0x8b;
  if (!isCompressed && run.name.endsWith('.gz'))
    throw new InvalidPayload(`${run.name} is not gzip: it starts with ${shown(first)}.`);
  const plain = isCompressed ? gunzipped(chained(first, stored)) : chained(first, stored);
  const start = isCompressed ? await nextBlock(plain) : first;
  const skippedBytes = markBytes(start, run.name);
  const rest = isCompressed ? chained(start, plain) : plain;
  return {
    isCompressed,
    skippedBytes,
    blocks: withoutStart(rest, skippedBytes),
    again: (from) => (isCompressed ? unpackedFrom(run, from) : storedFrom(run, from)),
    sha256: () => hash.digest('hex'),
  };
}

async function* storedFrom(run: BatchRun, from: number): AsyncGenerator<Buffer> {
  if (from < run.sizeBytes) yield* await open(run, { from, to: run.sizeBytes });
}

async function* unpackedFrom(run: BatchRun, from: number): AsyncGenerator<Buffer> {
  yield* withoutStart(gunzipped(await open(run)), from);
}

async function open(
  run: BatchRun,
  range?: { readonly from: number; readonly to: number },
): Promise<AsyncIterable<Buffer>> {
  const place = { bucket: run.bucket, key: run.key };
  try {
    return (await readStream(place, {
      etag: run.etag,
      ...(range === undefined ? {} : { range }),
    })) as AsyncIterable<Buffer>;
  } catch (cause) {
    const { name } = cause as Error;
    const where = `s3://${run.bucket}/${run.key}`;
    if (name === 'NoSuchKey')
      throw new ClaimNotFound(`${where} was deleted before the run read it.`, { cause });
    if (name !== 'PreconditionFailed') throw cause;
    throw new ClaimMismatch(`${where} was replaced before the run read it: that is another run.`, { cause });
  }
}

async function* digested(blocks: AsyncIterable<Buffer>, hash: { update(block: Buffer): unknown }) {
  for await (const block of blocks) {
    hash.update(block);
    yield block;
  }
}

async function nextBlock(blocks: AsyncGenerator<Buffer>): Promise<Buffer> {
  const { value, done } = await blocks.next();
  return done === true ? Buffer.alloc(0) : value;
}

async function* chained(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* rest;
}

/** zlib's errors with the place where the bytes stop making sense. */
async function* gunzipped(stored: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const fed = feed(stored, gunzip);
  let bytes = 0;
  try {
    for await (const block of gunzip as AsyncIterable<Buffer>) {
      bytes += block.length;
      yield block;
    }
    await fed;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (!code?.startsWith('Z_')) throw cause;
    throw new InvalidPayload(
      `The gzip data is broken or cut off after ${bytes} unpacked bytes: ${message}.`,
      { cause },
    );
  }
}

async function feed(stored: AsyncIterable<Buffer>, gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const block of stored) {
      if (gunzip.destroyed) return;
      if (!gunzip.write(block)) await drained(gunzip);
    }
    gunzip.end();
  } catch (thrown) {
    gunzip.destroy(thrown as Error);
  }
}

function drained(gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      gunzip.off('drain', go).off('close', go);
      resolve();
    };
    gunzip.on('drain', go).on('close', go);
  });
}

function markBytes(start: Buffer, name: string): number {
  if (start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf) return 3;
  const isUtf16 = (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff);
  if (isUtf16) throw new InvalidPayload(`${name} is UTF-16; UTF-8 and latin1 are read.`);
  if (start[0] === 0x50 && start[1] === 0x4b && start[2] === 3)
    throw new InvalidPayload(`${name} is a zip archive; gzip is read.`);
  return 0;
}

async function* withoutStart(blocks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const block of blocks) {
    const skipped = Math.min(left, block.length);
    left -= skipped;
    if (block.length > skipped) yield block.subarray(skipped);
  }
}

function shown(start: Buffer): string {
  return start.length === 0 ? 'nothing' : `0x${start.toString('hex', 0, 4)}`;
}

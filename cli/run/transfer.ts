// Files to and from presigned URLs, as streams. A download appears under its name once it is whole.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';
import { EXIT_USAGE } from '../exit.ts';
import { CommandError } from '../http-api.ts';

/** @throws CommandError when the file cannot be read */
export async function digestOf(file: string): Promise<{ readonly size: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const block of createReadStream(file) as AsyncIterable<Buffer>) {
      hash.update(block);
      size += block.length;
    }
  } catch (thrown) {
    throw new CommandError(`${file} cannot be read: ${(thrown as Error).message}`, EXIT_USAGE);
  }
  return { size, sha256: hash.digest('hex') };
}

/** @throws CommandError when the bucket does not take it */
export async function upload(file: string, bytes: number, url: string): Promise<void> {
  const { statusCode, body } = await request(url, {
    method: 'PUT',
    headers: { 'content-length': String(bytes) },
    body: createReadStream(file),
  });
  const text = await body.text();
  if (statusCode >= 300) throw new CommandError(`${file} was not taken: ${statusCode} ${text.slice(0, 200)}`);
}

/** @throws CommandError when its bytes are not those that were written */
export async function download(url: string, file: string, sha256?: string): Promise<void> {
  const { statusCode, body } = await request(url);
  if (statusCode >= 300) throw new CommandError(`the results cannot be read: ${statusCode}`);
  const partial = `${file}.partial`;
  const hash = createHash('sha256');
  const digest = new Transform({
    transform(block: Buffer, _encoding, done) {
      hash.update(block);
      done(null, block);
    },
  });
  try {
    await pipeline(body, digest, createWriteStream(partial));
    if (sha256 !== undefined && hash.digest('hex') !== sha256)
      throw new CommandError(`${file}: what arrived is not what was written`);
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

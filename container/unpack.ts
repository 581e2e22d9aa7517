// Unpacks a `model.tar.gz` as SageMaker does before it starts a container: files and folders only, nothing outside the
// folder, within a bound on size.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import tar from 'tar-stream';
import { InferenceError } from './errors.ts';
import { isSafePath } from './pack.ts';

export interface UnpackOptions {
  /** Bytes of all files together. Default 10 GiB. */
  readonly limitBytes?: number;
}

const DEFAULT_LIMIT_BYTES = 10 * 1024 ** 3;

/** @throws InferenceError InvalidArtefact for an archive that is damaged, too large, or climbs out of the folder */
export async function unpackArtefact(
  file: string,
  folder: string,
  options: UnpackOptions = {},
): Promise<void> {
  const extract = tar.extract();
  const unpacked = writeEntries(extract, folder, options.limitBytes ?? DEFAULT_LIMIT_BYTES);
  try {
    await Promise.all([pipeline(createReadStream(file), createGunzip(), extract), unpacked]);
  } catch (thrown) {
    if (thrown instanceof InferenceError) throw thrown;
    const message = `${file} does not unpack: ${(thrown as Error).message}`;
    throw new InferenceError('InvalidArtefact', message, { cause: thrown });
  }
}

async function writeEntries(extract: tar.Extract, folder: string, limitBytes: number): Promise<void> {
  let left = limitBytes;
  for await (const entry of extract) {
    const { name, type, size = 0 } = entry.header;
    const path = name.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
    left -= size;
    if (left < 0) throw refused(`it unpacks to more than ${limitBytes} bytes`);
    if (path === '' || path === '.') {
      entry.resume();
      continue;
    }
    if (type === 'directory' && isSafePath(path)) {
      await mkdir(join(folder, path), { recursive: true });
      entry.resume();
      continue;
    }
    if (type !== 'file' || !isSafePath(path)) throw refused(`"${name}" is a ${type} that it may not hold`);
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await pipeline(entry, createWriteStream(target));
  }
}

function refused(reason: string): InferenceError {
  return new InferenceError('InvalidArtefact', `The artefact is refused: ${reason}.`);
}

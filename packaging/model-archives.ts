// Models by the hundred, kept in the repository as one archive of `.onnx` files: unpacked once under
// `.build/model-sources`, and again when the archive has changed.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import tar from 'tar-stream';

/** Stands in a folder that was unpacked to the end. */
const DONE = '.unpacked';

/** The `.onnx` files of the archive, absolute, in the alphabet's order. @throws Error naming an archive that is missing */
export async function unpackModels(archive: string, projectFolder: string): Promise<string[]> {
  const name = basename(archive, '.tar.gz');
  const folder = join(projectFolder, '.build/model-sources', basename(dirname(archive)), name);
  if (!(await isUnpacked(archive, folder))) await unpack(archive, folder);
  const names = await readdir(folder);
  return names
    .filter((file) => file.endsWith('.onnx'))
    .sort()
    .map((file) => join(folder, file));
}

async function isUnpacked(archive: string, folder: string): Promise<boolean> {
  const source = await stat(archive).catch((cause: unknown) => {
    throw new Error(`The model archive ${archive} is missing.`, { cause });
  });
  const mark = await stat(join(folder, DONE)).catch(() => undefined);
  return mark !== undefined && Math.max(source.mtimeMs, source.ctimeMs) < mark.mtimeMs;
}

/** File by file under their last names: no path in the archive leads anywhere. */
async function unpack(archive: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const entries = tar.extract();
  const read = pipeline(createReadStream(archive), createGunzip(), entries);
  for await (const entry of entries) {
    const file = basename(entry.header.name);
    if (file.endsWith('.onnx')) await pipeline(entry, createWriteStream(join(folder, file)));
    else entry.resume();
  }
  await read;
  await writeFile(join(folder, DONE), '');
}

// Packs files into a `model.tar.gz` whose bytes depend on nothing but the paths and the files' contents: entries
// sorted by their bytes, mode 0644, no owner, no times, and a gzip header without time or system. So an artefact's
// checksum says whether the model changed. Files stream; a model of any size takes little memory.
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import tar from 'tar-stream';

/** A file and the path it has inside the archive, with forward slashes. */
export interface ArtefactEntry {
  readonly path: string;
  readonly file: string;
}

/**
 * Writes `entries` as a gzipped tar to `outFile`, the same bytes for the same paths and contents.
 * @param emptyFolders such as the version folder that Triton wants of an ensemble
 * @throws RangeError for a path that is empty, absolute, named twice, or climbs out of the archive
 */
export async function packArtefact(
  entries: readonly ArtefactEntry[],
  outFile: string,
  emptyFolders: readonly string[] = [],
): Promise<void> {
  const folders = emptyFolders.map((path) => ({ path, file: undefined }));
  const sorted = checkedEntries([...entries, ...folders]);
  const pack = tar.pack();
  // An archive that is there already stays whole until the new one is.
  const unfinished = `${outFile}.${process.pid}.part`;
  const written = pipeline(
    pack,
    createGzip({ level: 9 }),
    anonymousGzipHeader(),
    createWriteStream(unfinished),
  );
  const added = addEntries(pack, sorted).catch((thrown: Error) => pack.destroy(thrown));
  try {
    await Promise.all([added, written]);
    await rename(unfinished, outFile);
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw thrown;
  }
}

/** Without a file: an empty folder. */
interface PackedEntry {
  readonly path: string;
  readonly file: string | undefined;
}

function checkedEntries(entries: readonly PackedEntry[]): PackedEntry[] {
  const seen = new Set<string>();
  for (const { path } of entries) {
    if (!isSafePath(path)) throw new RangeError(`"${path}" is not a path that an artefact may hold.`);
    if (seen.has(path)) throw new RangeError(`"${path}" is named twice in the artefact.`);
    seen.add(path);
  }
  return [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/** Relative, with forward slashes, no empty or dotted segments. */
export function isSafePath(path: string): boolean {
  if (path === '' || path.includes('\\') || path.includes('\0')) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

/** Nobody's, and of no time. */
const ANONYMOUS = { mtime: new Date(0), uid: 0, gid: 0 };

async function addEntries(pack: tar.Pack, entries: readonly PackedEntry[]): Promise<void> {
  for (const { path, file } of entries) {
    if (file === undefined) {
      pack.entry({ name: `${path}/`, type: 'directory', mode: 0o755, ...ANONYMOUS });
      continue;
    }
    const { size } = await stat(file);
    const entry = pack.entry({ name: path, size, mode: 0o644, ...ANONYMOUS });
    await pipeline(createReadStream(file), entry);
  }
  pack.finalize();
}

/** Byte 9 of a gzip stream tells the system it was made on; 255 says "unknown". The time before it is already 0. */
function anonymousGzipHeader(): Transform {
  let offset = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      if (offset <= 9 && offset + chunk.length > 9) chunk[9 - offset] = 255;
      offset += chunk.length;
      done(null, chunk);
    },
  });
}

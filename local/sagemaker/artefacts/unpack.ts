// Unpacks a tar.gz into an empty folder, trusting nothing in it: no path and no link leads out, nothing but files,
// folders and links is made, and size, number of entries and growth are bounded while it is read.
import { link, mkdir, open, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

export interface UnpackLimits {
  readonly unpackedLimitBytes: number;
  readonly unpackedEntriesLimit: number;
  readonly unpackRatioLimit: number;
}

/** An archive that was refused; the message says why and names the entry. */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';
}

export interface Archive {
  readonly sizeBytes: number;
  readonly open: () => Readable;
  /** What it inflates to, where that is known and small. */
  readonly inflated?: Uint8Array;
}

/**
 * @param folder exists and is empty; holds a part of the archive when this rejects
 * @returns how many bytes its files take
 * @throws ArchiveRefused
 */
export async function unpack(archive: Archive, folder: string, limits: UnpackLimits): Promise<number> {
  const meter = new Meter(archive.sizeBytes, limits);
  const made = new Made(folder);
  const entries = extract();
  const stop = archive.inflated === undefined ? inflateInto(entries, archive, meter) : () => {};
  if (archive.inflated !== undefined) entries.end(archive.inflated);
  try {
    for await (const entry of entries) await writeEntry(entry, made, meter);
    return meter.fileBytes;
  } catch (thrown) {
    throw asRefusal(thrown);
  } finally {
    stop();
  }
}

/** @returns ends it, wherever it is */
function inflateInto(entries: ReturnType<typeof extract>, archive: Archive, meter: Meter): () => void {
  const source = archive.open();
  const gunzip = createGunzip();
  const fail = (error: Error): void => void entries.destroy(error);
  source.on('error', fail);
  gunzip.on('error', fail);
  gunzip.on('data', (chunk: Buffer) => meter.grow(chunk.length, fail));
  source.pipe(gunzip).pipe(entries);
  return () => {
    source.destroy();
    gunzip.destroy();
  };
}

type Entry = ReturnType<typeof extract> extends AsyncIterable<infer One> ? One : never;

/** Below this, any growth is harmless. */
const RATIO_FREE_BYTES = 64 * 1024 * 1024;

class Meter {
  fileBytes = 0;
  #entries = 0;
  #streamBytes = 0;
  readonly #archiveBytes: number;
  readonly #limits: UnpackLimits;

  constructor(archiveBytes: number, limits: UnpackLimits) {
    this.#archiveBytes = archiveBytes;
    this.#limits = limits;
  }

  grow(bytes: number, fail: (error: Error) => void): void {
    this.#streamBytes += bytes;
    const { unpackedLimitBytes, unpackRatioLimit } = this.#limits;
    if (this.#streamBytes > unpackedLimitBytes + RATIO_FREE_BYTES)
      fail(new ArchiveRefused(`it unpacks to more than ${unpackedLimitBytes} bytes.`));
    if (this.#streamBytes > RATIO_FREE_BYTES && this.#streamBytes > unpackRatioLimit * this.#archiveBytes)
      fail(new ArchiveRefused(`it grows to more than ${unpackRatioLimit} times its size when unpacked.`));
  }

  enter(entry: Entry): void {
    this.#entries += 1;
    this.fileBytes += entry.header.size ?? 0;
    if (this.#entries > this.#limits.unpackedEntriesLimit)
      throw new ArchiveRefused(`it has more than ${this.#limits.unpackedEntriesLimit} entries.`);
    if (this.fileBytes > this.#limits.unpackedLimitBytes)
      throw new ArchiveRefused(`it unpacks to more than ${this.#limits.unpackedLimitBytes} bytes.`);
  }
}

/** What was made so far, so that nothing is asked of the disk twice. */
class Made {
  readonly folder: string;
  readonly #folders: Set<string>;
  readonly #names = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
    this.#folders = new Set([folder]);
  }

  /** Makes the way to a new entry free: its folder is there, and an entry of its name that came before is not. */
  async clear(path: string): Promise<void> {
    const parent = dirname(path);
    if (!this.#folders.has(parent)) {
      await mkdir(parent, { recursive: true });
      this.#folders.add(parent);
    }
    // An entry that comes twice replaces the first, and never writes through a link of that name.
    if (this.#names.has(path)) await rm(path, { force: true });
    this.#names.add(path);
  }
}

async function writeEntry(entry: Entry, made: Made, meter: Meter): Promise<void> {
  meter.enter(entry);
  const { name, type, linkname, mode } = entry.header;
  const path = join(made.folder, safePath(name, `the entry "${name}"`));
  if (type === 'directory') {
    await mkdir(path, { recursive: true });
  } else if (type === 'file' || type === 'contiguous-file') {
    await made.clear(path);
    await writeFile(entry, path, mode ?? 0);
    return;
  } else if (type === 'symlink' || type === 'link') {
    await writeLink({ path, made, name, target: linkname ?? '', isHard: type === 'link' });
  } else {
    throw new ArchiveRefused(`the entry "${name}" is a ${type}; only files, folders and links are unpacked.`);
  }
  entry.resume();
}

async function writeFile(entry: Entry, path: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', (mode & 0o111) === 0 ? 0o644 : 0o755);
  try {
    for await (const chunk of entry) await file.write(chunk as Buffer);
  } finally {
    await file.close();
  }
}

interface LinkPlan {
  readonly path: string;
  readonly made: Made;
  readonly name: string;
  readonly target: string;
  readonly isHard: boolean;
}

async function writeLink({ path, made, name, target, isHard }: LinkPlan): Promise<void> {
  // A target without `..` stays below its own folder, whatever other links the path goes through.
  const safe = safePath(target, `the link "${name}" to "${target}"`);
  await made.clear(path);
  if (isHard)
    await link(join(made.folder, safe), path).catch((error: NodeJS.ErrnoException) =>
      refuseLink(error, name),
    );
  else await symlink(safe, path);
}

/** A folder cannot be linked to. */
function refuseLink(error: NodeJS.ErrnoException, name: string): never {
  if (error.code === 'EPERM') throw new ArchiveRefused(`the link "${name}" leads to what is not a file.`);
  throw error;
}

/** @throws ArchiveRefused for an absolute path, one with `..`, or one that no file can have */
function safePath(path: string, what: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..'))
    throw new ArchiveRefused(`${what} leads out of the archive.`);
  if (path.includes('\0') || path === '') throw new ArchiveRefused(`${what} is not a path.`);
  return parts.join('/') || '.';
}

/** An archive's own fault as a refusal; what the disk or the system did as it is. */
export function asRefusal(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof ArchiveRefused) return thrown;
  const code = (thrown as NodeJS.ErrnoException).code ?? '';
  const isOfTheDisk = (thrown as NodeJS.ErrnoException).syscall !== undefined && code !== 'ENOENT';
  // EEXIST, ENOTDIR and EISDIR come from an archive that uses one name as file and as folder.
  if (isOfTheDisk && !['EEXIST', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG'].includes(code)) return thrown;
  return new ArchiveRefused(`it is corrupt (${thrown.message}).`);
}

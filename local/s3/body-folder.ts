// Bodies too large for the database: one immutable file for each, under a random name. A file counts once a row of
// the database names it; what none names is rubbish of an interrupted write and is swept at the next start.
import { createReadStream } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { BodyFile } from './records.ts';
import { checkRoom, type FreeBytes, freeBytesOf } from './room.ts';

const READ_BYTES = 256 * 1024;

export class BodyFolder {
  readonly #folder: string;
  /** Begins the name of every file of this process, so that the sweep of the older ones cannot touch them. */
  readonly #epoch: string;
  #made = 0;
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();
  readonly #removals = new Set<Promise<void>>();
  readonly #freeBytes: FreeBytes;
  #hasComplained = false;

  private constructor(folder: string, epoch: string, freeBytes: FreeBytes) {
    this.#folder = folder;
    this.#epoch = epoch;
    this.#freeBytes = freeBytes;
  }

  /** @param epoch differs from that of every process before */
  static async open(folder: string, epoch: string, freeBytes: FreeBytes = freeBytesOf): Promise<BodyFolder> {
    await mkdir(folder, { recursive: true });
    return new BodyFolder(folder, epoch, freeBytes);
  }

  /** Asked before bytes are written; the first refusal is told to whoever watches. @throws Error with the code ENOSPC */
  async checkRoom(): Promise<void> {
    try {
      await checkRoom(this.#folder, this.#freeBytes);
      this.#hasComplained = false;
    } catch (thrown) {
      if (!this.#hasComplained) console.error(`Objects cannot be stored: ${(thrown as Error).message}`);
      this.#hasComplained = true;
      throw thrown;
    }
  }

  /** A new, empty file. */
  create(): Promise<{ file: string; handle: FileHandle }> {
    return this.#make(async (path, file) => ({ file, handle: await open(path, 'wx') }));
  }

  /** The same bytes under another name, without copying them where the file system can. */
  duplicate(file: string): Promise<string> {
    const source = this.#path(file);
    return this.#make(async (path, copy) => {
      await link(source, path).catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code === 'ENOENT') throw thrown;
        return copyFile(source, path);
      });
      return copy;
    });
  }

  /** The bytes of files in order, `first` and `last` inclusive. They stay readable though the object is replaced. */
  read(files: readonly BodyFile[], first: number, last: number): Readable {
    const release = this.hold(files);
    const spans = overlapping(files, first, last);
    const body =
      spans.length === 1
        ? createReadStream(this.#path(spans[0]!.file), { ...spans[0]!, highWaterMark: READ_BYTES })
        : Readable.from(this.#readSpans(spans), { objectMode: false, highWaterMark: READ_BYTES });
    body.once('close', release);
    return body;
  }

  /** Keeps files from being removed until the returned function is called. */
  hold(files: readonly BodyFile[]): () => void {
    for (const { file } of files) this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1);
    let held = true;
    return () => {
      if (held) for (const { file } of files) this.#release(file);
      held = false;
    };
  }

  /** Removes files that no row names any more, each once its last reader has gone. */
  remove(files: readonly string[]): void {
    for (const file of files) {
      if (this.#readers.has(file)) this.#doomed.add(file);
      else this.#unlink(file);
    }
  }

  /** Removes files of earlier processes that `isNamed` does not know. */
  async sweep(isNamed: (file: string) => boolean): Promise<void> {
    for (const shard of await readdir(this.#folder)) {
      const files = await readdir(join(this.#folder, shard));
      for (const file of files) {
        if (!file.startsWith(`${this.#epoch}-`) && !isNamed(file)) {
          await rm(join(this.#folder, shard, file), { force: true });
        }
      }
    }
  }

  /** Resolves when all removals so far have happened. */
  async settled(): Promise<void> {
    await Promise.all(this.#removals);
  }

  async *#readSpans(spans: readonly Span[]): AsyncGenerator<Buffer> {
    for (const span of spans) {
      yield* createReadStream(this.#path(span.file), { ...span, highWaterMark: READ_BYTES });
    }
  }

  #release(file: string): void {
    const readers = this.#readers.get(file)! - 1;
    if (readers > 0) {
      this.#readers.set(file, readers);
      return;
    }
    this.#readers.delete(file);
    if (this.#doomed.delete(file)) this.#unlink(file);
  }

  #unlink(file: string): void {
    const removal = rm(this.#path(file), { force: true })
      // The sweep of the next start takes what could not be removed now.
      .catch(() => {})
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** Makes a file under a new name; its subfolder comes into being with the first file in it. */
  async #make<Result>(make: (path: string, file: string) => Promise<Result>): Promise<Result> {
    const file = this.#newName();
    const path = this.#path(file);
    try {
      return await make(path, file);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
      await mkdir(dirname(path), { recursive: true });
      return make(path, file);
    }
  }

  #newName(): string {
    this.#made += 1;
    return `${this.#epoch}-${this.#made.toString(36)}`;
  }

  #path(file: string): string {
    return join(this.#folder, shardOf(file), file);
  }
}

/** One file's share of a read; `start` and `end` inclusive, as `createReadStream` has them. */
interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

function overlapping(files: readonly BodyFile[], first: number, last: number): Span[] {
  const spans: Span[] = [];
  let offset = 0;
  for (const { file, bytes } of files) {
    const start = Math.max(first - offset, 0);
    const end = Math.min(last - offset, bytes - 1);
    if (start <= end) spans.push({ file, start, end });
    offset += bytes;
  }
  return spans;
}

function shardOf(file: string): string {
  let hash = 0;
  for (let at = 0; at < file.length; at++) hash = (hash * 31 + file.charCodeAt(at)) & 0xff;
  return hash.toString(16).padStart(2, '0');
}

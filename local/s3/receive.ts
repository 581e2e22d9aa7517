// Takes a body in: bytes go to the database's small bodies or to a file as they come, are digested on the way and
// held against what the client claims of them. Memory use does not grow with the body.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { AwsError } from '../wire/errors.ts';
import type { BodyFolder } from './body-folder.ts';
import { type Checksum, type ChecksumClaim, checkClaim, createDigester } from './checksums.ts';
import type { StoredBody } from './records.ts';

/** Up to here a body lives in the database: one write instead of four system calls. */
export const SMALL_BODY_BYTES = 16 * 1024;
/** Gathered before each write to a file. */
const WRITE_BYTES = 1024 * 1024;

export interface Incoming {
  readonly source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** How many bytes the source must yield. */
  readonly declaredBytes?: number;
  /** Base64 of the MD5 digest, as in the header. */
  readonly contentMd5?: string;
  readonly checksum?: ChecksumClaim;
}

export interface Received {
  readonly body: StoredBody;
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly checksum: Checksum | undefined;
}

export interface ReceiveOptions {
  /** Parts of uploads are files always, so that completing one moves no bytes. */
  readonly alwaysFile?: boolean;
}

/** @throws AwsError BadDigest, InvalidDigest, IncompleteBody (400); nothing of the body is kept then */
export async function receive(
  folder: BodyFolder,
  incoming: Incoming,
  { alwaysFile = false }: ReceiveOptions = {},
): Promise<Received> {
  const sink = new BodySink(folder, alwaysFile ? 0 : SMALL_BODY_BYTES);
  const md5 = createHash('md5');
  const digester = incoming.checksum && createDigester(incoming.checksum.algorithm);
  try {
    for await (const chunk of incoming.source) {
      md5.update(chunk);
      digester?.update(chunk);
      await sink.write(chunk);
    }
    const digest = md5.digest();
    checkLength(incoming, sink.bytes);
    checkMd5(incoming.contentMd5, digest);
    const checksum = digester && checkClaim(incoming.checksum!, digester.digest().toString('base64'));
    const body = await sink.finish(alwaysFile);
    return { body, sizeBytes: sink.bytes, md5: digest, checksum };
  } catch (thrown) {
    await sink.abandon();
    throw thrown;
  }
}

function checkLength({ declaredBytes }: Incoming, bytes: number): void {
  if (declaredBytes === undefined || declaredBytes === bytes) return;
  const message = 'You did not provide the number of bytes specified by the Content-Length HTTP header';
  throw new AwsError('IncompleteBody', message);
}

/** @throws AwsError InvalidDigest, BadDigest (400) */
export function checkMd5(contentMd5: string | undefined, digest: Buffer): void {
  if (contentMd5 === undefined) return;
  const claimed = Buffer.from(contentMd5, 'base64');
  if (claimed.length !== digest.length) {
    throw new AwsError('InvalidDigest', 'The Content-MD5 you specified was invalid.');
  }
  if (!claimed.equals(digest)) {
    throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
}

class BodySink {
  bytes = 0;
  readonly #folder: BodyFolder;
  readonly #smallBytes: number;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #open: { file: string; handle: FileHandle } | undefined;
  #writing: Promise<unknown> | undefined;

  constructor(folder: BodyFolder, smallBytes: number) {
    this.#folder = folder;
    this.#smallBytes = smallBytes;
  }

  /** Resolves when more can be taken: the next bytes come in while the last ones are written. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.bytes += chunk.length;
    this.#gathered.push(chunk);
    this.#gatheredBytes += chunk.length;
    return this.bytes > this.#smallBytes && this.#gatheredBytes >= WRITE_BYTES ? this.#flush() : undefined;
  }

  async finish(alwaysFile: boolean): Promise<StoredBody> {
    if (!alwaysFile && this.bytes <= this.#smallBytes) {
      const bytes = this.#gathered.length === 1 ? this.#gathered[0]! : Buffer.concat(this.#gathered);
      return { kind: 'small', bytes };
    }
    await this.#flush();
    await this.#writing;
    const { file, handle } = this.#open!;
    await handle.close();
    return { kind: 'files', files: [{ file, bytes: this.bytes }] };
  }

  async abandon(): Promise<void> {
    await this.#writing?.catch(() => {});
    if (this.#open === undefined) return;
    // Closing twice, when finish had closed it, is not an error that matters.
    await this.#open.handle.close().catch(() => {});
    this.#folder.remove([this.#open.file]);
  }

  async #flush(): Promise<void> {
    const chunks = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    await this.#folder.checkRoom();
    this.#open ??= await this.#folder.create();
    await this.#writing;
    if (chunks.length === 0) return;
    this.#writing = writeAll(this.#open.handle, chunks);
    // Whoever awaits it next hears of a failure; until then it must not count as unhandled.
    this.#writing.catch(() => {});
  }
}

/** `writev` may write less than it was given, a full disk being the usual reason. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const total = chunks.reduce((bytes, chunk) => bytes + chunk.length, 0);
  const { bytesWritten } = await handle.writev(chunks as Uint8Array[]);
  if (bytesWritten === total) return;
  for (let rest = Buffer.concat(chunks, total).subarray(bytesWritten); rest.length > 0; ) {
    rest = rest.subarray((await handle.write(rest)).bytesWritten);
  }
}

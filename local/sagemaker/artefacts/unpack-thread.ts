// The thread that checks and unpacks artefacts: sums, inflating and reading archives would otherwise hold up every call
// that the serving thread has in hand. It gives way to that thread where the system can tell threads apart.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { Readable } from 'node:stream';
import { parentPort } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { type Archive, ArchiveRefused, asRefusal, unpack } from './unpack.ts';
import type { UnpackJob, UnpackOutcome } from './unpacker.ts';

/** On Linux a thread has a priority of its own; elsewhere the call would slow down the whole process. */
if (process.platform === 'linux') setPriority(10);

/** What inflates to no more than this is inflated here; more goes through Node's pool, piece by piece. */
const INFLATE_HERE_BYTES = 64 * 1024 * 1024;

parentPort!.on('message', ({ id, job }: { id: number; job: UnpackJob }) => {
  void outcomeOf(job).then((outcome) => parentPort!.postMessage({ id, outcome }));
});

async function outcomeOf(job: UnpackJob): Promise<UnpackOutcome> {
  try {
    if (job.md5 !== undefined && (await md5Of(job)) !== job.md5)
      return { refused: 'its checksum is not the one S3 has for it.' };
    return { unpackedBytes: await unpack(await archiveOf(job), job.folder, job.limits) };
  } catch (thrown) {
    const { message, code } = thrown as NodeJS.ErrnoException;
    return thrown instanceof ArchiveRefused ? { refused: message } : { failed: message, code };
  }
}

async function md5Of({ content }: UnpackJob): Promise<string> {
  const hash = createHash('md5');
  if (typeof content !== 'string') return hash.update(content).digest('hex');
  for await (const chunk of createReadStream(content)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** @throws ArchiveRefused for what is no gzip */
async function archiveOf({ content }: UnpackJob): Promise<Archive> {
  if (typeof content === 'string') {
    const { size } = await stat(content);
    return { sizeBytes: size, open: () => createReadStream(content) };
  }
  const inflated = inflate(content);
  const open = () => Readable.from([content]);
  return { sizeBytes: content.byteLength, open, ...(inflated === undefined ? {} : { inflated }) };
}

/** Undefined when it would be more than is inflated here. */
function inflate(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: INFLATE_HERE_BYTES });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw asRefusal(thrown);
  }
}

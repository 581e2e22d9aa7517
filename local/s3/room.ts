// The last of a disk is not for bodies of objects: the record of executions lies on the same disk, and a run that has
// filled it could not even be written down as failed. So S3 is the first to have no room, and says so while everything
// else goes on; small bodies, which are in its database, are still taken, and with them the manifest of such a run.
import { statfs } from 'node:fs/promises';

/** Enough to end what is under way: a write log and its checkpoint. */
export const RESERVED_BYTES = 32 * 1024 * 1024;

/** Free bytes of the disk that a folder is on; tests have their own. */
export type FreeBytes = (folder: string) => Promise<number>;

export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** @throws Error with the code ENOSPC */
export async function checkRoom(folder: string, freeBytes: FreeBytes): Promise<void> {
  // A file system that tells nothing of itself has room until it says otherwise.
  const free = await freeBytes(folder).catch(() => Number.POSITIVE_INFINITY);
  if (free >= RESERVED_BYTES) return;
  const message = `ENOSPC: no space left on device: of the disk of ${folder} ${megabytes(free)} MB are free, and the last ${megabytes(RESERVED_BYTES)} MB are kept for the record of executions`;
  throw Object.assign(new Error(message), { code: 'ENOSPC' });
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1024 / 1024);
}

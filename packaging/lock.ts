// One packaging at a time in a project: two that start together would write the same bundles and the same
// `.serverless/`. The lock is a file that holds its owner's process id; that of a process that is gone counts for nothing.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const RETRY_MS = 100;

/** Waits for its turn. @throws the signal's reason when it is called off meanwhile */
export async function inTurn<Result>(
  projectFolder: string,
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const file = join(projectFolder, '.build/package.lock');
  await mkdir(join(projectFolder, '.build'), { recursive: true });
  while (!(await take(file))) await pause(RETRY_MS, undefined, signal === undefined ? {} : { signal });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
  const owner = Number(await readFile(file, 'utf8').catch(() => ''));
  if (owner > 0 && !isAlive(owner)) await rm(file, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

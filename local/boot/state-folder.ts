// The folder that outlives a restart, and the lock that keeps two processes from writing there. The lock is a lock
// of the operating system (SQLite's, on a file of its own), so it ends with its process however that ends.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartFailure } from './failure.ts';

export interface StateFolder {
  readonly folder: string;
  readonly s3Folder: string;
  readonly logsFolder: string;
  readonly volumesFolder: string;
  readonly inlineCodeFolder: string;
  readonly statesDatabase: string;
  /** Of SageMaker's model registry. */
  readonly registryDatabase: string;
  readonly alarmsDatabase: string;
  /** Removes everything but the lock. */
  empty(): void;
  release(): void;
}

const LOCK_FILE = 'lock';
const OWNER_FILE = 'owner.json';

/** @throws StartFailure when another process works in the folder */
export function openStateFolder(folder: string): StateFolder {
  mkdirSync(folder, { recursive: true });
  const lock = takeLock(folder);
  writeFileSync(join(folder, OWNER_FILE), JSON.stringify({ pid: process.pid }));
  return {
    folder,
    s3Folder: join(folder, 's3'),
    logsFolder: join(folder, 'logs'),
    volumesFolder: join(folder, 'sagemaker'),
    inlineCodeFolder: join(folder, 'inline-code'),
    statesDatabase: join(folder, 'states.sqlite'),
    registryDatabase: join(folder, 'registry.sqlite'),
    alarmsDatabase: join(folder, 'alarms.sqlite'),
    empty: () => empty(folder),
    release: () => {
      rmSync(join(folder, OWNER_FILE), { force: true });
      lock.close();
    },
  };
}

function takeLock(folder: string): DatabaseSync {
  const lock = new DatabaseSync(join(folder, LOCK_FILE));
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (thrown) {
    lock.close();
    throw new StartFailure(`${folder} is in use by another seriatim${owner(folder)}; stop it first`, thrown);
  }
}

/** The other process's id, when it can be read. */
function owner(folder: string): string {
  try {
    const { pid } = JSON.parse(readFileSync(join(folder, OWNER_FILE), 'utf8')) as { pid: number };
    return ` (process ${pid})`;
  } catch {
    return '';
  }
}

function empty(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(LOCK_FILE) && name !== OWNER_FILE)
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

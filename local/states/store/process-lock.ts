// One process at a time works on a database of executions: two would both go on with what runs. The operating system
// lets go of the lock when the process ends, however it ends.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A process that was killed a moment ago may not be gone yet. */
const WAIT_MS = 3000;

/** @returns what lets go of it @throws Error when another process has the database */
export function lockFile(file: string): () => void {
  mkdirSync(dirname(file), { recursive: true });
  const lock = new DatabaseSync(`${file}-lock`);
  try {
    lock.exec(`PRAGMA busy_timeout = ${WAIT_MS}; BEGIN EXCLUSIVE`);
  } catch (thrown) {
    lock.close();
    throw new Error(`The executions in ${file} are in use by another process.`, { cause: thrown });
  }
  return () => lock.close();
}

// Opens what keeps executions: the database, the write log beside it, the journal over both.
import { Database } from './database.ts';
import { Journal } from './journal.ts';
import { lockFile } from './process-lock.ts';
import { WriteLog } from './write-log.ts';

export interface Store {
  readonly database: Database;
  readonly journal: Journal;
  readonly close: () => Promise<void>;
}

/** @param file an absolute path, or `:memory:` @throws Error when another process has it */
export function openStore(file: string, isTurned: boolean): Store {
  const unlock = file === ':memory:' ? () => {} : lockFile(file);
  const database = new Database(file);
  const log = file === ':memory:' ? undefined : new WriteLog(database, file);
  const journal = new Journal(database, { log, isTurned });
  const close = async (): Promise<void> => {
    await journal.close();
    database.close();
    unlock();
  };
  return { database, journal, close };
}

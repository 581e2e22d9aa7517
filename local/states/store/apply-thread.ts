// The thread that puts the write log into the database while the main thread goes on. It sleeps until it is woken, and
// tries again when the database is locked by somebody else: the log keeps everything meanwhile.
import { workerData } from 'node:worker_threads';
import { Database } from './database.ts';
import { LogReader } from './log-reader.ts';
import { CELL } from './write-log.ts';

const RETRY_MS = 200;

const { file, cells } = workerData as { readonly file: string; readonly cells: Int32Array };
const database = new Database(file);
const reader = new LogReader(database, file);
/** Said once for as long as it lasts. */
let hasComplained = false;
const pause = new Int32Array(new SharedArrayBuffer(4));

for (;;) {
  const wakes = Atomics.load(cells, CELL.wakes);
  const isStopping = Atomics.load(cells, CELL.isStopping) === 1;
  // In this order: all that is counted as written is in the files up to the current one.
  const written = Atomics.load(cells, CELL.written);
  const current = Atomics.load(cells, CELL.segment);
  if (tryReading(current)) {
    Atomics.store(cells, CELL.applied, written);
    Atomics.notify(cells, CELL.applied);
    if (isStopping) break;
    Atomics.wait(cells, CELL.wakes, wakes);
  } else Atomics.wait(pause, 0, 0, RETRY_MS);
}
database.close();

function tryReading(current: number): boolean {
  try {
    reader.readTo(current);
    hasComplained = false;
    return true;
  } catch (thrown) {
    if (!hasComplained) {
      console.error(`The database of executions cannot be written yet: ${(thrown as Error).message}`);
    }
    hasComplained = true;
    return false;
  }
}

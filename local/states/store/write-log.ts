// The write log: every change as it happens, appended to a file beside the database and put into the database later, a
// great many at once. An append is one write to the file; what has been written survives the end of the process, and
// what the database lacks is put into it when it is opened again. Few changes are put in when somebody looks at the
// database; many, by a thread that the log starts for it.
import { closeSync, openSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Database } from './database.ts';
import { LogReader, segmentFile } from './log-reader.ts';

/** Cells of the memory that the log shares with its thread. */
export const CELL = { written: 0, applied: 1, segment: 2, isStopping: 3, wakes: 4 } as const;

/** What may wait for somebody to look before the thread is started. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** The thread is woken when so much has come, or somebody looks: waking it costs more than an append. */
const WAKE_BYTES = 512 * 1024;
/** A new file is begun after so much, and the old one removed once the database has it. */
const SEGMENT_BYTES = 64 * 1024 * 1024;
/** The thread may not fall behind without end. */
const MAX_BACKLOG_BYTES = 256 * 1024 * 1024;
const LOOK_MS = 20_000;
const WAIT_MS = 1000;
const NOT_WRITABLE = 'The database of executions cannot be written.';

export class WriteLog {
  private readonly file: string;
  private readonly reader: LogReader;
  private readonly cells = new Int32Array(new SharedArrayBuffer(20));
  private descriptor: number | undefined;
  private segmentBytes = 0;
  private waitingBytes = 0;
  private backlogBytes = 0;
  private worker: Worker | undefined;

  /** Puts into the database what a former process left. @param file the database's */
  constructor(database: Database, file: string) {
    this.file = file;
    this.reader = new LogReader(database, file);
    this.reader.recover();
    this.cells[CELL.segment] = this.reader.segment;
  }

  /** Appends batches; they are safe when this returns. @returns the number by which `hasApplied` knows them */
  append(text: string): number {
    this.descriptor ??= openSync(segmentFile(this.file, this.cells[CELL.segment]!), 'a');
    const bytes = writeAll(this.descriptor, text);
    this.segmentBytes += bytes;
    this.waitingBytes += bytes;
    this.backlogBytes += bytes;
    const number = Atomics.add(this.cells, CELL.written, 1) + 1;
    if (this.segmentBytes > SEGMENT_BYTES) this.nextSegment();
    if (this.worker === undefined) {
      if (this.waitingBytes > MAX_WAITING_BYTES) this.startWorker();
    } else if (this.waitingBytes > WAKE_BYTES) this.wake();
    if (this.backlogBytes > MAX_BACKLOG_BYTES) this.catchUp();
    return number;
  }

  /** Whether the database has what `append` gave that number. */
  hasApplied(number: number): boolean {
    return Atomics.load(this.cells, CELL.applied) >= number;
  }

  /** Returns once the database has everything; blocks the event loop until then. @throws Error when it cannot be written for long */
  catchUp(): void {
    const written = Atomics.load(this.cells, CELL.written);
    if (this.worker === undefined) this.applyHere(written);
    else this.waitFor(written);
    this.waitingBytes = 0;
    this.backlogBytes = 0;
  }

  /** Resolves once the database has everything so far; the event loop goes on meanwhile. @throws Error as `catchUp` */
  async whenCaughtUp(): Promise<void> {
    const written = Atomics.load(this.cells, CELL.written);
    if (this.worker === undefined) return this.applyHere(written);
    if (this.hasApplied(written)) return;
    this.wake();
    // What waits for a thread does not keep the process going by itself.
    const keeping = setInterval(() => {}, LOOK_MS);
    try {
      await this.appliedBy(written, performance.now() + LOOK_MS);
    } finally {
      clearInterval(keeping);
    }
  }

  private async appliedBy(written: number, untilMs: number): Promise<void> {
    for (;;) {
      const applied = Atomics.load(this.cells, CELL.applied);
      if (applied >= written) return;
      const waiting = Atomics.waitAsync(this.cells, CELL.applied, applied, WAIT_MS);
      if (waiting.async) await waiting.value;
      if (performance.now() > untilMs) throw new Error(NOT_WRITABLE);
    }
  }

  async close(): Promise<void> {
    this.catchUp();
    Atomics.store(this.cells, CELL.isStopping, 1);
    if (this.worker !== undefined) {
      const exited = new Promise((resolve) => this.worker!.once('exit', resolve));
      this.worker.ref();
      this.wake();
      await exited;
    }
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.reader.removeFiles();
  }

  private applyHere(written: number): void {
    if (this.hasApplied(written)) return;
    this.reader.readTo(this.cells[CELL.segment]!);
    Atomics.store(this.cells, CELL.applied, written);
  }

  private waitFor(written: number): void {
    this.wake();
    const untilMs = performance.now() + LOOK_MS;
    for (;;) {
      const applied = Atomics.load(this.cells, CELL.applied);
      if (applied >= written) return;
      Atomics.wait(this.cells, CELL.applied, applied, WAIT_MS);
      if (performance.now() > untilMs) throw new Error(NOT_WRITABLE);
    }
  }

  /** From now on only the thread writes the database. */
  private startWorker(): void {
    this.worker = new Worker(new URL('./apply-thread.ts', import.meta.url), {
      workerData: { file: this.file, cells: this.cells },
    });
    this.worker.unref();
    this.waitingBytes = 0;
  }

  private wake(): void {
    this.waitingBytes = 0;
    Atomics.add(this.cells, CELL.wakes, 1);
    Atomics.notify(this.cells, CELL.wakes);
  }

  private nextSegment(): void {
    closeSync(this.descriptor!);
    this.descriptor = undefined;
    this.segmentBytes = 0;
    Atomics.add(this.cells, CELL.segment, 1);
  }
}

function writeAll(descriptor: number, text: string): number {
  const length = Buffer.byteLength(text);
  const written = writeSync(descriptor, text);
  if (written === length) return length;
  // A disk that is nearly full takes a part: the rest, or the error.
  const rest = Buffer.from(text).subarray(written);
  for (let at = 0; at < rest.length; ) at += writeSync(descriptor, rest, at);
  return length;
}

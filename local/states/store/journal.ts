// Writes executions down as they go: events in pieces, frames where they stand, small documents. What changes in one
// turn of the event loop is one batch, which is written whole; it is safe once it is in the write log, and a database in
// memory takes it at once. An execution that starts and ends within a turn never writes a frame at all.
import type { HistoryEvent } from '../run/events.ts';
import type { EventSink, Execution } from '../run/execution.ts';
import type { Frame } from '../run/frame.ts';
import { applyBatches } from './apply.ts';
import type { Database } from './database.ts';
import type { DocumentKeeper } from './documents.ts';
import { type ExecutionRow, findExecution, toRow } from './execution-rows.ts';
import { BATCH_END, change, rowChange, withChange } from './log-format.ts';
import { RecentRows } from './recent-rows.ts';
import type { WriteLog } from './write-log.ts';

/** What has changed of an execution since the last batch. */
interface Pending {
  readonly execution: Execution;
  readonly events: HistoryEvent[];
  readonly frames: Set<Frame>;
  readonly dropped: number[];
  /** The row is new or has changed. */
  isRowDirty: boolean;
}

/** The journal's notes on an execution; they stand on it, since weak maps of what lives shortly cost more than the rest. */
export interface Kept {
  /** Under which number it is kept. */
  readonly seq: number;
  /** It has a row. */
  isWritten: boolean;
  pending: Pending | undefined;
}

export interface JournalOptions {
  /** Undefined for a database in memory. */
  readonly log: WriteLog | undefined;
  /** Time is turned by hand: nothing may wait for a turn of the event loop that the clock knows not of. */
  readonly isTurned: boolean;
}

/** A page of a history is read in whole pieces: a long turn's events are more than one. */
const MAX_PIECE_EVENTS = 200;

const TURNS_TO_STAND = 8;

/** A disk that takes nothing is tried again; what waits for it goes on waiting. */
const RETRY_MS = 250;

export class Journal implements EventSink, DocumentKeeper {
  private readonly database: Database;
  private readonly log: WriteLog | undefined;
  private readonly isTurned: boolean;
  private pending: Pending[] = [];
  /** Changes of documents, and deletions. */
  private others: string[] = [];
  /** The executions whose row is yet to be written. */
  private dirtyRows = new Map<string, Execution>();
  private readonly recent: RecentRows;
  private flushing: Promise<void> | undefined;
  private nextSeq: number;
  private isClosed = false;
  private hasComplained = false;
  /** For Express children of a Map Run: only how they ended. */
  readonly rowsOnly: EventSink = {
    event: () => {},
    changed: () => {},
    dropped: () => {},
    settled: () => undefined,
    ended: (execution) => this.ended(execution),
  };

  constructor(database: Database, { log, isTurned }: JournalOptions) {
    this.database = database;
    this.log = log;
    this.isTurned = isTurned;
    this.recent = new RecentRows(log);
    this.nextSeq =
      1 + (database.get<{ last: number | null }>('SELECT max(seq) AS last FROM executions')?.last ?? 0);
  }

  event(execution: Execution, event: HistoryEvent): void {
    this.touch(execution).events.push(event);
  }

  changed(execution: Execution, frame: Frame): void {
    this.touch(execution).frames.add(frame);
  }

  dropped(execution: Execution, frame: Frame): void {
    const pending = this.touch(execution);
    pending.frames.delete(frame);
    if (frame.isStored) pending.dropped.push(frame.id);
  }

  ended(execution: Execution): void {
    this.rowChanged(execution);
  }

  /** The row itself has changed, as a redrive does. */
  rowChanged(execution: Execution): void {
    this.touch(execution).isRowDirty = true;
    this.dirtyRows.set(execution.arn, execution);
  }

  putDocument(kind: string, key: string, data: string): void {
    this.other(change('P', kind, key, data));
  }

  deleteDocument(kind: string, key: string): void {
    this.other(change('Q', kind, key));
  }

  /** The execution with its history and whatever was left to go on from. */
  delete(seq: number): void {
    this.other(change('D', seq));
  }

  /** An execution that is in the database already. */
  adopt(execution: Execution, seq: number): void {
    execution.kept = { seq, isWritten: true, pending: undefined };
  }

  settled(execution: Execution): Promise<void> | undefined {
    if (execution.kept?.pending === undefined) return undefined;
    if (!this.isTurned) return this.flushing;
    this.write();
    return undefined;
  }

  /** Resolves once everything so far is safe. */
  whenFlushed(): Promise<void> {
    return this.flushing ?? Promise.resolve();
  }

  /** Resolves once the execution's row as it is now is safe: nobody is told of an end that a crash would undo. */
  whenSafe(arn: string): Promise<void> | undefined {
    return this.dirtyRows.has(arn) ? this.whenFlushed() : undefined;
  }

  /**
   * Resolves when an execution that goes from state to state stands still, or after a few turns: who asks for one that
   * is about to end need not ask twice, since a request costs more than the states.
   */
  async whenStill({ kept }: Execution): Promise<void> {
    for (let turn = 0; turn < TURNS_TO_STAND && kept?.pending !== undefined && !this.isTurned; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** An execution's row as of now, whether or not the database has it. */
  row(arn: string): ExecutionRow | undefined {
    const dirty = this.dirtyRows.get(arn);
    if (dirty !== undefined) return toRow(dirty, this.keptOf(dirty).seq);
    return this.recent.get(arn) ?? findExecution(this.database, arn);
  }

  /** Returns once the database has all that was written: before it is asked. */
  catchUp(): void {
    this.log?.catchUp();
  }

  /**
   * Resolves once the database has everything so far. What is going on is never written in the middle of a turn: an
   * execution whose task has succeeded and whose state is not left yet would run the task again after a crash.
   */
  async whenReadable(): Promise<void> {
    if (this.isTurned) {
      this.write();
      this.catchUp();
      return;
    }
    await this.whenFlushed();
    await this.log?.whenCaughtUp();
  }

  async close(): Promise<void> {
    this.write();
    this.isClosed = true;
    await this.log?.close();
  }

  private touch(execution: Execution): Pending {
    const kept = this.keptOf(execution);
    if (kept.pending !== undefined) return kept.pending;
    const pending: Pending = {
      execution,
      events: [],
      frames: new Set(),
      dropped: [],
      isRowDirty: !kept.isWritten,
    };
    if (this.isClosed) return pending;
    kept.pending = pending;
    this.pending.push(pending);
    if (pending.isRowDirty) this.dirtyRows.set(execution.arn, execution);
    this.flushSoon();
    return pending;
  }

  private other(text: string): void {
    if (this.isClosed) return;
    this.others.push(text);
    this.flushSoon();
  }

  private flushSoon(): void {
    this.flushing ??= new Promise((resolve) => {
      setImmediate(() => this.tryWriting(resolve));
    });
  }

  private tryWriting(resolve: () => void): void {
    try {
      this.write();
      this.flushing = undefined;
      this.hasComplained = false;
      resolve();
    } catch (thrown) {
      if (!this.hasComplained) {
        console.error(`Executions cannot be written down yet: ${(thrown as Error).message}`);
      }
      this.hasComplained = true;
      setTimeout(() => this.tryWriting(resolve), RETRY_MS);
    }
  }

  /** Makes everything so far safe. Nothing is forgotten when that fails. */
  private write(): void {
    if (this.pending.length === 0 && this.others.length === 0) return;
    let batch = '';
    for (const other of this.others) batch = withChange(batch, other);
    this.recent.beginBatch();
    for (const pending of this.pending) batch = this.collect(batch, pending);
    const text = batch + BATCH_END;
    if (this.log === undefined) applyBatches(this.database, text);
    else this.recent.wrote(this.log.append(text));
    for (const { execution } of this.pending) {
      const kept = this.keptOf(execution);
      kept.isWritten = true;
      kept.pending = undefined;
    }
    this.pending = [];
    this.others = [];
    // A new one: a map that is cleared links to its former table, which keeps what is long over alive.
    this.dirtyRows = new Map();
  }

  /** @returns the batch with what has changed of an execution */
  private collect(before: string, { execution, events, frames, dropped, isRowDirty }: Pending): string {
    const { seq, isWritten } = this.keptOf(execution);
    let batch = before;
    if (isRowDirty) {
      const row = toRow(execution, seq);
      batch = withChange(batch, rowChange(isWritten ? 'U' : 'X', row));
      this.recent.writing(row);
    }
    if (events.length > 0) batch = withEvents(batch, seq, events);
    for (const id of dropped) batch = withChange(batch, change('G', seq, id));
    if (execution.status !== 'RUNNING') return isRowDirty ? this.withEndFrames(batch, seq, execution) : batch;
    for (const frame of frames) batch = withChange(batch, frameChange(seq, frame));
    return batch;
  }

  private keptOf(execution: Execution): Kept {
    execution.kept ??= { seq: this.nextSeq++, isWritten: false, pending: undefined };
    return execution.kept;
  }

  /** What failed may be redriven from where it stood; what succeeded leaves nothing behind. */
  private withEndFrames(before: string, seq: number, execution: Execution): string {
    let batch = before;
    if (execution.status !== 'SUCCEEDED') {
      for (const frame of execution.openFrames()) batch = withChange(batch, frameChange(seq, frame));
    } else if (execution.openFrames().some((frame) => frame.isStored)) {
      batch = withChange(batch, change('A', seq));
    }
    return batch;
  }
}

function frameChange(seq: number, frame: Frame): string {
  frame.isStored = true;
  return change('F', seq, frame.id, JSON.stringify(frame.toRecord()));
}

function withEvents(before: string, seq: number, events: readonly HistoryEvent[]): string {
  let batch = before;
  for (let at = 0; at < events.length; at += MAX_PIECE_EVENTS) {
    const piece = events.length <= MAX_PIECE_EVENTS ? events : events.slice(at, at + MAX_PIECE_EVENTS);
    const text = change('H', seq, piece[0]!.id, piece.at(-1)!.id, eventsText(piece));
    batch = withChange(batch, text);
  }
  return batch;
}

/** A JSON array; what is in it is JSON text already. */
function eventsText(events: readonly HistoryEvent[]): string {
  let text = '';
  for (const { id, previousEventId, timestampMs, type, details } of events) {
    const head = `"id":${id},"previousEventId":${previousEventId},"timestampMs":${timestampMs},"type":"${type}"`;
    text += `${text === '' ? '[' : ','}{${head}${details === undefined ? '' : `,"details":${details}`}}`;
  }
  return `${text}]`;
}

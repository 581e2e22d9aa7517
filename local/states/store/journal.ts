// Writes executions down as they go: events in chunks, frames where they stand. Writes of one turn of the event loop
// share a transaction; an execution that starts and ends within it never writes a frame at all.

import { textOf } from '../json/text.ts';
import type { HistoryEvent } from '../run/events.ts';
import type { EventSink, Execution } from '../run/execution.ts';
import type { Frame } from '../run/frame.ts';
import type { Database } from './database.ts';
import { type ExecutionMore, type ExecutionRow, insertExecution, updateExecution } from './execution-rows.ts';

interface Pending {
  events: HistoryEvent[];
  readonly frames: Set<Frame>;
  readonly dropped: number[];
  /** The row is new or has changed. */
  isRowDirty: boolean;
}

export class Journal implements EventSink {
  private readonly database: Database;
  private pending = new Map<Execution, Pending>();
  /** ARNs of the executions whose row is yet to be written. */
  private readonly dirtyRows = new Set<string>();
  private flushing: Promise<void> | undefined;
  /** The rows of the executions that have one. */
  private readonly rows = new WeakMap<Execution, number>();
  /** Frames that have a row. */
  private readonly stored = new WeakSet<Frame>();
  private isClosed = false;
  /** For Express children of a Map Run: only how they ended. */
  readonly rowsOnly: EventSink = {
    event: () => {},
    changed: () => {},
    dropped: () => {},
    settled: () => undefined,
    ended: (execution) => this.ended(execution),
  };

  private readonly isTurned: boolean;

  /** @param isTurned time is turned by hand: nothing may wait for a turn of the event loop that the clock knows not of */
  constructor(database: Database, isTurned = false) {
    this.database = database;
    this.isTurned = isTurned;
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
    if (frame.isRestored || this.stored.has(frame)) pending.dropped.push(frame.id);
  }

  ended(execution: Execution): void {
    this.rowChanged(execution);
  }

  /** The row itself has changed, as a redrive does. */
  rowChanged(execution: Execution): void {
    this.touch(execution).isRowDirty = true;
    this.dirtyRows.add(execution.arn);
  }

  /** An execution that is in the database already. */
  adopt(execution: Execution, seq: number): void {
    this.rows.set(execution, seq);
  }

  settled(execution: Execution): Promise<void> | undefined {
    if (!this.pending.has(execution)) return undefined;
    if (!this.isTurned) return this.flushing;
    this.flush();
    return undefined;
  }

  /** Resolves once everything so far is written. */
  whenFlushed(): Promise<void> {
    return this.flushing ?? Promise.resolve();
  }

  /** Writes everything if an execution's row is among it: what a look at one row needs. */
  flushRow(arn: string): void {
    if (this.dirtyRows.has(arn)) this.flush();
  }

  /** Writes everything now. */
  flush(): void {
    if (this.pending.size === 0) return;
    const pending = this.pending;
    this.pending = new Map();
    this.dirtyRows.clear();
    this.database.transaction(() => {
      for (const [execution, work] of pending) this.write(execution, work);
    });
  }

  close(): void {
    this.flush();
    this.isClosed = true;
  }

  private touch(execution: Execution): Pending {
    const known = this.pending.get(execution);
    if (known !== undefined) return known;
    const pending: Pending = {
      events: [],
      frames: new Set(),
      dropped: [],
      isRowDirty: !this.rows.has(execution),
    };
    if (this.isClosed) return pending;
    this.pending.set(execution, pending);
    if (pending.isRowDirty) this.dirtyRows.add(execution.arn);
    this.flushing ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        this.flushing = undefined;
        try {
          this.flush();
          resolve();
        } catch (thrown) {
          reject(thrown);
        }
      });
    });
    this.flushing.catch(() => {});
    return pending;
  }

  private write(execution: Execution, { events, frames, dropped, isRowDirty }: Pending): void {
    const isRunning = execution.status === 'RUNNING';
    const seq = this.writeRow(execution, isRowDirty);
    if (events.length > 0) this.writeEvents(seq, events);
    for (const id of dropped) this.database.run('DELETE FROM frames WHERE seq = ? AND id = ?', seq, id);
    if (isRunning) for (const frame of frames) this.writeFrame(seq, frame);
    else if (isRowDirty) this.endFrames(seq, execution);
  }

  private writeRow(execution: Execution, isDirty: boolean): number {
    const known = this.rows.get(execution);
    if (known === undefined) {
      const seq = insertExecution(this.database, toRow(execution));
      this.rows.set(execution, seq);
      return seq;
    }
    if (isDirty) updateExecution(this.database, known, toRow(execution));
    return known;
  }

  private writeEvents(seq: number, events: readonly HistoryEvent[]): void {
    this.database.run(
      'INSERT OR REPLACE INTO history (seq, first, last, events) VALUES (?, ?, ?, ?)',
      seq,
      events[0]!.id,
      events.at(-1)!.id,
      JSON.stringify(events),
    );
  }

  private writeFrame(seq: number, frame: Frame): void {
    this.stored.add(frame);
    this.database.run(
      'INSERT OR REPLACE INTO frames (seq, id, data) VALUES (?, ?, ?)',
      seq,
      frame.id,
      JSON.stringify(frame.toRecord()),
    );
  }

  /** What failed may be redriven from where it stood; what succeeded leaves nothing behind. */
  private endFrames(seq: number, execution: Execution): void {
    if (execution.status !== 'SUCCEEDED') {
      for (const frame of execution.openFrames()) this.writeFrame(seq, frame);
    } else if (execution.openFrames().some((frame) => frame.isRestored || this.stored.has(frame))) {
      this.database.run('DELETE FROM frames WHERE seq = ?', seq);
    }
  }
}

function toRow(execution: Execution): Omit<ExecutionRow, 'seq'> {
  const { start } = execution;
  const more: ExecutionMore = {
    ...(execution.redriveCount === 0 ? {} : { redriveCount: execution.redriveCount }),
    ...(execution.redriveMs === undefined ? {} : { redriveMs: execution.redriveMs }),
    ...(start.traceHeader === undefined ? {} : { traceHeader: start.traceHeader }),
    ...(start.mapRun === undefined
      ? {}
      : { mapIndex: start.mapRun.index, item: start.mapRun.item, itemCount: start.mapRun.itemCount }),
    ...(start.rerunOf === undefined ? {} : { rerunOf: start.rerunOf }),
  };
  return {
    arn: execution.arn,
    machine_arn: execution.machine.arn,
    version_arn: start.versionArn ?? null,
    alias_arn: start.aliasArn ?? null,
    map_run_arn: start.mapRun?.arn ?? null,
    name: execution.name,
    status: execution.status,
    start_ms: execution.startMs,
    stop_ms: execution.stopMs ?? null,
    revision: execution.machine.revisionId,
    input: execution.inputText,
    output: execution.output === undefined ? null : textOf(execution.output),
    error: execution.error ?? null,
    cause: execution.failureCause ?? null,
    more: JSON.stringify(more),
  };
}

// What was read of executions a moment ago, in the memory of one function's environment: many readers of the same
// execution cost little more than one. Of one that runs an answer may be a quarter of a second old, and equal requests
// that come meanwhile share one reading. An Express one that ended is not read again; of a Standard one it is asked
// whether it was redriven, and only what is new is read (`standard.ts`).
import type { HistoryEvent } from './history.ts';
import type { ExecutionRecord } from './record.ts';

type ReadRecord = (before: ExecutionRecord | undefined) => Promise<ExecutionRecord | undefined>;

export interface KeptRecords {
  /** @param read asks anew, and may hand back what was known before when nothing has changed */
  get(id: string, read: ReadRecord): Promise<ExecutionRecord | undefined>;
}

export const FRESH_MS = 250;
const MOST_RECORDS = 64;
/** Of the texts in events, all records together: a function may have 256 MB in all. */
const MOST_BYTES = 24 * 1024 * 1024;
const EVENT_BYTES = 400;

interface Kept {
  atMs: number;
  readonly reading: Promise<ExecutionRecord | undefined>;
  /** Absent while the answer is under way. */
  record?: ExecutionRecord;
  bytes: number;
}

export function createKeptRecords(now: () => number): KeptRecords {
  const kept = new Map<string, Kept>();
  return {
    get(id, read) {
      const known = kept.get(id);
      if (known !== undefined) {
        // The most recently asked for stand last.
        kept.delete(id);
        kept.set(id, known);
        if (holds(known, now())) return known.reading;
      }
      return readAnew(kept, { id, now, read: () => read(known?.record) });
    },
  };
}

/** What a caller has just done to an execution that ended must be seen at once: it would not be asked for again. */
function holds({ record, atMs }: Kept, nowMs: number): boolean {
  if (record === undefined) return true;
  return isFinal(record) || (record.description.status === 'RUNNING' && nowMs - atMs < FRESH_MS);
}

interface Reading {
  readonly id: string;
  readonly now: () => number;
  readonly read: () => Promise<ExecutionRecord | undefined>;
}

function readAnew(kept: Map<string, Kept>, { id, now, read }: Reading): Promise<ExecutionRecord | undefined> {
  const entry: Kept = { atMs: 0, reading: read(), bytes: 0 };
  kept.set(id, entry);
  entry.reading.then(
    (record) => {
      entry.atMs = now();
      if (record === undefined) drop(kept, id, entry);
      else {
        entry.record = record;
        entry.bytes = bytesOf(record);
        trim(kept);
      }
    },
    () => drop(kept, id, entry),
  );
  return entry.reading;
}

function drop(kept: Map<string, Kept>, id: string, entry: Kept): void {
  if (kept.get(id) === entry) kept.delete(id);
}

/** Those that nobody has asked for the longest go first. */
function trim(kept: Map<string, Kept>): void {
  let bytes = [...kept.values()].reduce((sum, entry) => sum + entry.bytes, 0);
  for (const [id, entry] of kept) {
    if (kept.size <= MOST_RECORDS && bytes <= MOST_BYTES) return;
    kept.delete(id);
    bytes -= entry.bytes;
  }
}

function bytesOf({ events }: ExecutionRecord): number {
  return events.reduce((sum, event) => sum + EVENT_BYTES + textsOf(event), 0);
}

function textsOf({ details }: HistoryEvent): number {
  return Object.values(details).reduce(
    (sum: number, value) => sum + (typeof value === 'string' ? value.length : 0),
    0,
  );
}

/** An Express execution that ended, with all its lines: nothing more will come. A Standard one may be redriven. */
function isFinal({ description, events }: ExecutionRecord): boolean {
  if (description.type !== 'EXPRESS') return false;
  const hasEnded = events.some(({ type }) => /^Execution(Succeeded|Failed|TimedOut|Aborted)$/.test(type));
  return hasEnded && events.length === events.reduce((most, { id }) => Math.max(most, id), 0);
}

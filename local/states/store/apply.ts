// Puts batches of changes into the database, many in one transaction: an execution that began and ended within it is one
// row and one piece of history, whatever came between.
import type { Database } from './database.ts';
import { COLUMNS, changesOf, rowValues } from './log-format.ts';

/** Events of one execution that were written together. */
interface Piece {
  readonly first: number;
  last: number;
  text: string;
}

/** A piece that is read for one page should not be much longer than a page. */
const MAX_PIECE_CHARACTERS = 32 * 1024;

interface Merged {
  /** Executions whose first row is among these changes: nothing of them is in the database. */
  readonly fresh: Set<string>;
  /** The latest row of each execution, by seq. */
  readonly rows: Map<string, string[]>;
  readonly pieces: Map<string, Piece[]>;
  /** Frames by execution and id; null: not needed any more. */
  readonly frames: Map<string, Map<string, string | null>>;
  /** Executions whose frames go, before those in `frames` are written. */
  readonly cleared: Set<string>;
  readonly deleted: string[];
  readonly documents: Map<string, { kind: string; key: string; data: string | null }>;
}

const PUT_ROW = `INSERT INTO executions (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
  ON CONFLICT (seq) DO UPDATE SET status = excluded.status, stop_ms = excluded.stop_ms, output = excluded.output,
    error = excluded.error, cause = excluded.cause, more = excluded.more
  ON CONFLICT (arn) DO NOTHING`;
const PUT_HISTORY = 'INSERT OR REPLACE INTO history (seq, first, last, events) VALUES (?, ?, ?, ?)';
const PUT_FRAME = 'INSERT OR REPLACE INTO frames (seq, id, data) VALUES (?, ?, ?)';
const PUT_DOCUMENT =
  'INSERT INTO documents (kind, key, data) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET data = excluded.data';

/** @param alongside written in the same transaction */
export function applyBatches(database: Database, text: string, alongside?: () => void): void {
  const merged = merge(text);
  database.transaction(() => {
    for (const seq of merged.deleted) deleteAll(database, seq);
    for (const fields of merged.rows.values()) database.run(PUT_ROW, ...rowValues(fields));
    for (const [seq, pieces] of merged.pieces) {
      for (const { first, last, text: events } of pieces)
        database.run(PUT_HISTORY, Number(seq), first, last, `${events}]`);
    }
    for (const seq of merged.cleared) database.run('DELETE FROM frames WHERE seq = ?', Number(seq));
    for (const [seq, frames] of merged.frames) writeFrames(database, Number(seq), frames);
    for (const { kind, key, data } of merged.documents.values()) {
      if (data === null) database.run('DELETE FROM documents WHERE kind = ? AND key = ?', kind, key);
      else database.run(PUT_DOCUMENT, kind, key, data);
    }
    alongside?.();
  });
}

function merge(text: string): Merged {
  const merged: Merged = {
    fresh: new Set(),
    rows: new Map(),
    pieces: new Map(),
    frames: new Map(),
    cleared: new Set(),
    deleted: [],
    documents: new Map(),
  };
  for (const fields of changesOf(text)) mergeOne(merged, fields);
  return merged;
}

function mergeOne(merged: Merged, fields: string[]): void {
  const [kind, seq, third, fourth, fifth] = fields as [string, string, string, string, string];
  switch (kind) {
    case 'X':
      merged.fresh.add(seq);
      return void merged.rows.set(seq, fields);
    case 'U':
      return void merged.rows.set(seq, fields);
    case 'H':
      addEvents(merged.pieces, seq, { first: Number(third), last: Number(fourth), text: fifth });
      return;
    case 'F':
      return void framesOf(merged, seq).set(third, fourth);
    case 'G':
      if (merged.fresh.has(seq)) merged.frames.get(seq)?.delete(third);
      else framesOf(merged, seq).set(third, null);
      return;
    case 'A':
      merged.frames.delete(seq);
      if (!merged.fresh.has(seq)) merged.cleared.add(seq);
      return;
    case 'D':
      merged.rows.delete(seq);
      merged.pieces.delete(seq);
      merged.frames.delete(seq);
      merged.deleted.push(seq);
      return;
    case 'P':
      merged.documents.set(`${seq} ${third}`, { kind: seq, key: third, data: fourth });
      return;
    case 'Q':
      merged.documents.set(`${seq} ${third}`, { kind: seq, key: third, data: null });
  }
}

function framesOf({ frames }: Merged, seq: string): Map<string, string | null> {
  const known = frames.get(seq);
  if (known !== undefined) return known;
  const made = new Map<string, string | null>();
  frames.set(seq, made);
  return made;
}

/** The texts are JSON arrays; the last one's bracket is left open for what follows. */
function addEvents(pieces: Map<string, Piece[]>, seq: string, { first, last, text }: Piece): void {
  const open = text.slice(0, -1);
  const known = pieces.get(seq);
  const latest = known?.at(-1);
  if (latest !== undefined && latest.last + 1 === first && latest.text.length < MAX_PIECE_CHARACTERS) {
    latest.text += `,${open.slice(1)}`;
    latest.last = last;
  } else if (known !== undefined) known.push({ first, last, text: open });
  else pieces.set(seq, [{ first, last, text: open }]);
}

function writeFrames(database: Database, seq: number, frames: ReadonlyMap<string, string | null>): void {
  for (const [id, data] of frames) {
    if (data === null) database.run('DELETE FROM frames WHERE seq = ? AND id = ?', seq, Number(id));
    else database.run(PUT_FRAME, seq, Number(id), data);
  }
}

function deleteAll(database: Database, seqText: string): void {
  const seq = Number(seqText);
  database.run('DELETE FROM executions WHERE seq = ?', seq);
  database.run('DELETE FROM history WHERE seq = ?', seq);
  database.run('DELETE FROM frames WHERE seq = ?', seq);
}

// Reads the write log's files from where the database stands, and puts what they hold into it. The place in the log is
// written in the same transaction as the changes, so that each is applied once whenever the process ends.
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, unlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { applyBatches } from './apply.ts';
import type { Database } from './database.ts';
import { BATCH_END_BYTE } from './log-format.ts';

/** Read at once: what one transaction holds. */
const READ_BYTES = 4 * 1024 * 1024;

interface Place {
  readonly segment: number;
  readonly offset: number;
}

export function segmentFile(file: string, segment: number): string {
  return `${file}-log-${segment}`;
}

export class LogReader {
  private readonly database: Database;
  private readonly file: string;
  private place: Place;

  constructor(database: Database, file: string) {
    this.database = database;
    this.file = file;
    const row = database.get<{ data: string }>("SELECT data FROM documents WHERE kind = 'log'");
    this.place = row === undefined ? { segment: 1, offset: 0 } : (JSON.parse(row.data) as Place);
  }

  get segment(): number {
    return this.place.segment;
  }

  /** At opening: applies all that is there; what comes then goes into a file of its own. */
  recover(): void {
    const last = this.segments().at(-1) ?? 0;
    while (this.segment <= last) this.readSegment(true);
    if (this.place.offset > 0) this.moveTo({ segment: this.segment + 1, offset: 0 });
    this.removeFiles();
  }

  /** Applies what has been written up to now. @param current the file that is being written */
  readTo(current: number): void {
    while (this.segment < current) this.readSegment(true);
    this.readSegment(false);
  }

  /** Removes the files that the database has. */
  removeFiles(): void {
    for (const segment of this.segments()) this.remove(segment);
  }

  private remove(segment: number): void {
    const file = segmentFile(this.file, segment);
    if (existsSync(file)) unlinkSync(file);
  }

  private segments(): number[] {
    const prefix = `${basename(this.file)}-log-`;
    const names = readdirSync(dirname(this.file)).filter((name) => name.startsWith(prefix));
    return names.map((name) => Number(name.slice(prefix.length))).sort((a, b) => a - b);
  }

  /** @param isComplete nothing is added to the file any more: go on to the next one after it */
  private readSegment(isComplete: boolean): void {
    const { segment } = this.place;
    const file = segmentFile(this.file, segment);
    if (existsSync(file)) {
      const descriptor = openSync(file, 'r');
      try {
        while (this.readChunk(descriptor));
      } finally {
        closeSync(descriptor);
      }
    }
    if (!isComplete) return;
    this.moveTo({ segment: segment + 1, offset: 0 });
    this.remove(segment);
  }

  /** Whole batches, about as many as `READ_BYTES` hold. A torn batch at the end is left: nobody was told of it. */
  private readChunk(descriptor: number): boolean {
    const leftBytes = fstatSync(descriptor).size - this.place.offset;
    if (leftBytes <= 0) return false;
    for (let size = Math.min(READ_BYTES, leftBytes); ; size = Math.min(size * 2, leftBytes)) {
      const buffer = Buffer.allocUnsafe(size);
      const length = readSync(descriptor, buffer, 0, size, this.place.offset);
      const end = buffer.subarray(0, length).lastIndexOf(BATCH_END_BYTE);
      if (end >= 0) {
        this.apply(buffer.toString('utf8', 0, end + 1), end + 1);
        return true;
      }
      if (size === leftBytes) return false;
    }
  }

  private apply(text: string, bytes: number): void {
    const place = { segment: this.place.segment, offset: this.place.offset + bytes };
    applyBatches(this.database, text, () => this.writePlace(place));
    this.place = place;
  }

  private moveTo(place: Place): void {
    this.writePlace(place);
    this.place = place;
  }

  private writePlace(place: Place): void {
    const data = JSON.stringify(place);
    this.database.run("INSERT OR REPLACE INTO documents (kind, key, data) VALUES ('log', 'place', ?)", data);
  }
}

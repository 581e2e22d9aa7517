// Cuts a stream of CSV or JSON Lines into chunks of whole records, a window at a time. A record that is larger than a
// chunk may be is a chunk of its own, of which nobody reads more than its beginning. Where a window ends within a quoted
// cell that goes on for longer, the file is read ahead for the end of that cell, holding none of it.
import {
  cutRecords,
  InvalidPayload,
  instancesIn,
  KEPT_CHARACTERS,
  MAX_RECORD_BYTES,
  QuoteScanner,
} from '../../layers/seriatim/index.ts';

/** Without an end of line for longer, a file is not made of lines. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** What is held of a record whose end is not in sight. */
const HELD_BYTES = 16 * 1024 * 1024;

export interface CutLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

export interface CutOptions extends CutLimits {
  readonly format: 'csv' | 'jsonl';
  readonly delimiter?: string;
  readonly encoding?: 'latin1' | 'utf8';
  /** Where the stream's first byte stands in the object. */
  readonly offset: number;
  /** Keeps the chunks' bytes: they cannot be read from the object again. */
  readonly keepsBytes: boolean;
  /** The stream once more, from a byte of the object on: asked where a quoted cell goes on for very long. */
  readonly again?: (from: number) => AsyncIterable<Buffer>;
  /** `HELD_BYTES` unless told. */
  readonly heldBytes?: number;
  /** Told the first record; true when it is no record but a header. */
  readonly isHeader?: (first: Buffer) => boolean;
}

export interface CutChunk {
  readonly first: number;
  readonly count: number;
  readonly from: number;
  readonly to: number;
  readonly bytes?: Buffer;
  /** Of one record that is larger than a chunk may be; `bytes` are its first. */
  readonly tooLargeBytes?: number;
}

/** @throws InvalidPayload when no record ends */
export async function* cutChunks(
  blocks: AsyncIterable<Buffer>,
  options: CutOptions,
): AsyncGenerator<CutChunk> {
  const cutter = new Cutter(options);
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  for await (const block of blocks) {
    waiting.push(block);
    waitingBytes += block.length;
    // A long record is looked at again only once there is twice as much of it.
    if (waitingBytes < cutter.openBytes) continue;
    yield* cutter.cut(waiting, false);
    yield* await cutter.lookAhead();
    waiting = [];
    waitingBytes = 0;
  }
  yield* cutter.cut(waiting, true);
}

class Cutter {
  readonly #options: CutOptions;
  /** What has not been cut into records yet, and where it stands in the object. */
  #rest: Buffer = Buffer.alloc(0);
  #restAt: number;
  #isFirst: boolean;
  #next = 0;
  #open: { from: number; count: number; pieces: Buffer[] };
  /** Bytes before this one belong to a record that is done with. */
  #skipTo = 0;

  constructor(options: CutOptions) {
    this.#options = options;
    this.#restAt = options.offset;
    this.#isFirst = options.isHeader !== undefined;
    this.#open = { from: options.offset, count: 0, pieces: [] };
  }

  get openBytes(): number {
    return this.#rest.length;
  }

  cut(blocks: readonly Buffer[], isLast: boolean, isFirstUnclosed = false): CutChunk[] {
    const window = this.#withoutSkipped(Buffer.concat([this.#rest, ...blocks]));
    const done: CutChunk[] = [];
    let pieceFrom = 0;
    const end = cutRecords(window, { ...this.#options, isLast, isFirstUnclosed }, (from, to, next) => {
      if (this.#isHeader(window.subarray(from, to), next)) {
        pieceFrom = next;
      } else if (this.#isTooLarge(to - from)) {
        this.#keep(window, pieceFrom, from);
        done.push(...this.#tooLarge(window.subarray(from, to), { from, to: next, bytes: to - from }));
        pieceFrom = next;
      } else {
        this.#open.count += this.#recordsIn(window.subarray(from, to));
        if (!this.#isFull(next)) return;
        this.#keep(window, pieceFrom, next);
        pieceFrom = next;
        done.push(this.#close(this.#restAt + next));
      }
    });
    this.#keep(window, pieceFrom, end);
    this.#advance(window, end);
    if (isLast && this.#open.count > 0) done.push(this.#close(this.#restAt));
    return done;
  }

  /** Finds the end of a record that the held bytes do not show because it is within a quoted cell. */
  async lookAhead(): Promise<CutChunk[]> {
    const { format, again, delimiter = ',', heldBytes = HELD_BYTES } = this.#options;
    if (format !== 'csv' || again === undefined || this.#rest.length <= heldBytes) return [];
    const scanner = new QuoteScanner(delimiter.charCodeAt(0));
    scanner.scan(this.#rest);
    if (!scanner.isOpen) return [];
    let bytes = this.#rest.length;
    for await (const block of again(this.#restAt + bytes)) {
      scanner.scan(block);
      bytes += block.length;
      if (scanner.end !== undefined) break;
    }
    const end = scanner.endAtLast === undefined ? bytes : scanner.endAtLast + 1;
    if (end <= this.#rest.length) return this.cut([], false, true);
    if (this.#isFirst) throw new InvalidPayload(`Line 1 is ${end} bytes: it is no header.`);
    const found = this.#tooLarge(this.#rest, { from: 0, to: end, bytes: end });
    this.#skipTo = this.#restAt + end;
    this.#restAt += this.#rest.length;
    this.#rest = Buffer.alloc(0);
    return found;
  }

  #withoutSkipped(window: Buffer): Buffer {
    const skipped = Math.min(window.length, Math.max(0, this.#skipTo - this.#restAt));
    this.#restAt += skipped;
    return skipped === 0 ? window : window.subarray(skipped);
  }

  #isHeader(first: Buffer, next: number): boolean {
    if (!this.#isFirst) return false;
    this.#isFirst = false;
    if (!this.#options.isHeader!(first)) return false;
    this.#open.from = this.#restAt + next;
    return true;
  }

  #isFull(next: number): boolean {
    const { maxRecords, maxBytes } = this.#options;
    return this.#open.count >= maxRecords || this.#restAt + next - this.#open.from >= maxBytes;
  }

  #isTooLarge(bytes: number): boolean {
    return bytes > Math.max(MAX_RECORD_BYTES, this.#options.maxBytes);
  }

  /** What came before it is a chunk of its own. @param place within the window */
  #tooLarge(start: Buffer, place: { from: number; to: number; bytes: number }): CutChunk[] {
    const from = this.#restAt + place.from;
    const before = this.#open.count > 0 ? [this.#close(from)] : [];
    const kept = this.#options.keepsBytes ? [Buffer.from(start.subarray(0, KEPT_CHARACTERS + 1))] : [];
    this.#open = { from, count: 1, pieces: kept };
    return [...before, { ...this.#close(this.#restAt + place.to), tooLargeBytes: place.bytes }];
  }

  /** A line of JSON may be a request of several records. */
  #recordsIn(line: Buffer): number {
    const { format, encoding = 'utf8' } = this.#options;
    return format === 'csv' ? 1 : (instancesIn(line, encoding)?.length ?? 1);
  }

  #keep(window: Buffer, from: number, to: number): void {
    if (this.#options.keepsBytes && to > from) this.#open.pieces.push(window.subarray(from, to));
  }

  #close(to: number): CutChunk {
    const { from, count, pieces } = this.#open;
    const chunk = { first: this.#next, count, from, to };
    this.#next += count;
    this.#open = { from: to, count: 0, pieces: [] };
    return this.#options.keepsBytes ? { ...chunk, bytes: Buffer.concat(pieces) } : chunk;
  }

  #advance(window: Buffer, end: number): void {
    this.#rest = window.subarray(end);
    this.#restAt += end;
    if (this.#rest.length <= MAX_LINE_BYTES) return;
    throw new InvalidPayload(
      `The record at position ${this.#next + this.#open.count}, from byte ${this.#restAt} on, does not end within ${MAX_LINE_BYTES} bytes.`,
    );
  }
}

// Cuts a stream of CSV or JSON Lines into chunks of whole records, a window at a time. Pure but for the stream.
import { cutRecords, InvalidPayload, instancesIn } from '../../layers/seriatim/index.ts';

/** Without an end of line for longer, a file is not made of lines. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024;

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
  /** Told the first record; true when it is no record but a header. */
  readonly isHeader?: (first: Buffer) => boolean;
}

export interface CutChunk {
  readonly first: number;
  readonly count: number;
  readonly from: number;
  readonly to: number;
  readonly bytes?: Buffer;
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

  constructor(options: CutOptions) {
    this.#options = options;
    this.#restAt = options.offset;
    this.#isFirst = options.isHeader !== undefined;
    this.#open = { from: options.offset, count: 0, pieces: [] };
  }

  get openBytes(): number {
    return this.#rest.length;
  }

  cut(blocks: readonly Buffer[], isLast: boolean): CutChunk[] {
    const window = Buffer.concat([this.#rest, ...blocks]);
    const done: CutChunk[] = [];
    let pieceFrom = 0;
    const { maxRecords, maxBytes } = this.#options;
    const end = cutRecords(window, { ...this.#options, isLast }, (from, to, next) => {
      if (this.#isFirst) {
        this.#isFirst = false;
        if (this.#options.isHeader!(window.subarray(from, to))) {
          this.#open.from = this.#restAt + next;
          pieceFrom = next;
          return;
        }
      }
      this.#open.count += this.#recordsIn(window.subarray(from, to));
      if (this.#open.count < maxRecords && this.#restAt + next - this.#open.from < maxBytes) return;
      this.#keep(window, pieceFrom, next);
      pieceFrom = next;
      done.push(this.#close(this.#restAt + next));
    });
    this.#keep(window, pieceFrom, end);
    this.#advance(window, end);
    if (isLast && this.#open.count > 0) done.push(this.#close(this.#restAt));
    return done;
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
    if (this.#rest.length <= MAX_RECORD_BYTES) return;
    throw new InvalidPayload(
      `The record at position ${this.#next + this.#open.count}, from byte ${this.#restAt} on, does not end within ${MAX_RECORD_BYTES} bytes.`,
    );
  }
}

// Log lines from a worker to the main thread through shared memory: one writer, one reader, no messages. So a line
// is safe as soon as `console.log` has returned, even if the worker then loops for ever, runs out of memory or is
// terminated; and an invocation that logs costs no further message.
//
// Layout: Int32 head, Int32 tail, five Float64 figures, then the records. A record is an 8-byte aligned
// header (Uint32 length, Uint32 flags, Float64 timestamp) and its UTF-8 bytes; it never wraps around the end.

const HEAD = 0;
const TAIL = 1;
const DURATION = 1;
const MEMORY = 2;
const BUSY = 3;
const RUNNING_SINCE = 4;
const FIGURES = 5;
const DATA_START = 48;
const HEADER_BYTES = 16;
/** Length of the header that says: go on at the start. */
const WRAP = 0xffff_ffff;
const FLAG_MORE = 1;
const WAIT_MS = 50;

export const RING_BYTES = 64 * 1024;

export interface RingEvent {
  readonly timestamp: number;
  readonly message: string;
}

export class LogRing {
  private readonly control: Int32Array;
  private readonly figures: Float64Array;
  private readonly view: DataView;
  private readonly bytes: Buffer;
  private readonly capacity: number;
  private readonly onFull: () => void;
  private unfinished: string[] = [];

  /** @param onFull called by the writer before it waits for room */
  constructor(shared: SharedArrayBuffer, onFull: () => void = () => {}) {
    this.control = new Int32Array(shared, 0, 2);
    this.figures = new Float64Array(shared, 0, FIGURES);
    this.view = new DataView(shared, DATA_START);
    this.bytes = Buffer.from(shared, DATA_START);
    this.capacity = this.bytes.length;
    this.onFull = onFull;
  }

  /** Milliseconds that the last handler call took. */
  get durationMs(): number {
    return this.figures[DURATION]!;
  }

  /** Writer: a handler is called. */
  begin(nowMs: number): void {
    this.figures[RUNNING_SINCE] = nowMs;
  }

  /** Writer: it has answered. */
  finish(nowMs: number): void {
    const durationMs = nowMs - this.figures[RUNNING_SINCE]!;
    this.figures[DURATION] = durationMs;
    this.figures[BUSY]! += durationMs;
    this.figures[RUNNING_SINCE] = 0;
  }

  /** Reader: milliseconds spent in handlers up to now, on `performance.now()`, which all threads share. */
  busyMs(nowMs: number): number {
    const since = this.figures[RUNNING_SINCE]!;
    return this.figures[BUSY]! + (since === 0 ? 0 : nowMs - since);
  }

  /** The largest heap seen in the environment, in megabytes. */
  get memoryMb(): number {
    return this.figures[MEMORY]!;
  }
  set memoryMb(value: number) {
    this.figures[MEMORY] = value;
  }

  /** Writer: appends one event; a long one goes in pieces. Waits while the reader has not made room. */
  write(timestamp: number, message: string): void {
    const bytes = Buffer.byteLength(message);
    const most = this.capacity >> 2;
    if (bytes <= most) {
      const at = this.reserve(bytes);
      this.bytes.write(message, at + HEADER_BYTES);
      this.commit(at, { bytes, timestamp, flags: 0 });
      return;
    }
    const encoded = Buffer.from(message);
    for (let from = 0; from < bytes; ) {
      const to = Math.min(bytes, endOfCharacter(encoded, from + most));
      const at = this.reserve(to - from);
      encoded.copy(this.bytes, at + HEADER_BYTES, from, to);
      this.commit(at, { bytes: to - from, timestamp, flags: to < bytes ? FLAG_MORE : 0 });
      from = to;
    }
  }

  /** Reader: takes everything that is there. */
  drain(): RingEvent[] {
    const head = Atomics.load(this.control, HEAD);
    let tail = Atomics.load(this.control, TAIL);
    if (head === tail) return [];
    const events: RingEvent[] = [];
    while (tail !== head) {
      const length = this.view.getUint32(tail);
      if (length === WRAP) {
        tail = 0;
        continue;
      }
      this.take(tail, length, events);
      tail = this.after(tail, length);
    }
    Atomics.store(this.control, TAIL, tail);
    Atomics.notify(this.control, TAIL);
    return events;
  }

  private take(at: number, length: number, events: RingEvent[]): void {
    const text = this.bytes.toString('utf8', at + HEADER_BYTES, at + HEADER_BYTES + length);
    if (this.view.getUint32(at + 4) === FLAG_MORE) {
      this.unfinished.push(text);
      return;
    }
    const message = this.unfinished.length === 0 ? text : this.unfinished.join('') + text;
    this.unfinished = [];
    events.push({ timestamp: this.view.getFloat64(at + 8), message });
  }

  /** Where a record of so many bytes can be written now. */
  private reserve(bytes: number): number {
    const size = recordBytes(bytes);
    for (;;) {
      const head = Atomics.load(this.control, HEAD);
      const tail = Atomics.load(this.control, TAIL);
      if (
        head < tail
          ? head + size < tail
          : head + size <= this.capacity && !(tail === 0 && head + size === this.capacity)
      )
        return head;
      // At the end: go on at the start, if the reader is past the room needed there.
      if (head >= tail && size < tail) {
        if (head < this.capacity) this.view.setUint32(head, WRAP);
        Atomics.store(this.control, HEAD, 0);
        continue;
      }
      this.onFull();
      Atomics.wait(this.control, TAIL, tail, WAIT_MS);
    }
  }

  private commit(at: number, record: { bytes: number; timestamp: number; flags: number }): void {
    this.view.setUint32(at, record.bytes);
    this.view.setUint32(at + 4, record.flags);
    this.view.setFloat64(at + 8, record.timestamp);
    Atomics.store(this.control, HEAD, this.after(at, record.bytes));
  }

  private after(at: number, bytes: number): number {
    const next = at + recordBytes(bytes);
    return next === this.capacity ? 0 : next;
  }
}

function recordBytes(bytes: number): number {
  return HEADER_BYTES + ((bytes + 7) & ~7);
}

/** The given position, or up to three bytes later where it would split a UTF-8 character. */
function endOfCharacter(encoded: Buffer, position: number): number {
  let at = position;
  while (at < encoded.length && (encoded[at]! & 0xc0) === 0x80) at++;
  return at;
}

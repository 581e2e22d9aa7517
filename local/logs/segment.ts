// One file of a log group: lines that are only ever appended, and an index of blocks that tells which parts of the
// file a reader needs. Readable as it is: `<time> <delay until stored> <stream's number> <message>`; further lines of
// a message start with a tab; `#<number> <time of creation> <name>` introduces a stream, anew in every file.
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Blocks are about this long: what one read fetches and parses. */
const BLOCK_BYTES = 64 * 1024;

export interface Block {
  readonly offset: number;
  bytes: number;
  minMs: number;
  maxMs: number;
  /** Numbers of the streams that have events in it. */
  readonly streams: Set<number>;
  /** Words that were looked for in vain, with the block's length then (`lacks.ts`); not kept on disk. */
  readonly lacks: Map<string, number>;
}

export interface SegmentStream {
  readonly name: string;
  readonly createdMs: number;
  firstMs: number | undefined;
  lastMs: number | undefined;
  lastStoredMs: number | undefined;
}

/** What a chunk of lines holds, gathered while it was put together. */
export interface ChunkFacts {
  minMs: number;
  maxMs: number;
  readonly streams: Set<number>;
}

export class Segment {
  readonly number: number;
  readonly file: string;
  readonly blocks: Block[] = [];
  readonly streams = new Map<number, SegmentStream>();
  bytes = 0;
  private descriptor: number | undefined;

  constructor(folder: string, number: number) {
    this.number = number;
    this.file = `${folder}/${String(number).padStart(8, '0')}.log`;
    this.bytes = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Appends whole lines. Synchronous: a write to the page cache is quicker than the way to the thread pool. */
  append(text: string, facts: ChunkFacts): void {
    this.descriptor ??= openSync(this.file, 'a');
    const chunk = Buffer.from(text);
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(this.descriptor, chunk, at);
    } catch (thrown) {
      // A disk that is full took a part: blocks must stay where they are noted.
      ftruncateSync(this.descriptor, this.bytes);
      throw thrown;
    }
    this.noteBlock(chunk.length, facts);
  }

  /** Closes the file and keeps its index beside it, so that it need not be scanned again. */
  seal(): void {
    if (this.descriptor === undefined) return;
    closeSync(this.descriptor);
    this.descriptor = undefined;
    this.writeIndex();
  }

  remove(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
    rmSync(this.file, { force: true });
    rmSync(this.indexFile, { force: true });
  }

  /** Reads the index of a file from an earlier run, or makes it where that run was cut off. */
  load(): void {
    if (this.readIndex()) return;
    scan(this);
    this.writeIndex();
  }

  private get indexFile(): string {
    return this.file.replace(/log$/, 'index.json');
  }

  private noteBlock(bytes: number, facts: ChunkFacts): void {
    const last = this.blocks.at(-1);
    if (last !== undefined && last.bytes < BLOCK_BYTES) {
      last.bytes += bytes;
      last.minMs = Math.min(last.minMs, facts.minMs);
      last.maxMs = Math.max(last.maxMs, facts.maxMs);
      for (const stream of facts.streams) last.streams.add(stream);
    } else {
      this.blocks.push({ offset: this.bytes, bytes, ...facts, lacks: new Map() });
    }
    this.bytes += bytes;
  }

  private writeIndex(): void {
    const text = JSON.stringify({
      bytes: this.bytes,
      blocks: this.blocks.map(({ lacks: _lacks, ...block }) => ({ ...block, streams: [...block.streams] })),
      streams: [...this.streams],
    });
    writeFileSync(`${this.indexFile}.new`, text);
    renameSync(`${this.indexFile}.new`, this.indexFile);
  }

  private readIndex(): boolean {
    try {
      const index = JSON.parse(readFileSync(this.indexFile, 'utf8'));
      if (index.bytes !== this.bytes) return false;
      for (const block of index.blocks) this.blocks.push(reviveBlock(block));
      for (const [number, stream] of index.streams) this.streams.set(number, stream);
      return true;
    } catch {
      return false;
    }
  }
}

/** JSON has no infinities: a block without events has them as null. */
function reviveBlock(block: Block): Block {
  return {
    ...block,
    minMs: block.minMs ?? Infinity,
    maxMs: block.maxMs ?? -Infinity,
    streams: new Set(block.streams),
    lacks: new Map(),
  };
}

export interface ParsedEvent {
  readonly timestamp: number;
  readonly storedMs: number;
  readonly streamNumber: number;
  readonly message: string;
  /** Place among the events of its block. */
  readonly index: number;
}

/** The text of a message as it stands in the file. */
export function encodeMessage(message: string): string {
  return message.includes('\n') ? message.replaceAll('\n', '\n\t') : message;
}

export async function readBlock(handle: FileHandle, block: Block): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(block.bytes);
  const { bytesRead } = await handle.read(buffer, 0, block.bytes, block.offset);
  return bytesRead === block.bytes ? buffer : buffer.subarray(0, bytesRead);
}

export async function openSegment(segment: Segment): Promise<FileHandle | undefined> {
  try {
    return await open(segment.file, 'r');
  } catch {
    // Dropped for age or size since the reader began.
    return undefined;
  }
}

/**
 * The events of a block, in the order in which they were written. A torn last line is left out.
 * @param mayBeWanted by the line as it stands in the file: others are only counted
 */
export function* parseBlock(text: string, mayBeWanted?: (line: string) => boolean): Generator<ParsedEvent> {
  let index = 0;
  for (let at = 0; at < text.length; ) {
    let end = text.indexOf('\n', at);
    if (end < 0) return;
    let isMultiLine = false;
    while (text.charCodeAt(end + 1) === 9) {
      const next = text.indexOf('\n', end + 1);
      if (next < 0) return;
      end = next;
      isMultiLine = true;
    }
    const line = text.slice(at, end);
    at = end + 1;
    const places = placesIn(line);
    if (places === undefined) continue;
    if (mayBeWanted === undefined || mayBeWanted(line)) yield parseLine(line, places, { isMultiLine, index });
    index++;
  }
}

type Places = readonly [first: number, second: number, third: number];

/** Where an event's parts end; `undefined` for a line that is none. */
function placesIn(line: string): Places | undefined {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  const third = line.indexOf(' ', second + 1);
  return third < 0 || line.startsWith('#') ? undefined : [first, second, third];
}

function parseLine(
  line: string,
  [first, second, third]: Places,
  { isMultiLine, index }: { readonly isMultiLine: boolean; readonly index: number },
): ParsedEvent {
  const timestamp = Number(line.slice(0, first));
  const message = line.slice(third + 1);
  return {
    timestamp,
    storedMs: timestamp + Number(line.slice(first + 1, second)),
    streamNumber: Number(line.slice(second + 1, third)),
    message: isMultiLine ? message.replaceAll('\n\t', '\n') : message,
    index,
  };
}

/** Rebuilds blocks and streams from the file's text; whole records per block. */
function scan(segment: Segment): void {
  const content = readFileSync(segment.file);
  for (let offset = 0; offset < content.length; ) {
    const end = endOfRecords(content, Math.min(offset + BLOCK_BYTES, content.length));
    const text = content.toString('utf8', offset, end);
    for (const match of text.matchAll(/^#(\d+) (\d+) (.+)$/gm)) introduce(segment, match);
    const block = {
      offset,
      bytes: end - offset,
      minMs: Infinity,
      maxMs: -Infinity,
      streams: new Set<number>(),
      lacks: new Map<string, number>(),
    };
    for (const event of parseBlock(text)) noteEvent(segment, block, event);
    segment.blocks.push(block);
    offset = end;
  }
}

/** The first record's start at or after a position: past a newline that no tab follows. */
function endOfRecords(content: Buffer, position: number): number {
  for (let at = position; at < content.length; at++) {
    at = content.indexOf(10, at);
    if (at < 0) break;
    if (content[at + 1] !== 9) return at + 1;
  }
  return content.length;
}

function introduce(segment: Segment, match: RegExpMatchArray): void {
  segment.streams.set(Number(match[1]), {
    name: match[3]!,
    createdMs: Number(match[2]),
    firstMs: undefined,
    lastMs: undefined,
    lastStoredMs: undefined,
  });
}

function noteEvent(segment: Segment, block: Block, event: ParsedEvent): void {
  block.minMs = Math.min(block.minMs, event.timestamp);
  block.maxMs = Math.max(block.maxMs, event.timestamp);
  block.streams.add(event.streamNumber);
  const stream = segment.streams.get(event.streamNumber);
  if (stream !== undefined) noteTimes(stream, event.timestamp, event.storedMs);
}

export function noteTimes(stream: SegmentStream, timestamp: number, storedMs: number): void {
  if (stream.firstMs === undefined || timestamp < stream.firstMs) stream.firstMs = timestamp;
  if (stream.lastMs === undefined || timestamp > stream.lastMs) stream.lastMs = timestamp;
  stream.lastStoredMs = storedMs;
}

// Reading a group's events in the order of their times, forwards or backwards, from any position. Blocks overlap in
// time a little, since streams are written as their lines come; so blocks are merged: an event goes out once no
// block that is still to be read can hold an earlier one.
import type { FileHandle } from 'node:fs/promises';
import type { LogGroup } from './group.ts';
import { isKnownToLack, rememberLack } from './lacks.ts';
import { type Block, encodeMessage, openSegment, parseBlock, readBlock, type Segment } from './segment.ts';

export interface StoredEvent {
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
  readonly stream: string;
  /** Orders events of the same time; unique in the group. */
  readonly position: string;
}

/** A place between events: right after (or, reading backwards, right before) the event that it names. */
export interface Cursor {
  readonly timestamp: number;
  readonly position: string;
}

export interface ReadQuery {
  readonly direction: 'forward' | 'backward';
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly from?: Cursor | undefined;
  readonly isWantedStream?: ((name: string) => boolean) | undefined;
  /** Only events whose text has this in it. */
  readonly containing?: string | undefined;
  /** Events without any of these are not wanted either; what is given out may still have none of them. */
  readonly anyOf?: readonly string[] | undefined;
}

interface Source {
  readonly segment: Segment;
  readonly block: Block;
  /** Numbers of the streams to show. */
  readonly streams: ReadonlySet<number>;
}

export async function* readEvents(group: LogGroup, query: ReadQuery): AsyncGenerator<StoredEvent> {
  const isForward = query.direction === 'forward';
  const order = isForward ? compareEvents : (a: StoredEvent, b: StoredEvent) => compareEvents(b, a);
  const sources = selectSources(group, query);
  const files = new Map<Segment, FileHandle | undefined>();
  try {
    let ready: StoredEvent[] = [];
    for (const [at, source] of sources.entries()) {
      const found = await readSource(source, query, files);
      if (found.length > 0) ready = ready.length === 0 ? found.sort(order) : [...ready, ...found].sort(order);
      const next = sources[at + 1]?.block;
      const isSafe = (event: StoredEvent): boolean =>
        next === undefined || (isForward ? event.timestamp < next.minMs : event.timestamp > next.maxMs);
      const unsafeAt = ready.findIndex((event) => !isSafe(event));
      const safe = unsafeAt < 0 ? ready : ready.slice(0, unsafeAt);
      ready = unsafeAt < 0 ? [] : ready.slice(unsafeAt);
      yield* safe;
    }
  } finally {
    for (const handle of files.values()) await handle?.close();
  }
}

function compareEvents(a: StoredEvent, b: StoredEvent): number {
  return a.timestamp - b.timestamp || (a.position < b.position ? -1 : 1);
}

/** The blocks that may hold what is wanted, in the order in which they are to be read. */
function selectSources(group: LogGroup, query: ReadQuery): Source[] {
  const sources = group.allSegments().flatMap((segment) => {
    const streams = new Set(
      [...segment.streams]
        .filter(
          ([, stream]) => group.shows(stream.name, segment) && (query.isWantedStream?.(stream.name) ?? true),
        )
        .map(([number]) => number),
    );
    return (
      segment.blocks
        .filter((block) => mayHold(block, query) && [...block.streams].some((number) => streams.has(number)))
        // A copy: the last block of an open segment grows while it is being read.
        .map((block) => ({ segment, block: { ...block }, streams }))
    );
  });
  return query.direction === 'forward'
    ? sources.sort((a, b) => a.block.minMs - b.block.minMs)
    : sources.sort((a, b) => b.block.maxMs - a.block.maxMs);
}

function mayHold(block: Block, { direction, fromMs, toMs, from, anyOf }: ReadQuery): boolean {
  if (fromMs !== undefined && block.maxMs < fromMs) return false;
  if (toMs !== undefined && block.minMs >= toMs) return false;
  if (anyOf?.every((text) => isKnownToLack(block, text))) return false;
  if (from === undefined) return true;
  return direction === 'forward' ? block.maxMs >= from.timestamp : block.minMs <= from.timestamp;
}

async function readSource(
  { segment, block, streams }: Source,
  query: ReadQuery,
  files: Map<Segment, FileHandle | undefined>,
): Promise<StoredEvent[]> {
  if (!files.has(segment)) files.set(segment, await openSegment(segment));
  const handle = files.get(segment);
  if (handle === undefined) return [];
  const buffer = await readBlock(handle, block);
  if (query.containing !== undefined && !buffer.includes(encodeMessage(query.containing))) return [];
  if (query.anyOf !== undefined && !holdsAny(block, buffer, query.anyOf)) return [];
  const events: StoredEvent[] = [];
  const texts = query.anyOf?.map(encodeMessage);
  const mayBeWanted = texts && ((line: string): boolean => texts.some((text) => line.includes(text)));
  for (const event of parseBlock(buffer.toString('utf8'), mayBeWanted)) {
    if (!streams.has(event.streamNumber)) continue;
    const stored = {
      timestamp: event.timestamp,
      ingestionTime: event.storedMs,
      message: event.message,
      stream: segment.streams.get(event.streamNumber)!.name,
      position: positionText(segment.number, block.offset, event.index),
    };
    if (isWanted(stored, query)) events.push(stored);
  }
  return events;
}

/** Looking for bytes costs a small part of reading the lines. */
function holdsAny(block: Block, buffer: Buffer, texts: readonly string[]): boolean {
  let holds = false;
  for (const text of texts) {
    if (buffer.includes(encodeMessage(text))) holds = true;
    else rememberLack(block, text);
  }
  return holds;
}

function isWanted(event: StoredEvent, { direction, fromMs, toMs, from, containing }: ReadQuery): boolean {
  if (fromMs !== undefined && event.timestamp < fromMs) return false;
  if (toMs !== undefined && event.timestamp >= toMs) return false;
  if (containing !== undefined && !event.message.includes(containing)) return false;
  if (from === undefined) return true;
  const distance =
    event.timestamp - from.timestamp ||
    (event.position === from.position ? 0 : event.position < from.position ? -1 : 1);
  return direction === 'forward' ? distance > 0 : distance < 0;
}

/** Thirty digits that sort as the events do in the files. */
function positionText(segment: number, offset: number, index: number): string {
  return `${String(segment).padStart(8, '0')}${String(offset).padStart(12, '0')}${String(index).padStart(10, '0')}`;
}

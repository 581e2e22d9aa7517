// One log group: its settings, its segments on disk, and the lines that are still in memory. Writing only joins
// strings; every 100 ms they go to the disk in one piece. Every run of the process begins a new segment, so nothing
// of the old ones need be read before something is written.
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import type { LogEvent } from './api.ts';
import { type ChunkFacts, encodeMessage, noteTimes, Segment, type SegmentStream } from './segment.ts';

/** Segments are this part of a group's size cap: what is dropped at once when it is reached. */
const SEGMENTS_PER_GROUP = 8;
/** Lines are written at once when so many characters wait: what is written at once becomes one block. */
const MAX_PENDING_CHARACTERS = 128 * 1024;
const DAY_MS = 86_400_000;

export interface GroupSettings {
  readonly name: string;
  readonly createdMs: number;
  readonly retentionInDays?: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Streams deleted: what stands in the segments up to the number given is hidden. */
  readonly deletedStreams: Readonly<Record<string, number>>;
}

export interface GroupOptions {
  readonly folder: string;
  readonly settings: GroupSettings;
  readonly maxBytes: number;
  /** Called when lines begin to wait for the disk. */
  readonly onPending: (group: LogGroup) => void;
}

/** A stream in the segment that is being written. */
interface OpenStream extends SegmentStream {
  readonly number: number;
}

export class LogGroup {
  readonly folder: string;
  settings: GroupSettings;
  private readonly maxBytes: number;
  private readonly onPending: (group: LogGroup) => void;
  private readonly segments: Segment[] = [];
  private areOldLoaded = false;
  private nextSegment = 1;
  private nextStream = 1;
  private open: Segment | undefined;
  private readonly openStreams = new Map<string, OpenStream>();
  private pending = '';
  private facts: ChunkFacts = noFacts();

  constructor(options: GroupOptions) {
    this.folder = options.folder;
    this.settings = options.settings;
    this.maxBytes = options.maxBytes;
    this.onPending = options.onPending;
    this.findSegments();
  }

  /** Makes the folder and writes the settings. */
  save(): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(`${this.folder}/group.json.new`, JSON.stringify(this.settings));
    renameSync(`${this.folder}/group.json.new`, `${this.folder}/group.json`);
  }

  append(streamName: string, events: readonly LogEvent[], nowMs: number): void {
    if (this.pending === '') this.onPending(this);
    const stream = this.openStreams.get(streamName) ?? this.introduce(streamName, nowMs);
    for (const { timestamp, message } of events) {
      const delayMs = Math.max(0, nowMs - timestamp);
      this.pending += `${timestamp} ${delayMs} ${stream.number} ${encodeMessage(message)}\n`;
      if (timestamp < this.facts.minMs) this.facts.minMs = timestamp;
      if (timestamp > this.facts.maxMs) this.facts.maxMs = timestamp;
      noteTimes(stream, timestamp, nowMs);
    }
    this.facts.streams.add(stream.number);
    if (this.pending.length > MAX_PENDING_CHARACTERS) this.flush();
  }

  /** Introduces a stream in the segment that is being written; without effect if it is there. */
  createStream(streamName: string, nowMs: number): void {
    if (this.openStreams.has(streamName)) return;
    if (this.pending === '') this.onPending(this);
    this.introduce(streamName, nowMs);
  }

  /** Whether a stream has been introduced in the segment that is being written. */
  hasOpenStream(streamName: string): boolean {
    return this.openStreams.has(streamName);
  }

  get storedBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  deleteStream(streamName: string): void {
    this.sealOpen();
    this.settings = {
      ...this.settings,
      deletedStreams: { ...this.settings.deletedStreams, [streamName]: this.nextSegment - 1 },
    };
    this.save();
  }

  /** Whether a stream of this name shows in a segment. */
  shows(streamName: string, segment: Segment): boolean {
    return segment.number > (this.settings.deletedStreams[streamName] ?? 0);
  }

  private hasComplained = false;

  /** Writes what waits. Lines that a full disk does not take are lost: what writes them must go on. */
  flush(): void {
    if (this.pending === '' || this.open === undefined) return;
    try {
      this.open.append(this.pending, this.facts);
    } catch (thrown) {
      if (!this.hasComplained) console.error(`Log lines cannot be written: ${(thrown as Error).message}`);
      this.hasComplained = true;
    }
    this.pending = '';
    this.facts = noFacts();
    if (this.open.bytes >= this.maxBytes / SEGMENTS_PER_GROUP) this.sealOpen();
    this.dropToSize();
  }

  /** All segments with their indexes, oldest first, nothing waiting. */
  allSegments(): readonly Segment[] {
    this.flush();
    if (!this.areOldLoaded) for (const segment of this.segments) if (segment !== this.open) segment.load();
    this.areOldLoaded = true;
    return this.segments;
  }

  /** Drops the segments in which everything is older than the group keeps. */
  dropExpired(nowMs: number): void {
    const oldestMs = this.oldestMs(nowMs);
    if (oldestMs === 0) return;
    for (const segment of [...this.allSegments()]) {
      const isOld = segment.blocks.every((block) => block.maxMs < oldestMs);
      if (isOld && segment !== this.open) this.drop(segment);
    }
  }

  /** Events before this are not shown any more. */
  oldestMs(nowMs: number): number {
    const { retentionInDays } = this.settings;
    return retentionInDays === undefined ? 0 : nowMs - retentionInDays * DAY_MS;
  }

  close(): void {
    this.sealOpen();
  }

  private findSegments(): void {
    mkdirSync(this.folder, { recursive: true });
    const numbers = readdirSync(this.folder).flatMap((name) => /^(\d{8})\.log$/.exec(name)?.[1] ?? []);
    for (const number of numbers.sort()) this.segments.push(new Segment(this.folder, Number(number)));
    this.nextSegment = Number(numbers.at(-1) ?? 0) + 1;
    this.areOldLoaded = numbers.length === 0;
  }

  private introduce(name: string, nowMs: number): OpenStream {
    if (this.open === undefined) {
      this.open = new Segment(this.folder, this.nextSegment++);
      this.segments.push(this.open);
    }
    const createdMs = this.createdMs(name) ?? nowMs;
    const stream: OpenStream = {
      name,
      number: this.nextStream++,
      createdMs,
      firstMs: undefined,
      lastMs: undefined,
      lastStoredMs: undefined,
    };
    this.openStreams.set(name, stream);
    this.open.streams.set(stream.number, stream);
    this.pending += `#${stream.number} ${createdMs} ${name}\n`;
    return stream;
  }

  /** When a stream was created, if a segment that is in memory already knows it. */
  private createdMs(name: string): number | undefined {
    for (const segment of this.segments) {
      if (!this.shows(name, segment)) continue;
      for (const stream of segment.streams.values()) if (stream.name === name) return stream.createdMs;
    }
    return undefined;
  }

  private sealOpen(): void {
    const { open } = this;
    if (open === undefined) return;
    if (this.pending !== '') open.append(this.pending, this.facts);
    this.pending = '';
    this.facts = noFacts();
    open.seal();
    this.open = undefined;
    this.openStreams.clear();
  }

  private dropToSize(): void {
    while (this.storedBytes > this.maxBytes) {
      const oldest = this.segments[0];
      if (oldest === undefined || oldest === this.open) return;
      this.drop(oldest);
    }
  }

  private drop(segment: Segment): void {
    this.segments.splice(this.segments.indexOf(segment), 1);
    segment.remove();
  }
}

function noFacts(): ChunkFacts {
  return { minMs: Infinity, maxMs: -Infinity, streams: new Set() };
}

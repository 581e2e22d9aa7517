// All log groups of a folder. A group's folder is named after it, percent-encoded; `group.json` has its settings.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { AwsError } from '../wire/errors.ts';
import type { LogEvent } from './api.ts';
import { type GroupSettings, LogGroup } from './group.ts';

const FLUSH_MS = 100;
const EXPIRY_MS = 3_600_000;
/** Folder names end at 255 bytes on most file systems. */
const MAX_FOLDER_NAME = 200;
const DELETED_PREFIX = '.deleted-';

export interface StoreOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly maxGroupBytes: number;
}

export class LogStore {
  private readonly options: StoreOptions;
  private readonly byName = new Map<string, LogGroup>();
  private readonly pending = new Set<LogGroup>();
  private isClosed = false;
  private cancelFlush: (() => void) | undefined;
  private cancelExpiry: () => void = () => {};

  constructor(options: StoreOptions) {
    this.options = options;
    mkdirSync(options.folder, { recursive: true });
    this.findGroups();
    this.scheduleExpiry();
  }

  groups(): LogGroup[] {
    return [...this.byName.values()].sort((a, b) => (a.settings.name < b.settings.name ? -1 : 1));
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** @throws AwsError ResourceNotFoundException */
  group(name: string): LogGroup {
    const group = this.byName.get(name);
    if (group !== undefined) return group;
    throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
  }

  /** The group, created if it is not there. */
  ensureGroup(name: string): LogGroup {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const createdMs = this.options.clock.now();
    const group = this.openGroup(this.folderFor(name), { name, createdMs, tags: {}, deletedStreams: {} });
    group.save();
    return group;
  }

  write(groupName: string, streamName: string, events: readonly LogEvent[]): void {
    if (this.isClosed) return;
    const group = this.byName.get(groupName) ?? this.ensureGroup(groupName);
    group.append(streamName, events, this.options.clock.now());
  }

  deleteGroup(name: string): void {
    const group = this.group(name);
    group.close();
    this.byName.delete(name);
    this.pending.delete(group);
    const grave = join(this.options.folder, DELETED_PREFIX + randomUUID());
    renameSync(group.folder, grave);
    void rm(grave, { recursive: true, force: true }).catch(() => {});
  }

  /** Writes what waits; what is written later is lost. */
  close(): void {
    this.isClosed = true;
    this.cancelFlush?.();
    this.cancelExpiry();
    for (const group of this.byName.values()) group.close();
  }

  private openGroup(folder: string, settings: GroupSettings): LogGroup {
    const group = new LogGroup({
      folder,
      settings,
      maxBytes: this.options.maxGroupBytes,
      onPending: (pending) => this.flushSoon(pending),
    });
    this.byName.set(settings.name, group);
    return group;
  }

  private flushSoon(group: LogGroup): void {
    this.pending.add(group);
    this.cancelFlush ??= this.options.clock.schedule(FLUSH_MS, () => {
      this.cancelFlush = undefined;
      for (const waiting of this.pending) waiting.flush();
      this.pending.clear();
    });
  }

  private scheduleExpiry(): void {
    this.cancelExpiry = this.options.clock.schedule(EXPIRY_MS, () => {
      for (const group of this.byName.values()) group.dropExpired(this.options.clock.now());
      this.scheduleExpiry();
    });
  }

  private findGroups(): void {
    for (const name of readdirSync(this.options.folder)) {
      const folder = join(this.options.folder, name);
      if (name.startsWith(DELETED_PREFIX)) void rm(folder, { recursive: true, force: true }).catch(() => {});
      else if (existsSync(join(folder, 'group.json')))
        this.openGroup(folder, JSON.parse(readFileSync(join(folder, 'group.json'), 'utf8')));
    }
  }

  private folderFor(name: string): string {
    const encoded = encodeURIComponent(name).replace(/^\./, '%2E');
    if (encoded.length <= MAX_FOLDER_NAME) return join(this.options.folder, encoded);
    const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
    return join(this.options.folder, `${encoded.slice(0, MAX_FOLDER_NAME - 33)}-${digest}`);
  }
}

// CloudWatch Logs on one machine: log groups as append-only files, written in groups of lines, searched in order.
import { type Clock, systemClock } from '../clock.ts';
import { type AwsPlace, DEFAULT_PLACE } from '../service.ts';
import type { Logs } from './api.ts';
import { eventOperations } from './events.ts';
import { groupOperations } from './groups.ts';
import { readEvents } from './read.ts';
import { LogStore } from './store.ts';
import { handleWire } from './wire.ts';

export interface LogsOptions {
  /** Where the groups are kept: an absolute folder, made if it is not there. */
  readonly folder: string;
  readonly place?: AwsPlace;
  readonly clock?: Clock;
  /** The most bytes kept of one group, 256 MiB unless told; the oldest lines go first. */
  readonly maxGroupBytes?: number;
}

const DEFAULT_GROUP_BYTES = 256 * 1024 * 1024;

export async function createLogs(options: LogsOptions): Promise<Logs> {
  const { folder, place = DEFAULT_PLACE, clock = systemClock } = options;
  const store = new LogStore({ folder, clock, maxGroupBytes: options.maxGroupBytes ?? DEFAULT_GROUP_BYTES });
  const parts = { store, place, now: () => clock.now() };
  const operations = { ...groupOperations(parts), ...eventOperations(parts) };

  return {
    name: 'logs',
    operations,
    handle: (call) => handleWire(call, operations),
    write: (group, stream, events) => store.write(group, stream, events),
    createLogGroup(name, settings = {}) {
      const group = store.ensureGroup(name);
      if (settings.retentionInDays === undefined) return;
      group.settings = { ...group.settings, retentionInDays: settings.retentionInDays };
      group.save();
    },
    async *find({ group, containing, fromMs, toMs }) {
      if (!store.has(group)) return;
      yield* readEvents(store.group(group), { direction: 'forward', containing, fromMs, toMs });
    },
    async close() {
      store.close();
    },
  };
}

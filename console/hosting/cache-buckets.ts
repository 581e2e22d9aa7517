// Cold loads and evictions of an endpoint, counted per stretch of time. Pure.
import type { CacheEvent } from '../../layers/seriatim/inspection/api.ts';

export interface CacheBuckets {
  /** Milliseconds, the middle of each stretch. */
  readonly times: readonly number[];
  readonly loads: readonly number[];
  readonly evictions: readonly number[];
  readonly bucketMs: number;
}

const BUCKETS = 40;
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** From the oldest event to now. An eviction is told by its unload, or by the load that made it necessary. */
export function countCacheEvents(events: readonly CacheEvent[], nowMs: number): CacheBuckets {
  const starts = events.map(({ time }) => Date.parse(time));
  const first = starts.reduce((least, time) => Math.min(least, time), nowMs);
  const bucketMs = roundUp((nowMs - first + 1) / BUCKETS);
  const evicted = evictionsBy(events);
  const loads = new Array<number>(BUCKETS).fill(0);
  const evictions = new Array<number>(BUCKETS).fill(0);
  for (const [at, event] of events.entries()) {
    const bucket = Math.min(BUCKETS - 1, Math.floor((starts[at]! - first) / bucketMs));
    if (event.what === 'load') loads[bucket]! += 1;
    evictions[bucket]! += evicted(event);
  }
  return { times: loads.map((_, at) => first + (at + 0.5) * bucketMs), loads, evictions, bucketMs };
}

/** To a stretch that people count in. */
function roundUp(ms: number): number {
  const hour = 3_600_000;
  const seconds = SECONDS.find((one) => one * 1000 >= ms);
  return seconds === undefined ? Math.ceil(ms / hour) * hour : seconds * 1000;
}

/** Where unloads are told, a load that names the same models again is not counted. */
function evictionsBy(events: readonly CacheEvent[]): (event: CacheEvent) => number {
  const hasUnloads = events.some(({ what }) => what === 'unload');
  return ({ what, evicted = [] }) => (hasUnloads ? Number(what === 'unload') : evicted.length);
}

export function countEvictions(events: readonly CacheEvent[]): number {
  const evicted = evictionsBy(events);
  return events.reduce((sum, event) => sum + evicted(event), 0);
}

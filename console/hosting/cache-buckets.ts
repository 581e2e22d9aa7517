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
const LEAST_MS = 1000;

/** From the oldest event to now. An eviction is told by the load that made it necessary, or by its unload. */
export function countCacheEvents(events: readonly CacheEvent[], nowMs: number): CacheBuckets {
  const starts = events.map(({ time }) => Date.parse(time));
  const first = starts.reduce((least, time) => Math.min(least, time), nowMs);
  const bucketMs = Math.max(LEAST_MS, Math.ceil((nowMs - first + 1) / BUCKETS));
  const loads = new Array<number>(BUCKETS).fill(0);
  const evictions = new Array<number>(BUCKETS).fill(0);
  for (const [at, event] of events.entries()) {
    const bucket = Math.min(BUCKETS - 1, Math.floor((starts[at]! - first) / bucketMs));
    if (event.what === 'load') loads[bucket]! += 1;
    evictions[bucket]! += evictedBy(event);
  }
  return { times: loads.map((_, at) => first + (at + 0.5) * bucketMs), loads, evictions, bucketMs };
}

export function evictedBy({ what, evicted }: CacheEvent): number {
  return evicted?.length ?? (what === 'unload' ? 1 : 0);
}

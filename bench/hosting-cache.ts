// Hit ratios of the multi-model cache's eviction policy beside known ones and the optimum: 1,000 models, room for 100.
// Run: npx node bench/hosting-cache.ts
import { AdaptivePolicy } from '../local/sagemaker/multi-model/adaptive-policy.ts';
import { beladyHits, type CachePolicy, decayingLfu, lru, sieve, wTinyLfu } from './hosting-cache-policies.ts';
import { makeStream, STREAMS } from './hosting-cache-streams.ts';

const MODELS = 1_000;
const REQUESTS = 200_000;
/** The cache fills and the policies learn before hits are counted. */
const WARM_UP_SHARE = 0.25;
const SEEDS = [1, 2, 3];

export function ours(capacity: number): CachePolicy {
  const policy = new AdaptivePolicy();
  const held = new Set<string>();
  return {
    request(number) {
      const key = String(number);
      policy.touched(key);
      if (held.has(key)) return true;
      if (held.size >= capacity) {
        const victim = policy.victim(() => true)!;
        held.delete(victim);
        policy.removed(victim);
      }
      held.add(key);
      policy.added(key);
      return false;
    },
  };
}

const POLICIES: Readonly<Record<string, (capacity: number) => CachePolicy>> = {
  LRU: lru,
  SIEVE: sieve,
  'W-TinyLFU': (capacity) => wTinyLfu(capacity, 10 * capacity),
  'W-TinyLFU, 100x': (capacity) => wTinyLfu(capacity, 100 * capacity),
  'LFU with decay': (capacity) => decayingLfu(capacity, 100 * capacity),
  Seriatim: ours,
};

/** The hit ratio of each policy on each stream, the median over the seeds. */
export function measure(
  options: { capacity?: number; requests?: number; seeds?: readonly number[] } = {},
): Record<string, Record<string, number>> {
  const { capacity = 100, requests = REQUESTS, seeds = SEEDS } = options;
  const table: Record<string, Record<string, number>> = {};
  for (const plan of STREAMS) {
    const streams = seeds.map((seed) => makeStream(plan, { models: MODELS, requests, seed }));
    const row = Object.entries(POLICIES).map(([name, create]) => [
      name,
      median(streams.map((stream) => hitRatio(stream, create(capacity)))),
    ]);
    row.push(['Optimum', median(streams.map((stream) => optimum(stream, capacity)))]);
    table[plan.name] = Object.fromEntries(row);
  }
  return table;
}

/** Over the stream's last three quarters. */
function hitRatio(stream: Int32Array, policy: CachePolicy): number {
  const warmUp = stream.length * WARM_UP_SHARE;
  let hits = 0;
  for (let at = 0; at < stream.length; at++) if (policy.request(stream[at]!) && at >= warmUp) hits++;
  return hits / (stream.length - warmUp);
}

function optimum(stream: Int32Array, capacity: number): number {
  const hits = beladyHits(stream, capacity).subarray(stream.length * WARM_UP_SHARE);
  return hits.reduce((sum, hit) => sum + hit, 0) / hits.length;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

if (import.meta.main) {
  const table = measure();
  const streams = Object.keys(table);
  console.log(['policy'.padEnd(18), ...streams.map((name) => name.padStart(10))].join(''));
  for (const name of [...Object.keys(POLICIES), 'Optimum']) {
    console.log(
      [name.padEnd(18), ...streams.map((stream) => table[stream]![name]!.toFixed(3).padStart(10))].join(''),
    );
  }
  const share = (stream: string) => table[stream]!.Seriatim! / table[stream]!.Optimum!;
  console.log(
    ['of the optimum'.padEnd(18), ...streams.map((stream) => share(stream).toFixed(3).padStart(10))].join(''),
  );
}

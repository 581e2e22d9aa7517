// A metric series on an even time axis: a bucket in which nothing happened has a rate of zero and no latency. Pure.
import type { MetricSeries } from '../../layers/seriatim/inspection/api.ts';

export interface Aligned {
  /** Milliseconds, the middle of each bucket. */
  readonly times: readonly number[];
  /** A minute. */
  readonly rate: readonly number[];
  readonly errors: readonly number[];
  readonly p50: readonly (number | null)[];
  readonly p90: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  readonly hits: readonly (number | null)[];
}

export interface Window {
  readonly since: string;
  readonly until: string;
  readonly bucketMs: number;
}

/** As many buckets as a plot has pixels to tell apart. */
const MOST = 2000;

export function alignSeries({ points }: MetricSeries, { since, until, bucketMs }: Window): Aligned {
  const first = Math.floor(Date.parse(since) / bucketMs) * bucketMs;
  const count = Math.min(MOST, Math.floor((Date.parse(until) - first) / bucketMs) + 1);
  const byBucket = new Map(
    points.map((point) => [Math.floor((Date.parse(point.time) - first) / bucketMs), point]),
  );
  const buckets = Array.from({ length: count }, (_, at) => byBucket.get(at));
  const perMinute = 60_000 / bucketMs;
  return {
    times: buckets.map((_, at) => first + (at + 0.5) * bucketMs),
    rate: buckets.map((point) => (point?.count ?? 0) * perMinute),
    errors: buckets.map((point) => (point?.errors ?? 0) * perMinute),
    p50: buckets.map((point) => point?.p50Ms ?? null),
    p90: buckets.map((point) => point?.p90Ms ?? null),
    p99: buckets.map((point) => point?.p99Ms ?? null),
    hits: buckets.map((point) => point?.cacheHitRate ?? null),
  };
}

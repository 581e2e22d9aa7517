// One metric's values, folded into minutes as CloudWatch keeps them: count, sum, least, most, and a histogram in steps
// of two per cent for percentiles. A bounded number of minutes is kept, so memory does not grow with the calls.
import type { Clock } from '../clock.ts';
import type { Series, SeriesIdentity } from './api.ts';

export interface Bucket {
  /** The minute's beginning. */
  readonly startMs: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  /** How many values by step; step n holds values around 1.02 ** n. */
  readonly steps: Map<number, number>;
}

export const MINUTE_MS = 60_000;
/** A day of minutes. */
const KEPT_MINUTES = 1440;
const STEP = Math.log(1.02);
/** The step of zero and of what is below it. */
const ZERO_STEP = Number.MIN_SAFE_INTEGER;

export class StoredSeries implements Series {
  readonly identity: SeriesIdentity;
  readonly #clock: Clock;
  #buckets: Bucket[] = [];
  /** Of everything ever added: what Prometheus wants. */
  totalCount = 0;
  totalSum = 0;
  last = 0;

  constructor(identity: SeriesIdentity, clock: Clock) {
    this.identity = identity;
    this.#clock = clock;
  }

  add(value: number): void {
    this.addAt(value, this.#clock.now());
  }

  /** @param weight how many times the value was seen */
  addAt(value: number, atMs: number, weight = 1): void {
    this.totalCount += weight;
    this.totalSum += value * weight;
    this.last = value;
    const bucket = this.#bucketAt(atMs - (atMs % MINUTE_MS));
    fold(bucket, { count: weight, sum: value * weight, min: value, max: value });
    const step = value > 0 ? Math.round(Math.log(value) / STEP) : ZERO_STEP;
    bucket.steps.set(step, (bucket.steps.get(step) ?? 0) + weight);
  }

  /** A set of values of which only the summary is known. */
  addSummary(summary: Pick<Bucket, 'count' | 'sum' | 'min' | 'max'>, atMs: number): void {
    this.totalCount += summary.count;
    this.totalSum += summary.sum;
    this.last = summary.sum / Math.max(1, summary.count);
    fold(this.#bucketAt(atMs - (atMs % MINUTE_MS)), summary);
  }

  /** The minutes that begin in the half-open range, oldest first. */
  between(fromMs: number, toMs: number): Bucket[] {
    return this.#buckets.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
  }

  get latestMs(): number {
    return this.#buckets.at(-1)?.startMs ?? 0;
  }

  #bucketAt(startMs: number): Bucket {
    const newest = this.#buckets.at(-1);
    if (newest?.startMs === startMs) return newest;
    if (newest === undefined || newest.startMs < startMs) return this.#append(startMs);
    const known = this.#buckets.find((bucket) => bucket.startMs === startMs);
    if (known !== undefined) return known;
    const bucket = emptyBucket(startMs);
    this.#buckets.push(bucket);
    this.#buckets.sort((a, b) => a.startMs - b.startMs);
    return bucket;
  }

  #append(startMs: number): Bucket {
    const bucket = emptyBucket(startMs);
    this.#buckets.push(bucket);
    if (this.#buckets.length > KEPT_MINUTES) this.#buckets = this.#buckets.slice(-KEPT_MINUTES);
    return bucket;
  }
}

export function emptyBucket(startMs: number): Bucket {
  return {
    startMs,
    count: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    steps: new Map(),
  };
}

/** Adds what another summary holds. */
export function fold(into: Bucket, other: Pick<Bucket, 'count' | 'sum' | 'min' | 'max'>): void {
  into.count += other.count;
  into.sum += other.sum;
  into.min = Math.min(into.min, other.min);
  into.max = Math.max(into.max, other.max);
}

/** One bucket for several. */
export function merge(startMs: number, buckets: readonly Bucket[]): Bucket {
  const merged = emptyBucket(startMs);
  for (const bucket of buckets) {
    fold(merged, bucket);
    for (const [step, count] of bucket.steps) merged.steps.set(step, (merged.steps.get(step) ?? 0) + count);
  }
  return merged;
}

/** @returns undefined for a statistic that CloudWatch does not have, or that a summary cannot give */
export function statisticOf(bucket: Bucket, statistic: string): number | undefined {
  if (statistic === 'SampleCount') return bucket.count;
  if (statistic === 'Sum') return bucket.sum;
  if (statistic === 'Average') return bucket.sum / bucket.count;
  if (statistic === 'Minimum') return bucket.min;
  if (statistic === 'Maximum') return bucket.max;
  const percentile = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(statistic);
  return percentile === null ? undefined : percentileOf(bucket, Number(percentile[1]));
}

function percentileOf(bucket: Bucket, percent: number): number | undefined {
  const steps = [...bucket.steps].sort(([a], [b]) => a - b);
  const known = steps.reduce((sum, [, count]) => sum + count, 0);
  let left = (percent / 100) * known;
  for (const [step, count] of steps) {
    left -= count;
    if (left > 1e-9) continue;
    const value = step === ZERO_STEP ? bucket.min : Math.exp(step * STEP);
    return Math.min(bucket.max, Math.max(bucket.min, value));
  }
  return known === 0 ? undefined : bucket.max;
}

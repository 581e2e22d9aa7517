// A metric's values in periods of some length, out of the minutes in which they are kept.
import type { Dimensions } from './api.ts';
import { invalidParameter } from './dimensions.ts';
import type { Registry } from './registry.ts';
import { type Bucket, merge } from './series.ts';

/** What one series says over time, in buckets of the period that are not empty, oldest first. */
export function periods(
  registry: Registry,
  query: {
    readonly namespace: string;
    readonly name: string;
    readonly dimensions: Dimensions;
    readonly unit?: string | undefined;
  },
  range: { readonly fromMs: number; readonly toMs: number; readonly periodMs: number },
): Bucket[] {
  const { fromMs, toMs, periodMs } = range;
  const first = fromMs - (fromMs % periodMs);
  const byPeriod = new Map<number, Bucket[]>();
  for (const series of registry.find(query)) {
    for (const bucket of series.between(first, toMs)) {
      const start = bucket.startMs - (bucket.startMs % periodMs);
      byPeriod.set(start, [...(byPeriod.get(start) ?? []), bucket]);
    }
  }
  return [...byPeriod].sort(([a], [b]) => a - b).map(([start, buckets]) => merge(start, buckets));
}

/** @throws AwsError InvalidParameterValue @returns milliseconds */
export function periodOf(value: unknown): number {
  const seconds = Number(value);
  const isValid = [1, 5, 10, 20, 30].includes(seconds) || (seconds > 0 && seconds % 60 === 0);
  if (!isValid)
    throw invalidParameter('The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60 seconds.');
  // Values are kept by the minute.
  return Math.max(60, seconds) * 1000;
}

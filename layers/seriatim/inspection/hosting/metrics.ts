// Rate, errors, percentiles and cache hits per stage and per container, from the executions in a window: their views
// are cut into buckets of time. Pure.
import type { MetricPoint, MetricSeries } from '../api.ts';
import type { AttemptView, ExecutionView, StageKind } from '../view.ts';

/** One thing that was measured once. */
interface Sample {
  readonly name: string;
  readonly kind: StageKind | 'container';
  readonly timeMs: number;
  readonly durationMs: number | undefined;
  readonly isError: boolean;
  /** Calls that found their model in memory, and those that reported at all. */
  readonly hits: number;
  readonly told: number;
}

export function stageSeries(views: readonly ExecutionView[], bucketMs: number): MetricSeries[] {
  const samples = views.flatMap(({ stages }) =>
    stages.map(
      (stage): Sample => ({
        name: stage.name,
        kind: stage.kind,
        timeMs: Date.parse(stage.start),
        durationMs: stage.durationMs,
        isError: stage.status === 'FAILED' || stage.status === 'TIMED_OUT',
        hits: stage.inference?.warm ?? 0,
        told: (stage.inference?.warm ?? 0) + (stage.inference?.cold ?? 0),
      }),
    ),
  );
  return seriesOf(samples, bucketMs);
}

/** What each container's own report says of its work, without the way there and back. */
export function containerSeries(views: readonly ExecutionView[], bucketMs: number): MetricSeries[] {
  const attempts = views.flatMap(({ stages }) => stages.flatMap((stage) => stage.attempts));
  return seriesOf(attempts.flatMap(containerSamples), bucketMs);
}

function containerSamples(attempt: AttemptView): Sample[] {
  const { inference, time, status } = attempt;
  if (inference?.endpoint === undefined) return [];
  const worked = time === undefined ? attempt.durationMs : time.totalMs - (time.networkMs ?? 0);
  const isTold = inference.cache !== undefined;
  return [
    {
      name:
        inference.container === undefined
          ? inference.endpoint
          : `${inference.endpoint}/${inference.container}`,
      kind: 'container',
      timeMs: Date.parse(attempt.start),
      durationMs: status === 'SUCCEEDED' ? worked : undefined,
      isError: status === 'FAILED' || status === 'TIMED_OUT',
      hits: inference.cache === 'warm' || inference.cache === 'pinned' ? 1 : 0,
      told: isTold ? 1 : 0,
    },
  ];
}

function seriesOf(samples: readonly Sample[], bucketMs: number): MetricSeries[] {
  return [...Map.groupBy(samples, ({ name }) => name)].map(([name, all]) => {
    const buckets = Map.groupBy(all, ({ timeMs }) => Math.floor(timeMs / bucketMs) * bucketMs);
    const points = [...buckets]
      .sort(([a], [b]) => a - b)
      .map(([startMs, inBucket]) => ({ time: new Date(startMs).toISOString(), ...pointOf(inBucket) }));
    return { name, kind: all[0]!.kind, total: pointOf(all), points };
  });
}

function pointOf(samples: readonly Sample[]): MetricPoint {
  const durations = samples
    .map(({ durationMs }) => durationMs)
    .filter((ms) => ms !== undefined)
    .sort((a, b) => a - b);
  const told = samples.reduce((sum, sample) => sum + sample.told, 0);
  const hits = samples.reduce((sum, sample) => sum + sample.hits, 0);
  return {
    count: samples.length,
    errors: samples.filter(({ isError }) => isError).length,
    p50Ms: percentile(durations, 0.5),
    p90Ms: percentile(durations, 0.9),
    p99Ms: percentile(durations, 0.99),
    cacheHitRate: told === 0 ? null : hits / told,
  };
}

/** The nearest rank. */
export function percentile(sorted: readonly number[], part: number): number | null {
  if (sorted.length === 0) return null;
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]!;
}

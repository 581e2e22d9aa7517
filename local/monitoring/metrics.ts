// PutMetricData, ListMetrics, GetMetricStatistics, GetMetricData.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
import type { Clock } from '../clock.ts';
import type { SdkOperations, SdkValues } from '../service.ts';
import { AwsError } from '../wire/errors.ts';
import type { Dimensions } from './api.ts';
import { dimensionItems, dimensionsOf, invalidParameter, timeOf } from './dimensions.ts';
import { evaluate } from './expression.ts';
import type { Registry } from './registry.ts';
import { type Bucket, merge, statisticOf } from './series.ts';

export function metricOperations(registry: Registry, clock: Clock): SdkOperations {
  return {
    async putMetricData(input) {
      for (const datum of (input.MetricData ?? []) as MetricDatum[]) put(registry, clock, input, datum);
      return {};
    },
    listMetrics: async (input) => list(registry, input),
    getMetricStatistics: async (input) => statistics(registry, input),
    getMetricData: async (input) => data(registry, input),
  };
}

interface MetricDatum {
  readonly MetricName: string;
  readonly Dimensions?: unknown;
  readonly Timestamp?: unknown;
  readonly Value?: number;
  readonly Values?: readonly number[];
  readonly Counts?: readonly number[];
  readonly StatisticValues?: { SampleCount: number; Sum: number; Minimum: number; Maximum: number };
  readonly Unit?: string;
}

function put(registry: Registry, clock: Clock, input: SdkValues, datum: MetricDatum): void {
  const namespace = String(input.Namespace ?? '');
  if (namespace === '') throw new AwsError('MissingParameter', 'The parameter Namespace is required.');
  if (namespace.startsWith('AWS/'))
    throw invalidParameter('The value AWS/ for parameter Namespace is invalid: it is kept for AWS services.');
  const identity = {
    namespace,
    name: datum.MetricName,
    dimensions: dimensionsOf(datum.Dimensions),
    unit: datum.Unit ?? 'None',
  };
  const series = registry.series(identity);
  const atMs = datum.Timestamp === undefined ? clock.now() : timeOf(datum.Timestamp, 'Timestamp');
  const summary = datum.StatisticValues;
  if (summary !== undefined) {
    const { SampleCount: count, Sum: sum, Minimum: min, Maximum: max } = summary;
    series.addSummary({ count, sum, min, max }, atMs);
    return;
  }
  const values = datum.Values ?? (datum.Value === undefined ? [] : [datum.Value]);
  values.forEach((value, index) => {
    series.addAt(value, atMs, datum.Counts?.[index] ?? 1);
  });
}

const LIST_PAGE = 500;

function list(registry: Registry, input: SdkValues): SdkValues {
  const wanted = (input.Dimensions ?? []) as readonly { Name: string; Value?: string }[];
  const matching = [...registry.all()].filter(
    ({ identity }) =>
      (input.Namespace === undefined || identity.namespace === input.Namespace) &&
      (input.MetricName === undefined || identity.name === input.MetricName) &&
      wanted.every(
        ({ Name, Value }) =>
          identity.dimensions[Name] !== undefined &&
          (Value === undefined || identity.dimensions[Name] === Value),
      ),
  );
  const from = Number(input.NextToken ?? 0);
  const Metrics = matching.slice(from, from + LIST_PAGE).map(({ identity }) => ({
    Namespace: identity.namespace,
    MetricName: identity.name,
    Dimensions: dimensionItems(identity.dimensions),
  }));
  return from + LIST_PAGE < matching.length ? { Metrics, NextToken: String(from + LIST_PAGE) } : { Metrics };
}

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

function periodOf(value: unknown): number {
  const seconds = Number(value);
  const isValid = [1, 5, 10, 20, 30].includes(seconds) || (seconds > 0 && seconds % 60 === 0);
  if (!isValid)
    throw invalidParameter('The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60 seconds.');
  // Values are kept by the minute.
  return Math.max(60, seconds) * 1000;
}

function statistics(registry: Registry, input: SdkValues): SdkValues {
  const query = {
    namespace: String(input.Namespace),
    name: String(input.MetricName),
    dimensions: dimensionsOf(input.Dimensions),
    unit: input.Unit as string | undefined,
  };
  const range = {
    fromMs: timeOf(input.StartTime, 'StartTime'),
    toMs: timeOf(input.EndTime, 'EndTime'),
    periodMs: periodOf(input.Period),
  };
  if (range.fromMs >= range.toMs)
    throw invalidParameter('The parameter StartTime must be less than the parameter EndTime.');
  const unit = registry.find(query)[0]?.identity.unit ?? 'None';
  const plain = (input.Statistics ?? []) as readonly string[];
  const extended = (input.ExtendedStatistics ?? []) as readonly string[];
  const Datapoints = periods(registry, query, range).map((bucket) => ({
    Timestamp: new Date(bucket.startMs),
    Unit: unit,
    ...Object.fromEntries(plain.map((name) => [name, statisticOf(bucket, name)])),
    ...(extended.length === 0
      ? {}
      : {
          ExtendedStatistics: Object.fromEntries(extended.map((name) => [name, statisticOf(bucket, name)])),
        }),
  }));
  return { Label: query.name, Datapoints };
}

interface MetricDataQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly Label?: string;
  readonly ReturnData?: boolean;
  readonly MetricStat?: {
    readonly Metric: { Namespace: string; MetricName: string; Dimensions?: unknown };
    readonly Period: number;
    readonly Stat: string;
    readonly Unit?: string;
  };
}

function data(registry: Registry, input: SdkValues): SdkValues {
  const fromMs = timeOf(input.StartTime, 'StartTime');
  const toMs = timeOf(input.EndTime, 'EndTime');
  const queries = (input.MetricDataQueries ?? []) as MetricDataQuery[];
  const known = new Map<string, ReadonlyMap<number, number>>();
  for (const query of queries) {
    if (query.MetricStat !== undefined) known.set(query.Id, points(registry, query.MetricStat, fromMs, toMs));
  }
  for (const query of queries) {
    if (query.Expression !== undefined) known.set(query.Id, evaluate(query.Expression, known));
  }
  const isAscending = input.ScanBy === 'TimestampAscending';
  const MetricDataResults = queries
    .filter(({ ReturnData }) => ReturnData !== false)
    .map((query) => resultOf(query, known.get(query.Id)!, isAscending));
  return { MetricDataResults, Messages: [] };
}

function resultOf(query: MetricDataQuery, values: ReadonlyMap<number, number>, isAscending: boolean) {
  const sorted = [...values].sort(([a], [b]) => (isAscending ? a - b : b - a));
  return {
    Id: query.Id,
    Label: query.Label ?? query.MetricStat?.Metric.MetricName ?? query.Id,
    Timestamps: sorted.map(([atMs]) => new Date(atMs)),
    Values: sorted.map(([, value]) => value),
    StatusCode: 'Complete',
  };
}

function points(
  registry: Registry,
  stat: NonNullable<MetricDataQuery['MetricStat']>,
  fromMs: number,
  toMs: number,
): ReadonlyMap<number, number> {
  const { Metric, Period, Stat, Unit } = stat;
  const query = {
    namespace: Metric.Namespace,
    name: Metric.MetricName,
    dimensions: dimensionsOf(Metric.Dimensions),
    unit: Unit,
  };
  const buckets = periods(registry, query, { fromMs, toMs, periodMs: periodOf(Period) });
  return new Map(
    buckets.flatMap((bucket) => {
      const value = statisticOf(bucket, Stat);
      return value === undefined ? [] : [[bucket.startMs, value] as const];
    }),
  );
}

// PutMetricData, ListMetrics, GetMetricStatistics; GetMetricData stands in `metric-data.ts`.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
import type { Clock } from '../clock.ts';
import type { SdkOperations, SdkValues } from '../service.ts';
import { AwsError } from '../wire/errors.ts';
import { dimensionItems, dimensionsOf, invalidParameter, timeOf } from './dimensions.ts';
import { metricData } from './metric-data.ts';
import { periodOf, periods } from './periods.ts';
import type { Registry } from './registry.ts';
import { statisticOf } from './series.ts';

export function metricOperations(registry: Registry, clock: Clock): SdkOperations {
  return {
    async putMetricData(input) {
      for (const datum of (input.MetricData ?? []) as MetricDatum[]) put(registry, clock, input, datum);
      return {};
    },
    listMetrics: async (input) => list(registry, input),
    getMetricStatistics: async (input) => statistics(registry, input),
    getMetricData: async (input) => metricData(registry, input),
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
    ({ identity, totalCount }) =>
      // A metric that has no value yet is none.
      totalCount > 0 &&
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

// GetMetricData: metrics and metric math side by side. Queries may name each other in any order.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
import type { SdkValues } from '../service.ts';
import type { Dimensions } from './api.ts';
import { dimensionsOf, timeOf } from './dimensions.ts';
import { type ExpressionScope, evaluate, refuse } from './expression.ts';
import { inOrder, isArray, type TimeSeries, type Value } from './math-values.ts';
import { periodOf, periods } from './periods.ts';
import type { Registry } from './registry.ts';
import { compileSearch } from './search.ts';
import { statisticOf } from './series.ts';

interface MetricDataQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly Label?: string;
  readonly ReturnData?: boolean;
  readonly Period?: number;
  readonly MetricStat?: {
    readonly Metric: { Namespace: string; MetricName: string; Dimensions?: unknown };
    readonly Period: number;
    readonly Stat: string;
    readonly Unit?: string;
  };
}

/** @throws AwsError ValidationError */
export function metricData(registry: Registry, input: SdkValues): SdkValues {
  const queries = (input.MetricDataQueries ?? []) as MetricDataQuery[];
  const range = { fromMs: timeOf(input.StartTime, 'StartTime'), toMs: timeOf(input.EndTime, 'EndTime') };
  const resolved = new Queries(registry, queries, range);
  const isAscending = input.ScanBy === 'TimestampAscending';
  const MetricDataResults = queries
    .filter(({ ReturnData }) => ReturnData !== false)
    .flatMap((query) => resultsOf(query, resolved.resolve(query.Id)!, isAscending));
  return { MetricDataResults, Messages: [] };
}

/** An array comes out as one result for each of its series, under one id. */
function resultsOf(query: MetricDataQuery, value: Value, isAscending: boolean): SdkValues[] {
  const all = typeof value === 'number' ? [] : isArray(value) ? value : [value];
  return all.map((series) => {
    const points = isAscending ? inOrder(series) : inOrder(series).reverse();
    return {
      Id: query.Id,
      Label: labelOf(query, isArray(value) ? series.label : undefined),
      Timestamps: points.map(([atMs]) => new Date(atMs)),
      Values: points.map(([, one]) => one),
      StatusCode: 'Complete',
    };
  });
}

function labelOf(query: MetricDataQuery, member: string | undefined): string {
  if (member !== undefined) return query.Label === undefined ? member : `${query.Label} ${member}`;
  return query.Label ?? query.MetricStat?.Metric.MetricName ?? query.Id;
}

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The queries of one call, each worked out once, when it is first asked for. */
class Queries implements ExpressionScope {
  readonly fromMs: number;
  readonly toMs: number;
  readonly #registry: Registry;
  readonly #queries: ReadonlyMap<string, MetricDataQuery>;
  readonly #known = new Map<string, Value>();
  readonly #underWay = new Set<string>();

  constructor(registry: Registry, queries: readonly MetricDataQuery[], { fromMs, toMs }: Range) {
    this.#registry = registry;
    this.#queries = new Map(queries.map((query) => [query.Id, query]));
    this.fromMs = fromMs;
    this.toMs = toMs;
  }

  resolve(id: string): Value | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const query = this.#queries.get(id);
    if (query === undefined) return undefined;
    const { Expression = '' } = query;
    if (this.#underWay.has(id)) throw refuse(Expression, `"${id}" depends on itself`);
    this.#underWay.add(id);
    const value =
      query.MetricStat === undefined ? evaluate(Expression, this) : this.#metric(query.MetricStat);
    this.#known.set(id, value);
    return value;
  }

  metrics(idPart: string | undefined): readonly TimeSeries[] {
    return [...this.#queries.values()]
      .filter(
        ({ Id, MetricStat }) => MetricStat !== undefined && (idPart === undefined || Id.includes(idPart)),
      )
      .map(({ Id }) => this.resolve(Id) as TimeSeries);
  }

  search(expression: string, statistic: string, periodSeconds = 60): readonly TimeSeries[] {
    const matches = compileSearch(expression);
    const found = [...this.#registry.all()]
      .filter(({ identity, totalCount }) => totalCount > 0 && matches(identity))
      .map(({ identity }) => identity);
    return found.map(({ namespace, name, dimensions }) => {
      const label = [...Object.values(dimensions), name].join(' ');
      const query = { namespace, name, dimensions };
      return this.#series(query, { label, statistic, periodMs: periodOf(periodSeconds) });
    });
  }

  #metric({ Metric, Period, Stat, Unit }: NonNullable<MetricDataQuery['MetricStat']>): TimeSeries {
    const query = {
      namespace: Metric.Namespace,
      name: Metric.MetricName,
      dimensions: dimensionsOf(Metric.Dimensions),
      unit: Unit,
    };
    return this.#series(query, { label: Metric.MetricName, statistic: Stat, periodMs: periodOf(Period) });
  }

  #series(query: SeriesQuery, { label, statistic, periodMs }: Reading): TimeSeries {
    const { fromMs, toMs } = this;
    const points = periods(this.#registry, query, { fromMs, toMs, periodMs }).flatMap((bucket) => {
      const value = statisticOf(bucket, statistic);
      return value === undefined ? [] : [[bucket.startMs, value] as const];
    });
    return { label, periodMs, points: new Map(points) };
  }
}

interface SeriesQuery {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
  readonly unit?: string | undefined;
}

interface Reading {
  readonly label: string;
  readonly statistic: string;
  readonly periodMs: number;
}

// What metric math works on: numbers, series of values over time, and arrays of series; and how operators and
// functions go over them time by time.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

/** Values by the beginning of their period, in milliseconds. */
export type Points = ReadonlyMap<number, number>;

export interface TimeSeries {
  readonly label: string;
  readonly periodMs: number;
  readonly points: Points;
}

export type Value = number | TimeSeries | readonly TimeSeries[];

export function isArray(value: Value): value is readonly TimeSeries[] {
  return Array.isArray(value);
}

export function isSeries(value: Value): value is TimeSeries {
  return typeof value !== 'number' && !isArray(value);
}

/** Each value of a number, a series or every series of an array. */
export function each(value: Value, apply: (value: number) => number): Value {
  if (typeof value === 'number') return apply(value);
  if (isArray(value)) return value.map((one) => eachPoint(one, apply));
  return eachPoint(value, apply);
}

function eachPoint(series: TimeSeries, apply: (value: number) => number): TimeSeries {
  return withPoints(
    series,
    [...series.points].map(([time, value]) => [time, apply(value)] as const),
  );
}

/** The same series with other values; what is not a finite number is left out. */
export function withPoints(series: TimeSeries, points: Iterable<readonly [number, number]>): TimeSeries {
  return { ...series, points: new Map([...points].filter(([, value]) => Number.isFinite(value))) };
}

/** Time by time where both have a value; a number goes with every time, an array member by member. */
export function combine(left: Value, right: Value, apply: (a: number, b: number) => number): Value {
  if (typeof left === 'number') return each(right, (value) => apply(left, value));
  if (typeof right === 'number') return each(left, (value) => apply(value, right));
  if (isArray(left)) {
    const others = isArray(right) ? right : left.map(() => right);
    return left.flatMap((one, at) => (others[at] === undefined ? [] : [join(one, others[at], apply)]));
  }
  return isArray(right) ? right.map((one) => join(left, one, apply)) : join(left, right, apply);
}

function join(left: TimeSeries, right: TimeSeries, apply: (a: number, b: number) => number): TimeSeries {
  const common = [...left.points].filter(([time]) => right.points.has(time));
  return withPoints(
    left,
    common.map(([time, value]) => [time, apply(value, right.points.get(time)!)] as const),
  );
}

/** One series of several: at each time what their values there come to. */
export function fold(
  all: readonly TimeSeries[],
  label: string,
  apply: (values: number[]) => number,
): TimeSeries {
  const byTime = new Map<number, number[]>();
  for (const { points } of all)
    for (const [time, value] of points) byTime.set(time, [...(byTime.get(time) ?? []), value]);
  const periodMs = all[0]?.periodMs ?? 60_000;
  const empty = { label, periodMs, points: new Map() };
  return withPoints(
    empty,
    [...byTime].sort(([a], [b]) => a - b).map(([time, values]) => [time, apply(values)] as const),
  );
}

/** A series' values in the order of time. */
export function inOrder({ points }: TimeSeries): [number, number][] {
  return [...points].sort(([a], [b]) => a - b);
}

// The functions of metric math. An aggregate of a series is a number, of an array of series a series.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
import {
  each,
  fold,
  inOrder,
  isArray,
  isSeries,
  type TimeSeries,
  type Value,
  withPoints,
} from './math-values.ts';

/** What of the query functions need. */
export interface MathScope {
  readonly fromMs: number;
  readonly toMs: number;
  /** The queries that are metrics, those whose id holds the text where one is given. */
  metrics(idPart: string | undefined): readonly TimeSeries[];
  /** @throws AwsError for a search that cannot be read */
  search(expression: string, statistic: string, periodSeconds: number | undefined): readonly TimeSeries[];
}

export type Argument = Value | { readonly text: string };
export type MathFunction = (args: readonly Argument[], scope: MathScope) => Value;

/** What a function was given is not what it takes; the message says what it takes. */
export class WrongArguments extends Error {
  override readonly name = 'WrongArguments';
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const average = (values: readonly number[]): number => sum(values) / values.length;
const deviation = (values: readonly number[]): number => {
  const mean = average(values);
  return Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
};

export const FUNCTIONS: Readonly<Record<string, MathFunction>> = {
  SUM: aggregate('SUM', sum),
  AVG: aggregate('AVG', average),
  MIN: aggregate('MIN', (values) => Math.min(...values)),
  MAX: aggregate('MAX', (values) => Math.max(...values)),
  STDDEV: aggregate('STDDEV', deviation),
  ABS: pointwise(Math.abs),
  CEIL: pointwise(Math.ceil),
  FLOOR: pointwise(Math.floor),
  LOG: pointwise(Math.log),
  LOG10: pointwise(Math.log10),
  RATE: (args) => overSeries(args[0], (one) => steps(one, (rise, seconds) => rise / seconds)),
  DIFF: (args) => overSeries(args[0], (one) => steps(one, (rise) => rise)),
  RUNNING_SUM: (args) => overSeries(args[0], runningSum),
  FILL: (args, scope) => overSeries(args[0], (one) => fill(one, args[1], scope)),
  IF: ([condition, then, otherwise]) =>
    choose(asValue(condition), asValue(then), otherwise && asValue(otherwise)),
  PERIOD: (args) => seriesOf(args[0]).periodMs / 1000,
  DATAPOINT_COUNT: (args) => seriesOf(args[0]).points.size,
  METRIC_COUNT: (args) => arrayOf(args[0]).length,
  FIRST: (args) => memberOf(arrayOf(args[0]), 0),
  LAST: (args) => memberOf(arrayOf(args[0]), -1),
  REMOVE_EMPTY: (args) => arrayOf(args[0]).filter(({ points }) => points.size > 0),
  TIME_SERIES: (args, scope) => constant(numberOf(args[0]), scope),
  METRICS: ([part], scope) => scope.metrics(part === undefined ? undefined : textOf(part)),
  SEARCH: ([expression, statistic, period], scope) =>
    scope.search(textOf(expression), textOf(statistic), period === undefined ? undefined : numberOf(period)),
};

function aggregate(name: string, apply: (values: number[]) => number): MathFunction {
  return ([argument]) => {
    const value = asValue(argument);
    if (typeof value === 'number') return value;
    return isArray(value) ? fold(value, name, apply) : apply([...value.points.values()]);
  };
}

function pointwise(apply: (value: number) => number): MathFunction {
  return ([argument]) => each(asValue(argument), apply);
}

function overSeries(argument: Argument | undefined, apply: (series: TimeSeries) => TimeSeries): Value {
  const value = asValue(argument);
  return isArray(value) ? value.map(apply) : apply(seriesOf(argument));
}

/** From each value to the next; the first has none before it. */
function steps(series: TimeSeries, apply: (rise: number, seconds: number) => number): TimeSeries {
  const values = inOrder(series);
  return withPoints(
    series,
    values.slice(1).map(([time, value], at) => {
      const [timeBefore, valueBefore] = values[at]!;
      return [time, apply(value - valueBefore, (time - timeBefore) / 1000)] as const;
    }),
  );
}

function runningSum(series: TimeSeries): TimeSeries {
  let total = 0;
  return withPoints(
    series,
    inOrder(series).map(([time, value]) => {
      total += value;
      return [time, total] as const;
    }),
  );
}

function timesOf({ fromMs, toMs }: MathScope, periodMs: number): number[] {
  const times: number[] = [];
  for (let time = fromMs - (fromMs % periodMs); time < toMs; time += periodMs) times.push(time);
  return times;
}

/** Missing values by a number, another series, the last value before (REPEAT) or on the line between (LINEAR). */
function fill(series: TimeSeries, filler: Argument | undefined, scope: MathScope): TimeSeries {
  const known = inOrder(series);
  const at = (time: number): number | undefined => {
    if (filler === undefined) throw new WrongArguments('FILL takes a series and what to fill it with');
    if (isText(filler)) return filler.text === 'REPEAT' ? before(known, time)?.[1] : onLine(known, time);
    if (typeof filler === 'number') return filler;
    return seriesOf(filler).points.get(time);
  };
  const filled = timesOf(scope, series.periodMs).flatMap((time) => {
    const value = series.points.get(time) ?? at(time);
    return value === undefined ? [] : [[time, value] as const];
  });
  return withPoints(series, filled);
}

function before(known: readonly [number, number][], time: number): [number, number] | undefined {
  return known.findLast(([other]) => other <= time);
}

function onLine(known: readonly [number, number][], time: number): number | undefined {
  const left = before(known, time);
  const right = known.find(([other]) => other >= time);
  if (left === undefined || right === undefined) return undefined;
  const share = right[0] === left[0] ? 0 : (time - left[0]) / (right[0] - left[0]);
  return left[1] + share * (right[1] - left[1]);
}

/** Time by time; where the condition does not hold and nothing else is given there is no value. */
function choose(condition: Value, then: Value, otherwise: Value | undefined): Value {
  if (typeof condition === 'number') {
    if (condition === 0 && otherwise === undefined)
      throw new WrongArguments('IF on a number takes three values');
    return condition === 0 ? otherwise! : then;
  }
  const series = seriesOf(condition);
  const at = (value: Value | undefined, time: number): number =>
    value === undefined
      ? Number.NaN
      : typeof value === 'number'
        ? value
        : (seriesOf(value).points.get(time) ?? Number.NaN);
  return withPoints(
    series,
    [...series.points].map(([time, holds]) => [time, at(holds === 0 ? otherwise : then, time)] as const),
  );
}

function constant(value: number, scope: MathScope): TimeSeries {
  const periodMs = 60_000;
  return {
    label: String(value),
    periodMs,
    points: new Map(timesOf(scope, periodMs).map((time) => [time, value])),
  };
}

function memberOf(all: readonly TimeSeries[], at: number): TimeSeries {
  const one = all.at(at);
  if (one === undefined) throw new WrongArguments('there is no series to take');
  return one;
}

function isText(argument: Argument): argument is { readonly text: string } {
  return typeof argument === 'object' && 'text' in argument;
}

function asValue(argument: Argument | undefined): Value {
  if (argument === undefined || isText(argument)) throw new WrongArguments('a value is missing');
  return argument;
}

function seriesOf(argument: Argument | undefined): TimeSeries {
  const value = asValue(argument);
  if (!isSeries(value)) throw new WrongArguments('a single time series is needed');
  return value;
}

function arrayOf(argument: Argument | undefined): readonly TimeSeries[] {
  const value = asValue(argument);
  if (!isArray(value)) throw new WrongArguments('an array of time series is needed');
  return value;
}

function numberOf(argument: Argument | undefined): number {
  const value = asValue(argument);
  if (typeof value !== 'number') throw new WrongArguments('a number is needed');
  return value;
}

function textOf(argument: Argument | undefined): string {
  if (argument === undefined || !isText(argument)) throw new WrongArguments('a text in quotes is needed');
  return argument.text;
}

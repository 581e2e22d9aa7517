// Alarms on metrics: PutMetricAlarm, DescribeAlarms, DescribeAlarmHistory, DeleteAlarms, SetAlarmState, and their
// evaluation: so many of the last periods over the threshold. They are kept; the metrics under them are not.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
import type { Clock } from '../clock.ts';
import { type AwsPlace, arn, type SdkOperations, type SdkValues } from '../service.ts';
import { AwsError } from '../wire/errors.ts';
import type { Alarm, AlarmEvent, AlarmStore } from './alarm-store.ts';
import type { AlarmState, RingingAlarm } from './api.ts';
import { dimensionsOf, timeOf } from './dimensions.ts';
import { periods } from './periods.ts';
import type { Registry } from './registry.ts';
import { statisticOf } from './series.ts';

/** Between two evaluations; CloudWatch's standard alarms take a minute. */
const EVALUATE_MS = 5_000;
/** How long SetAlarmState stands before the numbers rule again. */
const HOLD_MS = 60_000;

export class Alarms {
  readonly operations: SdkOperations;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #place: AwsPlace;
  readonly #store: AlarmStore;
  readonly #alarms: Map<string, Alarm>;
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(registry: Registry, store: AlarmStore, { clock, place }: { clock: Clock; place: AwsPlace }) {
    this.#registry = registry;
    this.#clock = clock;
    this.#place = place;
    this.#store = store;
    this.#alarms = new Map(store.alarms());
    this.operations = {
      putMetricAlarm: async (input) => this.#put(input),
      describeAlarms: async (input) => this.#describe(input),
      describeAlarmsForMetric: async (input) => this.#describeForMetric(input),
      deleteAlarms: async (input) => {
        for (const name of (input.AlarmNames ?? []) as string[]) this.#delete(name);
        return {};
      },
      describeAlarmHistory: async (input) => history(this.#store.events(), input),
      setAlarmState: async (input) => this.#set(input),
    };
    this.#schedule();
  }

  state(alarmName: string): AlarmState | undefined {
    const alarm = this.#alarms.get(alarmName);
    if (alarm !== undefined) this.#evaluate(alarm);
    return alarm?.state;
  }

  ringing(actionArn: string): readonly RingingAlarm[] {
    const named = this.#alarms
      .values()
      .filter(({ fields }) => ((fields.AlarmActions ?? []) as string[]).includes(actionArn))
      .filter(({ fields }) => fields.ActionsEnabled !== false);
    return [...named].flatMap((alarm) => {
      this.#evaluate(alarm);
      if (alarm.state !== 'ALARM') return [];
      const threshold = Number(alarm.fields.Threshold);
      const values = lastValues(this.#registry, alarm.fields, this.#clock.now(), periodsOf(alarm.fields));
      return [{ threshold, value: values.findLast((value) => value !== undefined) ?? threshold }];
    });
  }

  close(): void {
    this.#cancel();
    this.#isClosed = true;
    this.#store.close();
  }

  #schedule(): void {
    this.#cancel = this.#clock.schedule(EVALUATE_MS, () => {
      for (const alarm of this.#alarms.values()) this.#evaluate(alarm);
      this.#schedule();
    });
  }

  #put(input: SdkValues): SdkValues {
    const name = String(input.AlarmName ?? '');
    checkAlarm(input, name);
    const known = this.#alarms.get(name);
    const alarm: Alarm = {
      fields: { ...input, AlarmArn: arn(this.#place, 'cloudwatch', `alarm:${name}`) },
      state: known?.state ?? 'INSUFFICIENT_DATA',
      reason: known?.reason ?? 'Unchecked: Initial alarm creation',
      stateUpdatedMs: known?.stateUpdatedMs ?? this.#clock.now(),
      heldUntilMs: 0,
    };
    this.#alarms.set(name, alarm);
    this.#store.put(name, alarm);
    this.#note(name, 'ConfigurationUpdate', `Alarm "${name}" ${known === undefined ? 'created' : 'updated'}`);
    return {};
  }

  #delete(name: string): void {
    if (!this.#alarms.delete(name)) return;
    this.#store.delete(name);
    this.#note(name, 'ConfigurationUpdate', `Alarm "${name}" deleted`);
  }

  #note(alarmName: string, type: AlarmEvent['type'], summary: string): void {
    this.#store.note({ alarmName, type, summary, atMs: this.#clock.now() });
  }

  #set(input: SdkValues): SdkValues {
    const alarm = this.#alarms.get(String(input.AlarmName));
    if (alarm === undefined)
      throw new AwsError('ResourceNotFound', 'The alarm does not exist.', { statusCode: 404 });
    this.#move(alarm, input.StateValue as AlarmState, String(input.StateReason ?? ''));
    alarm.heldUntilMs = this.#clock.now() + HOLD_MS;
    this.#store.put(String(input.AlarmName), alarm);
    return {};
  }

  #describe(input: SdkValues): SdkValues {
    const names = input.AlarmNames as string[] | undefined;
    const prefix = input.AlarmNamePrefix as string | undefined;
    const MetricAlarms = [...this.#alarms.values()]
      .filter(({ fields }) => names === undefined || names.includes(fields.AlarmName as string))
      .filter(({ fields }) => prefix === undefined || String(fields.AlarmName).startsWith(prefix))
      .map((alarm) => this.#view(alarm))
      .filter(({ StateValue }) => input.StateValue === undefined || StateValue === input.StateValue);
    return { MetricAlarms, CompositeAlarms: [] };
  }

  #describeForMetric(input: SdkValues): SdkValues {
    const MetricAlarms = [...this.#alarms.values()]
      .filter(({ fields }) => fields.MetricName === input.MetricName && fields.Namespace === input.Namespace)
      .map((alarm) => this.#view(alarm));
    return { MetricAlarms };
  }

  #view(alarm: Alarm): SdkValues {
    this.#evaluate(alarm);
    return {
      ActionsEnabled: true,
      ...alarm.fields,
      StateValue: alarm.state,
      StateReason: alarm.reason,
      StateUpdatedTimestamp: new Date(alarm.stateUpdatedMs),
    };
  }

  #evaluate(alarm: Alarm): void {
    const nowMs = this.#clock.now();
    // Whoever still asks while the process ends gets the last state.
    if (this.#isClosed || nowMs < alarm.heldUntilMs) return;
    const { state, reason } = judge(this.#registry, alarm.fields, nowMs, alarm.state);
    if (state !== alarm.state) this.#move(alarm, state, reason);
  }

  #move(alarm: Alarm, state: AlarmState, reason: string): void {
    const name = String(alarm.fields.AlarmName);
    this.#note(name, 'StateUpdate', `Alarm updated from ${alarm.state} to ${state}`);
    alarm.state = state;
    alarm.reason = reason;
    alarm.stateUpdatedMs = this.#clock.now();
    this.#store.put(name, alarm);
  }
}

const HISTORY_PAGE = 100;

/** What became of alarms, newest first unless asked otherwise, in pages. */
function history(events: readonly AlarmEvent[], input: SdkValues): SdkValues {
  const fromMs = input.StartDate === undefined ? 0 : timeOf(input.StartDate, 'StartDate');
  const toMs = input.EndDate === undefined ? Number.POSITIVE_INFINITY : timeOf(input.EndDate, 'EndDate');
  const found = events.filter(
    ({ alarmName, type, atMs }) =>
      (input.AlarmName === undefined || input.AlarmName === alarmName) &&
      (input.HistoryItemType === undefined || input.HistoryItemType === type) &&
      atMs >= fromMs &&
      atMs <= toMs,
  );
  if (input.ScanBy !== 'TimestampAscending') found.reverse();
  const from = Number(input.NextToken ?? 0);
  const end = from + Math.min(HISTORY_PAGE, Number(input.MaxRecords ?? HISTORY_PAGE));
  const AlarmHistoryItems = found.slice(from, end).map(({ alarmName, type, atMs, summary }) => ({
    AlarmName: alarmName,
    AlarmType: 'MetricAlarm',
    Timestamp: new Date(atMs),
    HistoryItemType: type,
    HistorySummary: summary,
  }));
  return end < found.length ? { AlarmHistoryItems, NextToken: String(end) } : { AlarmHistoryItems };
}

const COMPARISONS: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

const RELATIONS: Readonly<Record<string, string>> = {
  GreaterThanThreshold: 'greater than',
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
};

function checkAlarm(input: SdkValues, name: string): void {
  if (name === '') throw new AwsError('ValidationError', 'The parameter AlarmName is required.');
  if (COMPARISONS[String(input.ComparisonOperator)] === undefined)
    throw new AwsError('ValidationError', `The comparison ${input.ComparisonOperator} is not served here.`);
  if (input.MetricName === undefined)
    throw new AwsError('ValidationError', 'Only alarms on one metric (MetricName) are served here.');
}

/** The last periods as the alarm sees them: breaching or not, and missing ones treated as it says. */
function judge(
  registry: Registry,
  fields: SdkValues,
  nowMs: number,
  current: AlarmState,
): { state: AlarmState; reason: string } {
  const count = periodsOf(fields);
  const needed = Number(fields.DatapointsToAlarm ?? count);
  const values = lastValues(registry, fields, nowMs, count);
  const present = values.filter((value) => value !== undefined);
  const missing = String(fields.TreatMissingData ?? 'missing');
  if (missing === 'ignore' && present.length === 0) return { state: current, reason: 'No data' };
  if (missing === 'missing' && present.length === 0)
    return { state: 'INSUFFICIENT_DATA', reason: `Insufficient Data: ${count} datapoints were unknown.` };
  const isOver = COMPARISONS[String(fields.ComparisonOperator)]!;
  const threshold = Number(fields.Threshold);
  const breaching =
    present.filter((value) => isOver(value, threshold)).length +
    (missing === 'breaching' ? count - present.length : 0);
  const isRinging = breaching >= needed;
  const deciding = isRinging ? breaching : count - breaching;
  const relation = `${deciding === 1 ? 'was' : 'were'} ${isRinging ? '' : 'not '}${RELATIONS[String(fields.ComparisonOperator)]}`;
  const change = isRinging ? 'OK -> ALARM' : 'ALARM -> OK';
  const least = isRinging ? needed : count - needed + 1;
  const reason = `Threshold Crossed: ${deciding} out of the last ${count} datapoints [${present.join(', ')}] ${relation} the threshold (${threshold}) (minimum ${least} datapoint${least === 1 ? '' : 's'} for ${change} transition).`;
  return { state: isRinging ? 'ALARM' : 'OK', reason };
}

function periodsOf(fields: SdkValues): number {
  return Number(fields.EvaluationPeriods ?? 1);
}

function lastValues(
  registry: Registry,
  fields: SdkValues,
  nowMs: number,
  count: number,
): (number | undefined)[] {
  const periodMs = Math.max(60, Number(fields.Period ?? 60)) * 1000;
  const query = {
    namespace: String(fields.Namespace),
    name: String(fields.MetricName),
    dimensions: dimensionsOf(fields.Dimensions),
    unit: fields.Unit as string | undefined,
  };
  const statistic = String(fields.ExtendedStatistic ?? fields.Statistic ?? 'Average');
  // The running period counts as soon as it has data: nobody at one machine waits a minute for an alarm.
  const lastStartMs = nowMs - (nowMs % periodMs);
  const fromMs = lastStartMs - periodMs * (count - 1);
  const buckets = new Map(
    periods(registry, query, { fromMs, toMs: nowMs + 1, periodMs }).map((bucket) => [bucket.startMs, bucket]),
  );
  return Array.from({ length: count }, (_, index) => {
    const bucket = buckets.get(fromMs + index * periodMs);
    return bucket === undefined ? undefined : statisticOf(bucket, statistic);
  });
}

// CloudWatch metrics and alarms through the SDK over a real socket, on a clock that the test turns.
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { cbor } from '@smithy/core/cbor';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TurnedClock, turnedClock } from '../../local/clock.ts';
import type { Monitoring } from '../../local/monitoring/api.ts';
import { createMonitoring } from '../../local/monitoring/index.ts';
import { merge, StoredSeries, statisticOf } from '../../local/monitoring/series.ts';
import { createWireServer } from '../../local/wire/server.ts';

const START_MS = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;
let clock: TurnedClock;
let monitoring: Monitoring;
let client: CloudWatchClient;
let endpoint: string;
let close: () => Promise<void>;

beforeEach(async () => {
  clock = turnedClock(START_MS);
  monitoring = createMonitoring({ clock });
  const server = createWireServer({ services: [monitoring] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new CloudWatchClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  close = async () => {
    client.destroy();
    await monitoring.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});

afterEach(() => close());

const DIMENSIONS = { EndpointName: 'prices', VariantName: 'AllTraffic' };
const LATENCY = {
  namespace: 'AWS/SageMaker',
  name: 'ModelLatency',
  dimensions: DIMENSIONS,
  unit: 'Microseconds',
};
const ITEMS = Object.entries(DIMENSIONS).map(([Name, Value]) => ({ Name, Value }));
const metric = { Namespace: 'AWS/SageMaker', MetricName: 'ModelLatency', Dimensions: ITEMS };

describe('statistics', () => {
  it('come by the minute, with percentiles', async () => {
    const series = monitoring.series(LATENCY);
    for (let value = 1; value <= 100; value++) series.add(value);
    await clock.turn(MINUTE_MS);
    series.add(7);

    const { Datapoints } = await client.send(
      new GetMetricStatisticsCommand({
        ...metric,
        StartTime: new Date(START_MS),
        EndTime: new Date(START_MS + 2 * MINUTE_MS),
        Period: 60,
        Statistics: ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'],
      }),
    );
    const { Datapoints: extended } = await client.send(
      new GetMetricStatisticsCommand({
        ...metric,
        StartTime: new Date(START_MS),
        EndTime: new Date(START_MS + MINUTE_MS),
        Period: 60,
        ExtendedStatistics: ['p90'],
      }),
    );

    expect(Datapoints).toEqual([
      expect.objectContaining({
        Timestamp: new Date(START_MS),
        Unit: 'Microseconds',
        Sum: 5050,
        Average: 50.5,
        Minimum: 1,
        Maximum: 100,
        SampleCount: 100,
      }),
      expect.objectContaining({ Sum: 7, SampleCount: 1 }),
    ]);
    const p90 = extended![0]!.ExtendedStatistics!.p90!;
    expect(p90).toBeGreaterThan(88);
    expect(p90).toBeLessThan(92);
  });

  it('fold minutes into longer periods', async () => {
    const series = monitoring.series(LATENCY);
    series.add(1);
    await clock.turn(MINUTE_MS);
    series.add(3);

    const { Datapoints } = await client.send(
      new GetMetricStatisticsCommand({
        ...metric,
        StartTime: new Date(START_MS),
        EndTime: new Date(START_MS + 5 * MINUTE_MS),
        Period: 300,
        Statistics: ['Sum'],
      }),
    );

    expect(Datapoints).toEqual([expect.objectContaining({ Sum: 4 })]);
  });

  it('give percentiles within two per cent of the truth', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1 }), (values) => {
        const series = new StoredSeries(LATENCY, turnedClock(0));
        for (const value of values) series.add(value);
        const sorted = [...values].sort((a, b) => a - b);

        const p50 = statisticOf(merge(0, series.between(0, MINUTE_MS)), 'p50')!;

        const truth = sorted[Math.ceil(sorted.length / 2) - 1]!;
        expect(Math.abs(p50 / truth - 1)).toBeLessThan(0.021);
      }),
    );
  });
});

describe('PutMetricData', () => {
  it('keeps a caller’s own values, lists them, and computes with them', async () => {
    await client.send(
      new PutMetricDataCommand({
        Namespace: 'Mine',
        MetricData: [
          { MetricName: 'Good', Values: [1, 2], Counts: [3, 1], Unit: 'Count' },
          { MetricName: 'Bad', Value: 2 },
        ],
      }),
    );

    const { Metrics } = await client.send(new ListMetricsCommand({ Namespace: 'Mine' }));
    const stat = (MetricName: string) => ({
      MetricStat: { Metric: { Namespace: 'Mine', MetricName }, Period: 60, Stat: 'Sum' },
      ReturnData: false,
    });
    const { MetricDataResults } = await client.send(
      new GetMetricDataCommand({
        StartTime: new Date(START_MS),
        EndTime: new Date(START_MS + MINUTE_MS),
        MetricDataQueries: [
          { Id: 'good', ...stat('Good') },
          { Id: 'bad', ...stat('Bad') },
          { Id: 'share', Expression: '100 * bad / (bad + good)', Label: 'Failures' },
        ],
      }),
    );

    expect(Metrics?.map(({ MetricName }) => MetricName)).toEqual(['Good', 'Bad']);
    expect(MetricDataResults).toMatchObject([
      { Id: 'share', Label: 'Failures', Values: [(100 * 2) / 7], StatusCode: 'Complete' },
    ]);
  });

  it('refuses the namespaces of AWS', async () => {
    const put = client.send(
      new PutMetricDataCommand({ Namespace: 'AWS/SageMaker', MetricData: [{ MetricName: 'x', Value: 1 }] }),
    );

    await expect(put).rejects.toThrow('AWS/');
  });

  it('refuses functions of metric math that are not served, by name', async () => {
    const query = client.send(
      new GetMetricDataCommand({
        StartTime: new Date(START_MS),
        EndTime: new Date(START_MS + MINUTE_MS),
        MetricDataQueries: [{ Id: 'a', Expression: 'ANOMALY_DETECTION_BAND(b, 2)' }],
      }),
    );

    await expect(query).rejects.toThrow('"ANOMALY_DETECTION_BAND" is not served');
  });
});

describe('alarms', () => {
  const ALARM = {
    AlarmName: 'kept',
    ...metric,
    Statistic: 'Average',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 100,
    ComparisonOperator: 'GreaterThanThreshold',
  } as const;

  it('are there again after a restart, with their state and history', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'alarms-'));
    const databaseFile = join(folder, 'alarms.sqlite');
    const first = createMonitoring({ clock, databaseFile });
    await first.operations.putMetricAlarm!(ALARM);
    await first.operations.putMetricAlarm!({ ...ALARM, AlarmName: 'gone' });
    await first.operations.deleteAlarms!({ AlarmNames: ['gone'] });
    await first.operations.setAlarmState!({ AlarmName: 'kept', StateValue: 'ALARM', StateReason: 'test' });
    await first.close();

    const second = createMonitoring({ clock, databaseFile });
    const { MetricAlarms } = await second.operations.describeAlarms!({});
    const { AlarmHistoryItems } = await second.operations.describeAlarmHistory!({ AlarmName: 'kept' });
    await second.close();
    await rm(folder, { recursive: true });

    expect(MetricAlarms).toMatchObject([{ ...ALARM, StateValue: 'ALARM', StateReason: 'test' }]);
    expect(AlarmHistoryItems).toMatchObject([
      { HistoryItemType: 'StateUpdate', HistorySummary: 'Alarm updated from INSUFFICIENT_DATA to ALARM' },
      { HistoryItemType: 'ConfigurationUpdate', HistorySummary: 'Alarm "kept" created' },
    ]);
  });

  it('have a history through the SDK, in pages', async () => {
    await client.send(new PutMetricAlarmCommand(ALARM));
    await client.send(new DeleteAlarmsCommand({ AlarmNames: ['kept'] }));

    const first = await client.send(new DescribeAlarmHistoryCommand({ MaxRecords: 1 }));
    const second = await client.send(new DescribeAlarmHistoryCommand({ NextToken: first.NextToken }));

    expect(first.AlarmHistoryItems![0]).toMatchObject({
      HistorySummary: 'Alarm "kept" deleted',
      Timestamp: new Date(START_MS),
    });
    expect(second.AlarmHistoryItems!.map((item) => item.HistorySummary)).toEqual(['Alarm "kept" created']);
  });
});

it('refuses statistics without a statistic', async () => {
  const range = { StartTime: new Date(START_MS), EndTime: new Date(START_MS + MINUTE_MS), Period: 60 };

  const refused = client.send(new GetMetricStatisticsCommand({ ...metric, ...range }));

  await expect(refused).rejects.toThrow('Statistics or ExtendedStatistics');
});

describe('an alarm', () => {
  const put = (extra = {}) =>
    client.send(
      new PutMetricAlarmCommand({
        AlarmName: 'slow',
        ...metric,
        Statistic: 'Maximum',
        Period: 60,
        EvaluationPeriods: 2,
        DatapointsToAlarm: 2,
        Threshold: 100,
        ComparisonOperator: 'GreaterThanThreshold',
        ...extra,
      }),
    );
  const state = async () => (await client.send(new DescribeAlarmsCommand({}))).MetricAlarms![0]!.StateValue;

  it('rings when enough of the last periods are over the threshold, and stops when they are not', async () => {
    await put();
    expect(await state()).toBe('INSUFFICIENT_DATA');
    monitoring.series(LATENCY).add(200);
    expect(await state()).toBe('OK');
    await clock.turn(MINUTE_MS);
    monitoring.series(LATENCY).add(300);

    expect(await state()).toBe('ALARM');
    expect(monitoring.alarmState('slow')).toBe('ALARM');
    await clock.turn(MINUTE_MS);
    monitoring.series(LATENCY).add(1);
    expect(await state()).toBe('OK');
    const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms![0]!.StateReason).toMatch(
      /^Threshold Crossed: 1 out of the last \d datapoints \[.+\] was not greater than the threshold \(100\)/,
    );
  });

  it.each([
    ['breaching', 'ALARM'],
    ['notBreaching', 'OK'],
    ['missing', 'INSUFFICIENT_DATA'],
  ])('treats missing data as %s when told', async (treatment, expected) => {
    await put({ TreatMissingData: treatment });

    expect(await state()).toBe(expected);
  });

  it('can be set by hand, and deleted', async () => {
    await put();
    await client.send(
      new SetAlarmStateCommand({ AlarmName: 'slow', StateValue: 'ALARM', StateReason: 'test' }),
    );

    expect(await state()).toBe('ALARM');
    await client.send(new DeleteAlarmsCommand({ AlarmNames: ['slow'] }));
    expect(monitoring.alarmState('slow')).toBeUndefined();
  });
});

it('speaks CBOR to the command line', async () => {
  monitoring.series(LATENCY).add(1);

  const response = await fetch(`${endpoint}/service/GraniteServiceVersion20100801/operation/ListMetrics`, {
    method: 'POST',
    headers: { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
    body: cbor.serialize({ Namespace: 'AWS/SageMaker' }) as Uint8Array<ArrayBuffer>,
  });

  expect(response.headers.get('smithy-protocol')).toBe('rpc-v2-cbor');
  const answer = cbor.deserialize(new Uint8Array(await response.arrayBuffer()));
  expect(answer.Metrics).toMatchObject([{ MetricName: 'ModelLatency' }]);
});

it('shows every series to Prometheus', () => {
  monitoring.series(LATENCY).add(5);
  monitoring.series(LATENCY).add(6);
  const level = {
    namespace: '/aws/sagemaker/Endpoints',
    name: 'LoadedModelCount',
    dimensions: {},
    unit: 'None',
  };
  monitoring.series(level).add(4);

  const text = monitoring.prometheus();

  expect(text).toContain('# TYPE aws_sagemaker_model_latency_microseconds summary');
  expect(text).toContain(
    'aws_sagemaker_model_latency_microseconds_sum{endpoint_name="prices",variant_name="AllTraffic"} 11',
  );
  expect(text).toContain('aws_sagemaker_endpoints_loaded_model_count 4');
});

it.each([
  ['Invocation4XXErrors', 'aws_sagemaker_invocation_4xx_errors'],
  ['CPUUtilization', 'aws_sagemaker_cpu_utilization'],
  ['GPUMemoryUtilization', 'aws_sagemaker_gpu_memory_utilization'],
])('shows %s to Prometheus as %s', (name, family) => {
  monitoring.series({ namespace: 'AWS/SageMaker', name, unit: 'None', dimensions: {} }).add(1);

  expect(monitoring.prometheus()).toContain(`# TYPE ${family} `);
});

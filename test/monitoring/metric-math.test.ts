// Metric math and search expressions, through the SDK over a real socket, on a clock that the test turns.
import type { AddressInfo } from 'node:net';
import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import type { Monitoring } from '../../local/monitoring/api.ts';
import { createMonitoring } from '../../local/monitoring/index.ts';
import { createWireServer } from '../../local/wire/server.ts';

const START_MS = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;
let monitoring: Monitoring;
let client: CloudWatchClient;
let close: () => Promise<void>;

/** Calls of three minutes, the third of five without any; latencies of two endpoints. */
beforeEach(async () => {
  const clock = turnedClock(START_MS);
  monitoring = createMonitoring({ clock });
  const add = (name: string, endpoint: string, value: number): void => {
    const dimensions = { EndpointName: endpoint, VariantName: 'v' };
    monitoring.series({ namespace: 'AWS/SageMaker', name, dimensions, unit: 'None' }).add(value);
  };
  for (const [a, b] of [[10, 1], [20, 4], [], [50, 2], [5, 8]]) {
    if (a !== undefined) add('Calls', 'prices', a);
    if (b !== undefined) add('Calls', 'themes', b);
    await clock.turn(MINUTE_MS);
  }
  add('Errors', 'prices', 1);
  const server = createWireServer({ services: [monitoring] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = new CloudWatchClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  close = async () => {
    client.destroy();
    await monitoring.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});

afterEach(() => close());

function calls(Id: string, endpoint: string): MetricDataQuery {
  const Dimensions = [
    { Name: 'EndpointName', Value: endpoint },
    { Name: 'VariantName', Value: 'v' },
  ];
  const Metric = { Namespace: 'AWS/SageMaker', MetricName: 'Calls', Dimensions };
  return { Id, MetricStat: { Metric, Period: 60, Stat: 'Sum' }, ReturnData: false };
}

async function results(Expression: string) {
  const { MetricDataResults } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(START_MS),
      EndTime: new Date(START_MS + 5 * MINUTE_MS),
      ScanBy: 'TimestampAscending',
      // The expression comes first: queries may name those that follow.
      MetricDataQueries: [{ Id: 'e', Expression }, calls('m1', 'prices'), calls('m2', 'themes')],
    }),
  );
  return MetricDataResults!;
}

const valuesOf = async (expression: string) => (await results(expression)).map(({ Values }) => Values);

describe('an expression', () => {
  it.each([
    ['SUM([m1, m2])', [11, 24, 52, 13]],
    ['SUM(METRICS())', [11, 24, 52, 13]],
    ['AVG(METRICS("m2"))', [1, 4, 2, 8]],
    ['MAX([m1, m2])', [10, 20, 50, 8]],
    ['MIN([m1, m2])', [1, 4, 2, 5]],
    ['m1 / MAX(m1)', [0.2, 0.4, 1, 0.1]],
    ['m1 - AVG(m2)', [6.25, 16.25, 46.25, 1.25]],
    ['FILL(m1, 0)', [10, 20, 0, 50, 5]],
    ['FILL(m1, REPEAT)', [10, 20, 20, 50, 5]],
    ['FILL(m1, LINEAR)', [10, 20, 35, 50, 5]],
    ['m1 / PERIOD(m1)', [1 / 6, 1 / 3, 5 / 6, 1 / 12]],
    ['RATE(m1)', [1 / 6, 0.25, -0.75]],
    ['DIFF(m2)', [3, -2, 6]],
    ['RUNNING_SUM(m2)', [1, 5, 7, 15]],
    ['IF(m1 > 15 AND m2 < 4, m1, -1)', [-1, -1, 50, -1]],
    ['IF(m1 >= 20, m1)', [20, 50]],
    ['ABS(m2 - m1) ^ 2', [81, 256, 2304, 9]],
    ['TIME_SERIES(DATAPOINT_COUNT(m1) + METRIC_COUNT(METRICS()))', [6, 6, 6, 6, 6]],
  ])('%s comes to one series', async (expression, values) => {
    expect(await valuesOf(expression)).toEqual([values]);
  });

  it('of an array comes to a result for each series', async () => {
    expect(await valuesOf('[m1, m2] * 2')).toEqual([
      [20, 40, 100, 10],
      [2, 8, 4, 16],
    ]);
  });

  it.each([
    ['SUM(m1)', 'not to a time series'],
    ['e + 1', 'depends on itself'],
    ['m1 +', 'ends too early'],
    ['(m1', '")" is missing'],
    ['m9', '"m9" is not served and is no id'],
    ['RATE(3)', 'a single time series is needed'],
    ['SEARCH("(", "Sum")', 'a term of the search is missing'],
  ])('%s is refused', async (expression, reason) => {
    await expect(results(expression)).rejects.toThrow(reason);
  });
});

describe('a search', () => {
  it.each([
    ['{AWS/SageMaker,EndpointName,VariantName} MetricName="Calls"', ['prices v Calls', 'themes v Calls']],
    ['{AWS/SageMaker,VariantName,EndpointName} Calls EndpointName=Price', ['prices v Calls']],
    ['MetricName="Errors" OR (EndpointName="themes" NOT Errors)', ['themes v Calls', 'prices v Errors']],
    ['{AWS/SageMaker,EndpointName} Calls', []],
  ])('%s finds its series', async (expression, labels) => {
    expect((await results(`SEARCH('${expression}', 'Sum', 60)`)).map(({ Label }) => Label)).toEqual(labels);
  });

  it('is summed as any array is', async () => {
    expect(
      await valuesOf(
        `SUM(SEARCH('{AWS/SageMaker,EndpointName,VariantName} MetricName="Calls"', 'Sum', 300))`,
      ),
    ).toEqual([[100]]);
  });
});

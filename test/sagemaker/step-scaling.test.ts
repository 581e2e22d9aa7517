// Step scaling: the rule by itself, and the whole over the wire: an alarm that names the policy, on a clock that the
// test turns.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, PutMetricAlarmCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { createMonitoring } from '../../local/monitoring/index.ts';
import { createS3 } from '../../local/s3/index.ts';
import { createSageMaker } from '../../local/sagemaker/index.ts';
import { type StepPolicy, StepScaler } from '../../local/sagemaker/scaling/step-scaling.ts';
import { createWireServer } from '../../local/wire/server.ts';
import { image } from './fixtures/stack.ts';

const MINUTE_MS = 60_000;

describe('a step', () => {
  const steps: StepPolicy['steps'] = [
    { MetricIntervalUpperBound: -10, ScalingAdjustment: -2 },
    { MetricIntervalLowerBound: -10, MetricIntervalUpperBound: 0, ScalingAdjustment: -1 },
    { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 10, ScalingAdjustment: 1 },
    { MetricIntervalLowerBound: 10, ScalingAdjustment: 3 },
  ];
  const policy: StepPolicy = { adjustmentType: 'ChangeInCapacity', steps, minMagnitude: 0, cooldownMs: 0 };

  it.each([
    [0, 6],
    [9.9, 6],
    [10, 8],
    [1e9, 8],
    [-0.1, 4],
    [-10, 3],
    [-11, 3],
  ])('is chosen by the distance from the threshold: %d makes 5 into %i', (distance, wanted) => {
    expect(new StepScaler(policy).ring(distance, 5, 0)).toBe(wanted);
  });

  it.each([
    [10, 25, 0, 12],
    [10, 5, 0, 11],
    [10, -5, 0, 9],
    [10, -67, 0, 4],
    [10, 25, 5, 15],
    [1, -300, 0, 0],
  ])(
    'of a part of the capacity: %i and %i %%, at least %i, make %i',
    (count, percent, minMagnitude, wanted) => {
      const step = [{ MetricIntervalLowerBound: 0, ScalingAdjustment: percent }];
      const scaler = new StepScaler({
        adjustmentType: 'PercentChangeInCapacity',
        steps: step,
        minMagnitude,
        cooldownMs: 0,
      });

      expect(scaler.ring(0, count, 0)).toBe(wanted);
    },
  );

  it('counts what was added while it cools down, and takes nothing away', () => {
    const scaler = new StepScaler({ ...policy, cooldownMs: 5 * MINUTE_MS });

    expect(scaler.ring(1, 2, 0)).toBe(3);
    expect(scaler.ring(1, 3, MINUTE_MS)).toBe(3);
    expect(scaler.ring(20, 3, 2 * MINUTE_MS)).toBe(5);
    expect(scaler.ring(-1, 5, 3 * MINUTE_MS)).toBe(5);
    expect(scaler.ring(-1, 5, 8 * MINUTE_MS)).toBe(4);
  });
});

it('adds instances while an alarm that names the policy rings', async () => {
  const container = createServer((request, response) => request.resume().on('end', () => response.end('ok')));
  await new Promise<void>((resolve) => container.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'steps-'));
  // Half a minute off: the alarm's period runs when the policies are looked at.
  const clock = turnedClock(Date.UTC(2026, 0, 1, 0, 0, 30));
  const s3 = await createS3({ folder: join(folder, 's3') });
  const monitoring = createMonitoring({ clock });
  const url = `http://127.0.0.1:${(container.address() as AddressInfo).port}`;
  const sagemaker = await createSageMaker({
    s3,
    clock,
    monitoring,
    volumesFolder: join(folder, 'volumes'),
    images: { box: { kind: 'url', url } },
    // Pings answer in real time: on a turned clock they would all be late.
    settings: { pingIntervalMs: 86_400_000 },
  });
  const server = createWireServer({ services: [sagemaker.autoScaling, monitoring] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const cloudWatch = new CloudWatchClient({ endpoint, region: 'us-east-1', credentials });
  const call = async (operation: string, input: object): Promise<Response> =>
    fetch(endpoint, {
      method: 'POST',
      headers: { 'x-amz-target': `AnyScaleFrontendService.${operation}` },
      body: JSON.stringify({
        ServiceNamespace: 'sagemaker',
        ResourceId: 'endpoint/scaled/variant/v',
        ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
        ...input,
      }),
    });
  const { operations } = sagemaker;
  await operations.createModel!({ ModelName: 'm', PrimaryContainer: { Image: image('box') } });
  const variant = { VariantName: 'v', ModelName: 'm', InitialInstanceCount: 1 };
  await operations.createEndpointConfig!({ EndpointConfigName: 'c', ProductionVariants: [variant] });
  await operations.createEndpoint!({ EndpointName: 'scaled', EndpointConfigName: 'c' });
  await sagemaker.settled('scaled');
  await call('RegisterScalableTarget', { MinCapacity: 1, MaxCapacity: 4 });
  const put = (StepAdjustments: object[]) =>
    call('PutScalingPolicy', {
      PolicyName: 'steps',
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: { AdjustmentType: 'ChangeInCapacity', Cooldown: 0, StepAdjustments },
    });
  expect((await put([])).status).toBe(400);
  const added = await put([
    { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 10, ScalingAdjustment: 1 },
    { MetricIntervalLowerBound: 10, ScalingAdjustment: 2 },
  ]);
  const { PolicyARN } = (await added.json()) as { PolicyARN: string };
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'backlog',
      AlarmActions: [PolicyARN],
      Namespace: 'Mine',
      MetricName: 'Backlog',
      Statistic: 'Maximum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 5,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    }),
  );
  const backlog = async (Value: number): Promise<void> => {
    const MetricData = [{ MetricName: 'Backlog', Value, Timestamp: new Date(clock.now()) }];
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: 'Mine', MetricData }));
  };
  const instances = async (): Promise<number> => {
    const { ProductionVariants } = await operations.describeEndpoint!({ EndpointName: 'scaled' });
    return (ProductionVariants as { CurrentInstanceCount: number }[])[0]!.CurrentInstanceCount;
  };
  const until = async (count: number): Promise<void> => {
    while ((await instances()) !== count) await new Promise((resolve) => setImmediate(resolve));
  };

  await backlog(1);
  await clock.turn(MINUTE_MS);
  expect(await instances()).toBe(1);
  await clock.turn(30_000);
  await backlog(20);
  await clock.turn(30_000);
  await until(3);

  await sagemaker.close();
  cloudWatch.destroy();
  await monitoring.close();
  await s3.close();
  for (const one of [server, container]) {
    one.closeAllConnections();
    await new Promise((resolve) => one.close(resolve));
  }
  await rm(folder, { recursive: true, force: true });
});

// Auto scaling of a variant's instances by target tracking: the rule by itself, and the whole over the wire on a clock
// that the test turns.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { createS3 } from '../../local/s3/index.ts';
import { createSageMaker } from '../../local/sagemaker/index.ts';
import { TargetTracker } from '../../local/sagemaker/scaling/target-tracking.ts';
import { createWireServer } from '../../local/wire/server.ts';
import { deploy, image, type Stack, startStack } from './fixtures/stack.ts';

const MINUTE_MS = 60_000;

describe('target tracking', () => {
  const policy = { targetValue: 100, scaleInCooldownMs: 0, scaleOutCooldownMs: 0, isScaleInDisabled: false };
  const rules = { scaleOutPeriods: 3, scaleInPeriods: 5 };

  function observe(tracker: TargetTracker, values: readonly number[], instances: number): number[] {
    return values.map((value, minute) => tracker.observe(value, instances, minute * MINUTE_MS));
  }

  it('adds instances after enough minutes over the target, as many as the load needs', () => {
    expect(observe(new TargetTracker(policy, rules), [250, 250, 250], 2)).toEqual([2, 2, 5]);
  });

  it('does not mind a single peak', () => {
    expect(observe(new TargetTracker(policy, rules), [250, 250, 50, 250, 250], 2)).toEqual([2, 2, 2, 2, 2]);
  });

  it('takes instances away after longer, and never the last one', () => {
    expect(observe(new TargetTracker(policy, rules), [40, 40, 40, 40, 40], 4)).toEqual([4, 4, 4, 4, 2]);
    expect(observe(new TargetTracker(policy, rules), [0, 0, 0, 0, 0], 4).at(-1)).toBe(1);
  });

  it('waits for the cooldown', () => {
    const tracker = new TargetTracker(
      { ...policy, scaleOutCooldownMs: 4 * MINUTE_MS },
      { ...rules, scaleOutPeriods: 1 },
    );

    expect(observe(tracker, [250, 250, 250, 250, 250], 2)).toEqual([5, 2, 2, 2, 5]);
  });
});

it('follows the calls to an endpoint, between MinCapacity and MaxCapacity', async () => {
  const container = createServer((request, response) => request.resume().on('end', () => response.end('ok')));
  await new Promise<void>((resolve) => container.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'scaling-'));
  const clock = turnedClock(Date.now());
  const s3 = await createS3({ folder: join(folder, 's3') });
  const url = `http://127.0.0.1:${(container.address() as AddressInfo).port}`;
  const sagemaker = await createSageMaker({
    s3,
    clock,
    volumesFolder: join(folder, 'volumes'),
    images: { box: { kind: 'url', url } },
    settings: { scaleOutPeriods: 1, scaleInPeriods: 2 },
  });
  const server = createWireServer({ services: [sagemaker.autoScaling] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const target = {
    ServiceNamespace: 'sagemaker',
    ResourceId: 'endpoint/scaled/variant/v',
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  };
  const call = async (operation: string, input: object): Promise<Response> =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
      method: 'POST',
      headers: { 'x-amz-target': `AnyScaleFrontendService.${operation}` },
      body: JSON.stringify({ ...target, ...input }),
    });
  const { operations } = sagemaker;
  await operations.createModel!({ ModelName: 'm', PrimaryContainer: { Image: image('box') } });
  const variant = { VariantName: 'v', ModelName: 'm', InitialInstanceCount: 1 };
  await operations.createEndpointConfig!({ EndpointConfigName: 'c', ProductionVariants: [variant] });
  await operations.createEndpoint!({ EndpointName: 'scaled', EndpointConfigName: 'c' });
  await sagemaker.settled('scaled');

  expect((await call('RegisterScalableTarget', { MinCapacity: 1, MaxCapacity: 3 })).status).toBe(200);
  const TargetTrackingScalingPolicyConfiguration = {
    TargetValue: 10,
    ScaleInCooldown: 0,
    ScaleOutCooldown: 0,
    PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
  };
  await call('PutScalingPolicy', {
    PolicyName: 'p',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration,
  });
  const instances = async (): Promise<number> => {
    const { ProductionVariants } = await operations.describeEndpoint!({ EndpointName: 'scaled' });
    return (ProductionVariants as { CurrentInstanceCount: number }[])[0]!.CurrentInstanceCount;
  };
  const until = async (count: number): Promise<void> => {
    while ((await instances()) !== count) await new Promise((resolve) => setImmediate(resolve));
  };

  await clock.turn(MINUTE_MS);
  for (let calls = 0; calls < 95; calls++) {
    await sagemaker.runtime.operations.invokeEndpoint!({ EndpointName: 'scaled', Body: 'x' });
  }
  await clock.turn(MINUTE_MS);
  await until(3);
  await clock.turn(2 * MINUTE_MS);
  await until(1);

  await sagemaker.close();
  await s3.close();
  for (const one of [server, container]) {
    one.closeAllConnections();
    await new Promise((resolve) => one.close(resolve));
  }
  await rm(folder, { recursive: true, force: true });
});

describe('a scalable target', () => {
  let stack: Stack;
  let cloudWatch: CloudWatchClient;
  const variant = 'endpoint/tracked/variant/AllTraffic';

  beforeAll(async () => {
    stack = await startStack();
    await deploy(stack, 'tracked', [{ Image: image('box') }]);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    cloudWatch = new CloudWatchClient({ endpoint: stack.endpointUrl, region: 'us-east-1', credentials });
  });

  afterAll(async () => {
    cloudWatch.destroy();
    await stack.close();
  });

  async function call(operation: string, input: object): Promise<{ status: number; body: string }> {
    const target = {
      ServiceNamespace: 'sagemaker',
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    };
    const answer = await fetch(stack.endpointUrl, {
      method: 'POST',
      headers: { 'x-amz-target': `AnyScaleFrontendService.${operation}` },
      body: JSON.stringify({ ...target, ...input }),
    });
    return { status: answer.status, body: await answer.text() };
  }

  it.each([
    ['endpoint/nowhere/variant/AllTraffic', 'Could not find endpoint'],
    ['endpoint/tracked/variant/nobody', 'has no production variant nobody'],
  ])('is refused for %s, which does not exist', async (ResourceId, words) => {
    const input = { ResourceId, MinCapacity: 1, MaxCapacity: 2 };
    const { status, body } = await call('RegisterScalableTarget', input);

    expect(status).toBe(400);
    expect(body).toContain(words);
  });

  it('gets two alarms from a target tracking policy, which go with it', async () => {
    const policy = { ResourceId: variant, PolicyName: 'p' };
    await call('RegisterScalableTarget', { ResourceId: variant, MinCapacity: 1, MaxCapacity: 2 });
    const put = await call('PutScalingPolicy', {
      ...policy,
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 10,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    });
    const { Alarms } = JSON.parse(put.body) as { Alarms: { AlarmName: string; AlarmARN: string }[] };

    const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms!.map(({ AlarmArn }) => AlarmArn).sort()).toEqual(
      Alarms.map(({ AlarmARN }) => AlarmARN).sort(),
    );
    expect(MetricAlarms).toMatchObject([
      {
        AlarmName: expect.stringMatching(
          /^TargetTracking-endpoint\/tracked\/variant\/AllTraffic-AlarmHigh-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
        ),
        MetricName: 'InvocationsPerInstance',
        Threshold: 10,
        ComparisonOperator: 'GreaterThanThreshold',
        EvaluationPeriods: 3,
      },
      {
        AlarmName: expect.stringContaining('-AlarmLow-'),
        Threshold: 9,
        ComparisonOperator: 'LessThanThreshold',
        EvaluationPeriods: 15,
      },
    ]);
    expect((await call('DescribeScalingPolicies', {})).body).toContain(Alarms[0]!.AlarmARN);

    await call('DeleteScalingPolicy', policy);
    expect((await cloudWatch.send(new DescribeAlarmsCommand({}))).MetricAlarms).toEqual([]);
  });
});

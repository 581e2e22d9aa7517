// UpdateEndpoint's ways to take over, under load: blue/green in steps, rolling, roll-back on an alarm; and weights and
// counts changed by hand.
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  type ContainerDefinition,
  DescribeEndpointCommand,
  UpdateEndpointCommand,
  type UpdateEndpointCommandInput,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUCKET, createConfig, deploy, image, invokeSeen, type Stack, startStack } from './fixtures/stack.ts';
import { artefact } from './fixtures/tar.ts';

let stack: Stack;
let cloudWatch: CloudWatchClient;

beforeAll(async () => {
  stack = await startStack({ minUpdateTimeoutSeconds: 1 });
  cloudWatch = new CloudWatchClient({
    endpoint: stack.endpointUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});

afterAll(async () => {
  cloudWatch.destroy();
  await stack.close();
});

const box = (NAME: string) => [{ Image: image('box'), Environment: { NAME } }];

/** Calls the endpoint without pause while `work` goes on; every call has to succeed. */
async function underLoad(endpoint: string, work: () => Promise<unknown>): Promise<string[]> {
  const names: string[] = [];
  let isDone = false;
  const caller = async (): Promise<void> => {
    while (!isDone) names.push((await invokeSeen(stack, endpoint)).name);
  };
  const callers = [caller(), caller()];
  await work().finally(() => {
    isDone = true;
  });
  await Promise.all(callers);
  return names;
}

async function update(name: string, DeploymentConfig: UpdateEndpointCommandInput['DeploymentConfig']) {
  await stack.control.send(
    new UpdateEndpointCommand({ EndpointName: name, EndpointConfigName: `${name}-2`, DeploymentConfig }),
  );
  return stack.sagemaker.settled(name);
}

describe('an update under load, without a failed call,', () => {
  it('moves over in a canary and then altogether', async () => {
    await deploy(stack, 'canary', box('blue'));
    await createConfig(stack, 'canary-2', box('green'));

    const names = await underLoad('canary', () =>
      update('canary', {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: {
            Type: 'CANARY',
            WaitIntervalInSeconds: 1,
            CanarySize: { Type: 'CAPACITY_PERCENT', Value: 20 },
          },
        },
      }),
    );

    const baking = names.slice(names.indexOf('green'), names.lastIndexOf('blue'));
    expect(baking.filter((name) => name === 'green').length).toBeLessThan(baking.length / 2);
    expect(names.at(-1)).toBe('green');
  });

  it('rolls over in batches of instances', async () => {
    const variant = { InitialInstanceCount: 2 };
    await deploy(stack, 'rolling', box('blue'), { variant });
    await createConfig(stack, 'rolling-2', box('green'), { variant });

    const names = await underLoad('rolling', () =>
      update('rolling', {
        RollingUpdatePolicy: {
          MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 },
          WaitIntervalInSeconds: 0,
        },
      }),
    );

    expect(new Set(names)).toEqual(new Set(['blue', 'green']));
    expect((await invokeSeen(stack, 'rolling')).name).toBe('green');
  });

  it('goes back when an alarm rings while it bakes', async () => {
    await deploy(stack, 'alarmed', box('blue'));
    await createConfig(stack, 'alarmed-2', box('green'));
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: 'errors',
        Namespace: 'AWS/SageMaker',
        MetricName: 'Invocation5XXErrors',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    );

    const states = new Set<string | undefined>();
    let outcome: { status: string; failureReason?: string } | undefined;
    await underLoad('alarmed', async () => {
      const updated = update('alarmed', {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 600 },
        },
        AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'errors' }] },
      });
      while ((await invokeSeen(stack, 'alarmed')).name !== 'green');
      const baking = await stack.control.send(new DescribeEndpointCommand({ EndpointName: 'alarmed' }));
      expect(baking.PendingDeploymentSummary).toMatchObject({
        EndpointConfigName: 'alarmed-2',
        StartTime: expect.any(Date),
        ProductionVariants: [{ VariantName: 'AllTraffic', VariantStatus: [{ Status: 'Baking' }] }],
      });
      await cloudWatch.send(
        new SetAlarmStateCommand({ AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'test' }),
      );
      outcome = await updated;
      states.add(
        (await stack.control.send(new DescribeEndpointCommand({ EndpointName: 'alarmed' }))).EndpointStatus,
      );
    });

    expect(outcome?.status).toBe('InService');
    expect(outcome?.failureReason).toContain('the alarm errors is in ALARM state');
    const after = await stack.control.send(new DescribeEndpointCommand({ EndpointName: 'alarmed' }));
    expect(after.PendingDeploymentSummary).toBeUndefined();
    expect((await invokeSeen(stack, 'alarmed')).name).toBe('blue');
  });
});

it('loads a model again whose artefact was replaced in place, and no other', async () => {
  const archive = (key: string) => ({ ModelDataUrl: `s3://${BUCKET}/replaced/${key}.tar.gz` });
  const put = async (key: string, text: string) =>
    stack.s3.putObject({ bucket: BUCKET, key: `replaced/${key}.tar.gz` }, await artefact(text));
  const containers: ContainerDefinition[] = [
    { Image: image('box'), Environment: { NAME: 'first', ANSWER: 'input' }, ...archive('first') },
    { Image: image('box'), Environment: { NAME: 'second' }, ...archive('second') },
  ];
  for (const key of ['first', 'second']) await put(key, 'old');
  await deploy(stack, 'replaced', containers);
  await createConfig(stack, 'replaced-2', containers);
  expect(await invokeSeen(stack, 'replaced')).toMatchObject({ name: 'second', model: 'old' });

  await put('second', 'new');
  await update('replaced', undefined);

  expect(await invokeSeen(stack, 'replaced')).toMatchObject({ name: 'second', model: 'new' });
  expect(stack.s3.fetches.get('replaced/first.tar.gz')).toBe(1);
});

it('takes an update back that is over its own time', async () => {
  await deploy(stack, 'timed', box('blue'));
  await createConfig(stack, 'timed-2', box('green'));

  const outcome = await update('timed', {
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 600 },
      MaximumExecutionTimeoutInSeconds: 1,
    },
  });

  expect(outcome).toEqual({
    status: 'InService',
    failureReason: expect.stringContaining('MaximumExecutionTimeoutInSeconds of 1 seconds'),
  });
  expect((await invokeSeen(stack, 'timed')).name).toBe('blue');
});

it('replaces one container of a pipeline under load and leaves the models of the other loaded', async () => {
  await stack.s3.putObject({ bucket: BUCKET, key: 'cities/a' }, await artefact('a'));
  const pipeline = (version: string): ContainerDefinition[] => [
    { Image: image('box'), Environment: { NAME: 'features', ANSWER: 'input', VERSION: version } },
    {
      Image: image('box'),
      Environment: { NAME: 'city' },
      Mode: 'MultiModel' as const,
      ModelDataUrl: `s3://${BUCKET}/cities/`,
    },
  ];
  await deploy(stack, 'step', pipeline('1'));
  await createConfig(stack, 'step-2', pipeline('2'));
  const call = () => invokeSeen(stack, 'step', { TargetModel: 'a' });
  const { pid } = await call();

  let isDone = false;
  const pids = new Set<number>();
  const caller = (async () => {
    while (!isDone) pids.add((await call()).pid);
  })();
  expect((await update('step', undefined)).status).toBe('InService');
  isDone = true;
  await caller;

  expect(pids).toEqual(new Set([pid]));
  expect(stack.s3.fetches.get('cities/a')).toBe(1);
  const lines = [...stack.logs].filter(([stream]) => stream.includes('/step|')).flatMap(([, all]) => all);
  expect(lines.filter((line) => line === 'features listens')).toHaveLength(2);
  expect(lines.filter((line) => line.startsWith('model-load'))).toHaveLength(1);
});

describe('UpdateEndpointWeightsAndCapacities', () => {
  it('starts and ends instances', async () => {
    await deploy(stack, 'sized', box('sized'));
    const resize = async (DesiredInstanceCount: number) => {
      await stack.control.send(
        new UpdateEndpointWeightsAndCapacitiesCommand({
          EndpointName: 'sized',
          DesiredWeightsAndCapacities: [
            { VariantName: 'AllTraffic', DesiredInstanceCount, DesiredWeight: 2 },
          ],
        }),
      );
      expect((await stack.sagemaker.settled('sized')).status).toBe('InService');
      return (await stack.control.send(new DescribeEndpointCommand({ EndpointName: 'sized' })))
        .ProductionVariants![0];
    };

    expect(await resize(3)).toMatchObject({ CurrentInstanceCount: 3, CurrentWeight: 2 });
    const pids = new Set<number>();
    for (let call = 0; call < 60; call++) pids.add((await invokeSeen(stack, 'sized')).pid);
    expect(pids.size).toBe(3);
    expect(await resize(1)).toMatchObject({ CurrentInstanceCount: 1, DesiredInstanceCount: 1 });
  });
});

describe('an update that retains variant properties', () => {
  const shape = (weight: number, count: number) => ({
    variant: { InitialInstanceCount: count, InitialVariantWeight: weight },
  });

  it.each([
    ['all of them', [], { CurrentWeight: 3, CurrentInstanceCount: 2 }],
    ['but its weight', ['DesiredWeight'], { CurrentWeight: 7, CurrentInstanceCount: 2 }],
    ['but its instances', ['DesiredInstanceCount'], { CurrentWeight: 3, CurrentInstanceCount: 1 }],
  ] as const)('keeps %s', async (_what, excluded, expected) => {
    const name = `retained-${excluded.join('') || 'all'}`;
    await deploy(stack, name, box('blue'), shape(3, 2));
    await createConfig(stack, `${name}-2`, box('green'), shape(7, 1));

    await stack.control.send(
      new UpdateEndpointCommand({
        EndpointName: name,
        EndpointConfigName: `${name}-2`,
        RetainAllVariantProperties: true,
        ExcludeRetainedVariantProperties: excluded.map((VariantPropertyType) => ({ VariantPropertyType })),
      }),
    );
    await stack.sagemaker.settled(name);

    const { ProductionVariants } = await stack.control.send(
      new DescribeEndpointCommand({ EndpointName: name }),
    );
    expect(ProductionVariants![0]).toMatchObject(expected);
    expect((await invokeSeen(stack, name)).name).toBe('green');
  });

  it('refuses a roll-back on an alarm that does not exist', async () => {
    const AutoRollbackConfiguration = { Alarms: [{ AlarmName: 'no-such-alarm' }] };

    const refused = update('retained-all', { AutoRollbackConfiguration });

    await expect(refused).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('"no-such-alarm"'),
    });
    expect(await stack.sagemaker.settled('retained-all')).toEqual({ status: 'InService' });
  });

  it('refuses a property that is none', async () => {
    await expect(
      stack.control.send(
        new UpdateEndpointCommand({
          EndpointName: 'retained-all',
          EndpointConfigName: 'retained-all-2',
          ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'Colour' as 'DesiredWeight' }],
        }),
      ),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('DescribeEndpoint', () => {
  it('names the images of a variant', async () => {
    await deploy(stack, 'described', box('described'));

    const described = await stack.control.send(new DescribeEndpointCommand({ EndpointName: 'described' }));

    expect(described.ProductionVariants![0]).toMatchObject({
      DeployedImages: [{ SpecifiedImage: image('box'), ResolvedImage: image('box') }],
      CurrentInstanceCount: 1,
    });
  });

  it('gives a serverless variant its configuration, and no instances', async () => {
    const ServerlessConfig = { MemorySizeInMB: 2048, MaxConcurrency: 3 };
    const variant = { ServerlessConfig, InstanceType: undefined, InitialInstanceCount: undefined };
    await deploy(stack, 'served', box('served'), { variant });

    const described = await stack.control.send(new DescribeEndpointCommand({ EndpointName: 'served' }));

    const summary = described.ProductionVariants![0]!;
    expect(summary.CurrentServerlessConfig).toEqual(ServerlessConfig);
    expect(summary).not.toHaveProperty('CurrentInstanceCount');
  });

  it.each(['m5.large', 'ml.large', 'ml.m5.huge'])('is never reached with instance type %s', async (type) => {
    const variant = { InstanceType: type as 'ml.m5.large' };

    const refused = createConfig(stack, `type-${type.replaceAll('.', '-')}`, box('x'), { variant });

    await expect(refused).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('instanceType'),
    });
  });
});

// Inference components through the SDK: copies of several models on one endpoint, called by name.
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateInferenceComponentCommand,
  DeleteEndpointCommand,
  DeleteInferenceComponentCommand,
  DescribeInferenceComponentCommand,
  ListInferenceComponentsCommand,
  UpdateInferenceComponentCommand,
  UpdateInferenceComponentRuntimeConfigCommand,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { image, invoke, invokeSeen, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ stopGraceMs: 200, startAttempts: 1 });
  const ProductionVariants = [
    { VariantName: 'AllTraffic', InstanceType: 'ml.m5.large' as const, InitialInstanceCount: 1 },
  ];
  await stack.control.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'shared',
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/shared',
      ProductionVariants,
    }),
  );
  await stack.control.send(
    new CreateEndpointCommand({ EndpointName: 'shared', EndpointConfigName: 'shared' }),
  );
  expect(await stack.sagemaker.settled('shared')).toEqual({ status: 'InService' });
  await Promise.all([create('left', 1), create('right', 2)]);
});

afterAll(() => stack.close());

function specification(NAME: string, environment = {}) {
  return {
    Container: { Image: image('box'), Environment: { NAME, ...environment } },
    ComputeResourceRequirements: { NumberOfCpuCoresRequired: 1, MinMemoryRequiredInMb: 128 },
  };
}

async function create(name: string, CopyCount: number) {
  await stack.control.send(
    new CreateInferenceComponentCommand({
      InferenceComponentName: name,
      EndpointName: 'shared',
      VariantName: 'AllTraffic',
      Specification: specification(name),
      RuntimeConfig: { CopyCount },
    }),
  );
  return settled(name);
}

async function settled(name: string) {
  for (;;) {
    const command = new DescribeInferenceComponentCommand({ InferenceComponentName: name });
    const described = await stack.control.send(command);
    if (!['Creating', 'Updating'].includes(described.InferenceComponentStatus!)) return described;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a component', () => {
  it('answers under its own name', async () => {
    expect((await invokeSeen(stack, 'shared', { InferenceComponentName: 'left' })).name).toBe('left');
    expect((await invokeSeen(stack, 'shared', { InferenceComponentName: 'right' })).name).toBe('right');
  });

  it('runs as many copies as it is told', async () => {
    const pids = new Set<number>();
    for (let call = 0; call < 30; call++) {
      pids.add((await invokeSeen(stack, 'shared', { InferenceComponentName: 'right' })).pid);
    }

    expect(pids.size).toBe(2);
  });

  it('has the calls to it counted under its own name too', async () => {
    const count = async (): Promise<number> => {
      const { Datapoints } = await stack.monitoring.operations.getMetricStatistics!({
        Namespace: 'AWS/SageMaker',
        MetricName: 'Invocations',
        Dimensions: [{ Name: 'InferenceComponentName', Value: 'right' }],
        StartTime: new Date(Date.now() - 600_000),
        EndTime: new Date(Date.now() + 60_000),
        Period: 3600,
        Statistics: ['Sum'],
      });
      return (Datapoints as { Sum: number }[])[0]?.Sum ?? 0;
    };
    const before = await count();

    for (let call = 0; call < 3; call++) await invoke(stack, 'shared', { InferenceComponentName: 'right' });

    expect(await count()).toBe(before + 3);
  });

  it('says in SageMaker’s words that it has no copy', async () => {
    await create('resized', 1);
    const resize = (CopyCount: number) =>
      stack.control.send(
        new UpdateInferenceComponentRuntimeConfigCommand({
          InferenceComponentName: 'resized',
          DesiredRuntimeConfig: { CopyCount },
        }),
      );
    await resize(0);
    expect((await settled('resized')).RuntimeConfig).toMatchObject({ CurrentCopyCount: 0 });
    await expect(invoke(stack, 'shared', { InferenceComponentName: 'resized' })).rejects.toThrow(
      'Inference Component has no capacity to process this request.',
    );
    await resize(1);
    await settled('resized');

    expect((await invokeSeen(stack, 'shared', { InferenceComponentName: 'resized' })).name).toBe('resized');
  });

  it('takes a new specification, and keeps the old one when the new one does not start', async () => {
    const update = async (environment: Record<string, string>) => {
      await stack.control.send(
        new UpdateInferenceComponentCommand({
          InferenceComponentName: 'left',
          Specification: specification('left-2', environment),
        }),
      );
      return settled('left');
    };
    const failed = await update({ EXIT_AT_START: '1' });
    expect(failed).toMatchObject({
      InferenceComponentStatus: 'InService',
      FailureReason: expect.any(String),
    });
    expect((await invokeSeen(stack, 'shared', { InferenceComponentName: 'left' })).name).toBe('left');

    expect((await update({})).FailureReason).toBeUndefined();
    expect((await invokeSeen(stack, 'shared', { InferenceComponentName: 'left' })).name).toBe('left-2');
  });
});

describe('the endpoint', () => {
  it('wants the component’s name', async () => {
    await expect(invoke(stack, 'shared')).rejects.toThrow('Inference Component Name header is required');
    await expect(invoke(stack, 'shared', { InferenceComponentName: 'nobody' })).rejects.toThrow('not found');
  });

  it('lists its components and cannot be deleted before them', async () => {
    const listed = await stack.control.send(
      new ListInferenceComponentsCommand({
        EndpointNameEquals: 'shared',
        SortBy: 'Name',
        SortOrder: 'Ascending',
      }),
    );
    expect(listed.InferenceComponents?.map((one) => one.InferenceComponentName)).toEqual([
      'left',
      'resized',
      'right',
    ]);
    await expect(stack.control.send(new DeleteEndpointCommand({ EndpointName: 'shared' }))).rejects.toThrow(
      'it hosts the inference components',
    );

    for (const name of ['left', 'resized', 'right']) {
      await stack.control.send(new DeleteInferenceComponentCommand({ InferenceComponentName: name }));
      await expect(settledGone(name)).resolves.toBe(true);
    }
    await stack.control.send(new DeleteEndpointCommand({ EndpointName: 'shared' }));
  });
});

async function settledGone(name: string): Promise<boolean> {
  for (;;) {
    const isThere = await settled(name).then(
      () => true,
      () => false,
    );
    if (!isThere) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

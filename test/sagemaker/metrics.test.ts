// What hosting tells CloudWatch: per variant, per container of a pipeline, and for multi-model endpoints.
import type { ContainerDefinition } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUCKET, deploy, image, invoke, type Stack, startStack } from './fixtures/stack.ts';
import { artefact } from './fixtures/tar.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.s3.putObject({ bucket: BUCKET, key: 'm/a' }, await artefact('a'));
  const containers: ContainerDefinition[] = [
    { Image: image('box'), Environment: { NAME: 'first' } },
    {
      Image: image('box'),
      Environment: { NAME: 'second' },
      Mode: 'MultiModel',
      ModelDataUrl: `s3://${BUCKET}/m/`,
    },
  ];
  await deploy(stack, 'measured', containers, { variant: { InitialInstanceCount: 2 } });
  for (const body of ['one', 'two', 'fail:first:415', 'fail:second:500']) {
    await invoke(stack, 'measured', { Body: body, TargetModel: 'a' }).catch(() => {});
  }
});

afterAll(() => stack.close());

async function statisticsOf(
  MetricName: string,
  options: { container?: string; namespace?: string } = {},
): Promise<Record<string, number>> {
  const dimensions = { EndpointName: 'measured', VariantName: 'AllTraffic' };
  const all =
    options.container === undefined ? dimensions : { ...dimensions, ContainerName: options.container };
  const { Datapoints } = await stack.monitoring.operations.getMetricStatistics!({
    Namespace: options.namespace ?? 'AWS/SageMaker',
    MetricName,
    Dimensions: Object.entries(all).map(([Name, Value]) => ({ Name, Value })),
    StartTime: new Date(Date.now() - 600_000),
    EndTime: new Date(Date.now() + 60_000),
    Period: 3600,
    Statistics: ['Sum', 'SampleCount', 'Average'],
  });
  return (Datapoints as Record<string, number>[])[0] ?? {};
}

describe('a variant', () => {
  it.each([
    ['Invocations', 4],
    ['InvocationsPerInstance', 2],
    ['Invocation4XXErrors', 1],
    ['Invocation5XXErrors', 1],
    ['InvocationModelErrors', 2],
  ])('counts %s', async (name, sum) => {
    expect(await statisticsOf(name)).toMatchObject({ Sum: sum, SampleCount: 4 });
  });

  it('measures the model’s and its own part of the time in microseconds', async () => {
    const model = await statisticsOf('ModelLatency');
    const overhead = await statisticsOf('OverheadLatency');

    expect(model.SampleCount).toBe(2);
    expect(model.Average).toBeGreaterThan(100);
    expect(overhead.Average).toBeLessThan(model.Average!);
  });

  it('measures each container of a pipeline', async () => {
    expect((await statisticsOf('ContainerLatency', { container: 'container-1' })).SampleCount).toBe(4);
    expect((await statisticsOf('ContainerLatency', { container: 'container-2' })).SampleCount).toBe(3);
  });
});

describe('a multi-model endpoint', () => {
  it('tells hits from misses and counts what is loaded', async () => {
    expect(await statisticsOf('ModelCacheHit')).toMatchObject({ SampleCount: 3, Sum: 2 });

    await stack.sagemaker.sampleUtilization();
    const loaded = await statisticsOf('LoadedModelCount', { namespace: '/aws/sagemaker/Endpoints' });
    expect(loaded).toMatchObject({ Sum: 1, Average: 1 / 2, SampleCount: 2 });
  });

  it.each(['ModelLoadingWaitTime', 'ModelDownloadingTime', 'ModelLoadingTime'])(
    'measures %s once',
    async (name) => {
      expect(await statisticsOf(name)).toMatchObject({ SampleCount: 1, Sum: expect.any(Number) });
    },
  );
});

it.skipIf(process.platform !== 'linux')('measures what the containers use of the machine', async () => {
  await stack.sagemaker.sampleUtilization();

  // Looked at twice by now: one value for each of the two instances, as CloudWatch has them.
  const memory = await statisticsOf('MemoryUtilization', { namespace: '/aws/sagemaker/Endpoints' });
  const disk = await statisticsOf('DiskUtilization', { namespace: '/aws/sagemaker/Endpoints' });
  expect(disk.SampleCount).toBe(4);
  expect(memory.SampleCount).toBe(4);
  expect(disk.Average).toBeLessThan(100);
  const processor = await statisticsOf('CPUUtilization', { namespace: '/aws/sagemaker/Endpoints' });
  expect(memory.Average).toBeGreaterThan(0);
  expect(memory.Average).toBeLessThan(100);
  expect(processor.Average).toBeGreaterThanOrEqual(0);
});

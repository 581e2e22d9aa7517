// What callers of the API created is there again after the process ended: endpoints serve, jobs and asynchronous
// invocations go on. What a template declares is the template's.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createS3 } from '../../local/s3/index.ts';
import type { SageMaker } from '../../local/sagemaker/api.ts';
import { createSageMaker } from '../../local/sagemaker/index.ts';
import { IMAGES } from './fixtures/stack.ts';

let folder: string;
let s3: Awaited<ReturnType<typeof createS3>>;
const running: SageMaker[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'restart-'));
  s3 = await createS3({ folder: join(folder, 's3') });
  await s3.createBucket('data');
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((sagemaker) => sagemaker.close()));
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<SageMaker> {
  const databaseFile = join(folder, 'records.sqlite');
  const sagemaker = await createSageMaker({
    s3,
    images: IMAGES,
    databaseFile,
    volumesFolder: join(folder, 'volumes'),
  });
  running.push(sagemaker);
  return sagemaker;
}

/** Ends the process, as far as SageMaker goes, and starts it again. */
async function restart(): Promise<SageMaker> {
  await running.pop()!.close();
  const sagemaker = await start();
  await sagemaker.resume();
  return sagemaker;
}

interface Shape {
  readonly environment?: Record<string, string>;
  readonly config?: Record<string, unknown>;
  readonly count?: number;
}

async function deploy({ operations, settled }: SageMaker, name: string, shape: Shape = {}): Promise<void> {
  const PrimaryContainer = { Image: 'box', Environment: shape.environment ?? {} };
  await operations.createModel!({ ModelName: name, PrimaryContainer });
  const variant = { VariantName: 'v', ModelName: name, InitialInstanceCount: shape.count ?? 1 };
  await operations.createEndpointConfig!({
    EndpointConfigName: name,
    ProductionVariants: [variant],
    ...shape.config,
  });
  await operations.createEndpoint!({ EndpointName: name, EndpointConfigName: name });
  expect(await settled(name)).toMatchObject({ status: 'InService' });
}

async function ask({ runtime }: SageMaker, EndpointName: string, Body = 'hello'): Promise<string> {
  const { Body: answer } = await runtime.operations.invokeEndpoint!({
    EndpointName,
    Body,
    ContentType: 'text/plain',
  });
  return Buffer.from(answer as Uint8Array).toString();
}

async function textAt(key: string): Promise<string> {
  const { body } = await s3.getObject({ bucket: 'data', key });
  return Buffer.concat(await body.toArray()).toString();
}

describe('after a restart', () => {
  it('an endpoint serves again, with the weights and counts it had, though its config was deleted', async () => {
    const before = await start();
    await deploy(before, 'kept', { environment: { NAME: 'again' } });
    const desired = [{ VariantName: 'v', DesiredWeight: 3, DesiredInstanceCount: 2 }];
    await before.operations.updateEndpointWeightsAndCapacities!({
      EndpointName: 'kept',
      DesiredWeightsAndCapacities: desired,
    });
    await before.settled('kept');
    await before.operations.deleteEndpointConfig!({ EndpointConfigName: 'kept' });
    const { CreationTime } = await before.operations.describeEndpoint!({ EndpointName: 'kept' });

    const after = await restart();

    expect(await after.settled('kept')).toEqual({ status: 'InService' });
    expect(await ask(after, 'kept')).toContain('"name":"again"');
    expect(await after.operations.describeEndpoint!({ EndpointName: 'kept' })).toMatchObject({
      CreationTime,
      ProductionVariants: [{ CurrentWeight: 3, CurrentInstanceCount: 2 }],
    });
  });

  it('an endpoint whose update was cut short serves what it served before', async () => {
    const before = await start();
    await deploy(before, 'torn', { environment: { NAME: 'old' } });
    await before.operations.createModel!({
      ModelName: 'new',
      PrimaryContainer: { Image: 'box', Environment: { UNHEALTHY: '1' } },
    });
    const variant = { VariantName: 'v', ModelName: 'new', InitialInstanceCount: 1 };
    await before.operations.createEndpointConfig!({
      EndpointConfigName: 'new',
      ProductionVariants: [variant],
    });
    await before.operations.updateEndpoint!({ EndpointName: 'torn', EndpointConfigName: 'new' });

    const after = await restart();

    expect(await after.settled('torn')).toMatchObject({
      status: 'InService',
      failureReason: expect.stringContaining('restart'),
    });
    expect(await ask(after, 'torn')).toContain('"name":"old"');
  });

  it('what was deleted stays deleted', async () => {
    const before = await start();
    await deploy(before, 'gone');
    await before.operations.deleteEndpoint!({ EndpointName: 'gone' });
    await before.operations.deleteModel!({ ModelName: 'gone' });

    const after = await restart();

    await expect(after.operations.describeModel!({ ModelName: 'gone' })).rejects.toThrow(
      'Could not find model',
    );
    expect(after.endpoints()).toEqual([]);
  });

  it('what a template declares is not kept, and takes the place of what had its name', async () => {
    const before = await start();
    await before.operations.createModel!({ ModelName: 'shared', PrimaryContainer: { Image: 'user' } });
    await before.declared.createModel!({ ModelName: 'shared', PrimaryContainer: { Image: 'template' } });
    await before.declared.createModel!({ ModelName: 'declared', PrimaryContainer: { Image: 'template' } });

    const after = await restart();
    await after.declared.createModel!({ ModelName: 'declared', PrimaryContainer: { Image: 'template' } });

    const { Models } = await after.operations.listModels!({});
    expect(Models).toMatchObject([{ ModelName: 'declared' }]);
  });

  it('an inference component has its copies again', async () => {
    const before = await start();
    const variant = { VariantName: 'v', InitialInstanceCount: 1, InstanceType: 'ml.m5.large' };
    await before.operations.createEndpointConfig!({
      EndpointConfigName: 'host',
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/host',
      ProductionVariants: [variant],
    });
    await before.operations.createEndpoint!({ EndpointName: 'host', EndpointConfigName: 'host' });
    await before.settled('host');
    await before.operations.createInferenceComponent!({
      InferenceComponentName: 'part',
      EndpointName: 'host',
      VariantName: 'v',
      Specification: { Container: { Image: 'box' } },
      RuntimeConfig: { CopyCount: 1 },
    });

    const after = await restart();

    expect(
      await after.operations.describeInferenceComponent!({ InferenceComponentName: 'part' }),
    ).toMatchObject({
      InferenceComponentStatus: 'InService',
      RuntimeConfig: { CurrentCopyCount: 1 },
    });
  });

  it('scaling policies stand', async () => {
    const at = {
      ServiceNamespace: 'sagemaker',
      ResourceId: 'endpoint/e/variant/v',
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    };
    const metric = { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' };
    const first = await start();
    await deploy(first, 'e');
    const before = first.autoScaling.operations;
    await before.registerScalableTarget!({ ...at, MinCapacity: 1, MaxCapacity: 3 });
    const TargetTrackingScalingPolicyConfiguration = {
      TargetValue: 10,
      PredefinedMetricSpecification: metric,
    };
    await before.putScalingPolicy!({
      ...at,
      PolicyName: 'p',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration,
    });

    const after = (await restart()).autoScaling.operations;

    expect(await after.describeScalableTargets!({ ServiceNamespace: 'sagemaker' })).toMatchObject({
      ScalableTargets: [{ MaxCapacity: 3 }],
    });
    expect(await after.describeScalingPolicies!({ ServiceNamespace: 'sagemaker' })).toMatchObject({
      ScalingPolicies: [{ PolicyName: 'p' }],
    });
  });

  it('asynchronous invocations that had no outcome yet get theirs, once each', async () => {
    const OutputConfig = { S3OutputPath: 's3://data/out', S3FailurePath: 's3://data/failed' };
    const ClientConfig = { MaxConcurrentInvocationsPerInstance: 1 };
    const before = await start();
    await deploy(before, 'later', { config: { AsyncInferenceConfig: { OutputConfig, ClientConfig } } });
    const submit = async (Body: string): Promise<string> => {
      const { OutputLocation } = await before.runtime.operations.invokeEndpointAsync!({
        EndpointName: 'later',
        Body,
      });
      return String(OutputLocation).replace('s3://data/', '');
    };
    // The first is in the container when the process ends, the others wait behind it.
    const outputs = [await submit('wait:box:300 one'), await submit('two'), await submit('three')];

    await restart();

    for (const [at, text] of ['one', 'two', 'three'].entries())
      expect(await vi.waitFor(() => textAt(outputs[at]!), { timeout: 5_000 })).toContain(text);
    expect((await s3.listObjects({ bucket: 'data', prefix: 'failed' })).objects).toEqual([]);
  });

  it('a transform job goes on with the objects that were not done', async () => {
    await s3.putObject({ bucket: 'data', key: 'in/1' }, 'first');
    await s3.putObject({ bucket: 'data', key: 'in/2' }, 'wait:box:600 second');
    const before = await start();
    await before.operations.createModel!({ ModelName: 'm', PrimaryContainer: { Image: 'box' } });
    await before.operations.createTransformJob!({
      TransformJobName: 'job',
      ModelName: 'm',
      TransformInput: { DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://data/in/' } } },
      TransformOutput: { S3OutputPath: 's3://data/done' },
      TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
    });
    const pidOfFirst = async (): Promise<number> => JSON.parse(await textAt('done/1.out')).pid;
    const pid = await vi.waitFor(pidOfFirst, { timeout: 5_000 });

    const after = await restart();

    const job = () => after.operations.describeTransformJob!({ TransformJobName: 'job' });
    await vi.waitFor(async () => expect(await job()).toMatchObject({ TransformJobStatus: 'Completed' }), {
      timeout: 5_000,
    });
    expect(await textAt('done/2.out')).toContain('second');
    expect(await pidOfFirst()).toBe(pid);
  });
});

describe('a model package after a restart', () => {
  async function deployVersion(sagemaker: SageMaker): Promise<string> {
    const { operations, settled } = sagemaker;
    await operations.createModelPackageGroup!({ ModelPackageGroupName: 'g' });
    const { ModelPackageArn } = await operations.createModelPackage!({
      ModelPackageGroupName: 'g',
      ModelApprovalStatus: 'Approved',
      InferenceSpecification: { Containers: [{ Image: 'box' }] },
    });
    const container = { ModelPackageName: ModelPackageArn };
    await operations.createModel!({ ModelName: 'e', PrimaryContainer: container });
    const variant = {
      VariantName: 'v',
      ModelName: 'e',
      InitialInstanceCount: 1,
      InstanceType: 'ml.m5.large',
    };
    await operations.createEndpointConfig!({ EndpointConfigName: 'e', ProductionVariants: [variant] });
    await operations.createEndpoint!({ EndpointName: 'e', EndpointConfigName: 'e' });
    await settled('e');
    return String(ModelPackageArn);
  }

  it('that was rejected is served no more than before it, with the same status and reason', async () => {
    const before = await start();
    const ModelPackageArn = await deployVersion(before);
    await before.operations.updateModelPackage!({ ModelPackageArn, ModelApprovalStatus: 'Rejected' });
    const outcome = await before.settled('e');

    const after = await restart();

    expect(outcome.status).toBe('OutOfService');
    expect(await after.settled('e')).toEqual(outcome);
  });

  it('adds no deployment to the lineage: only one that is deployed anew does', async () => {
    await deployVersion(await start());

    const after = await restart();
    await after.settled('e');

    expect(after.deployments()).toHaveLength(1);
    await after.operations.deleteEndpoint!({ EndpointName: 'e' });
    await vi.waitFor(() => expect(after.endpoints()).toEqual([]));
    await after.operations.createEndpoint!({ EndpointName: 'e', EndpointConfigName: 'e' });
    await after.settled('e');
    expect(after.deployments()).toHaveLength(2);
  });
});

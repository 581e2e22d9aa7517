// The model registry through the SDK: groups, versions, approval, endpoints that follow it, and what survives.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AddTagsCommand,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DeleteModelPackageCommand,
  DeleteTagsCommand,
  DescribeModelPackageCommand,
  ListArtifactsCommand,
  ListAssociationsCommand,
  ListContextsCommand,
  ListModelPackagesCommand,
  ListTagsCommand,
  type ModelApprovalStatus,
  QueryLineageCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createS3 } from '../../local/s3/index.ts';
import { createSageMaker } from '../../local/sagemaker/index.ts';
import { image, invokeSeen, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(() => stack.close());

async function createGroup(name: string): Promise<void> {
  await stack.control.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: name }));
}

async function register(
  group: string,
  NAME: string,
  options: { status?: ModelApprovalStatus; samplePayloadUrl?: string } = {},
): Promise<string> {
  const { ModelPackageArn } = await stack.control.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: group,
      ModelApprovalStatus: options.status,
      SamplePayloadUrl: options.samplePayloadUrl,
      CustomerMetadataProperties: { trainedBy: NAME },
      InferenceSpecification: {
        Containers: [{ Image: image('box'), Environment: { NAME } }],
        SupportedContentTypes: ['text/csv'],
      },
    }),
  );
  return ModelPackageArn!;
}

async function decide(ModelPackageArn: string, ModelApprovalStatus: ModelApprovalStatus): Promise<void> {
  await stack.control.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus }));
}

/** An endpoint on one version, which follows the registry from then on. */
async function deployVersion(name: string, ModelPackageName: string, { follows = true } = {}) {
  const { control } = stack;
  await control.send(new CreateModelCommand({ ModelName: name, Containers: [{ ModelPackageName }] }));
  await control.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: name,
      ProductionVariants: [{ VariantName: 'v', ModelName: name, InitialInstanceCount: 1 }],
    }),
  );
  const Tags = [{ Key: 'seriatim:follows-registry', Value: String(follows) }];
  await control.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name, Tags }));
  return stack.sagemaker.settled(name);
}

describe('versions', () => {
  it('count from 1, wait for approval, and keep their metadata', async () => {
    await createGroup('counted');
    const first = await register('counted', 'ada');
    const second = await register('counted', 'grace');

    const described = await stack.control.send(new DescribeModelPackageCommand({ ModelPackageName: second }));

    expect(first).toBe('arn:aws:sagemaker:us-east-1:000000000000:model-package/counted/1');
    expect(described).toMatchObject({
      ModelPackageVersion: 2,
      ModelApprovalStatus: 'PendingManualApproval',
      ModelPackageStatus: 'Completed',
      CustomerMetadataProperties: { trainedBy: 'grace' },
    });
  });

  it('are found as AWS’s guide finds them: the newest approved one first', async () => {
    await createGroup('searched');
    for (const status of ['Approved', 'Approved', 'Rejected', 'PendingManualApproval'] as const) {
      await register('searched', 'x', { status });
    }

    const { ModelPackageSummaryList: found } = await stack.control.send(
      new ListModelPackagesCommand({
        ModelPackageGroupName: 'searched',
        ModelApprovalStatus: 'Approved',
        SortBy: 'CreationTime',
        SortOrder: 'Descending',
        MaxResults: 1,
      }),
    );

    expect(found?.map((version) => version.ModelPackageVersion)).toEqual([2]);
  });

  it('are never numbered twice', async () => {
    await createGroup('deleted');
    const first = await register('deleted', 'x');
    await stack.control.send(new DeleteModelPackageCommand({ ModelPackageName: first }));

    expect(await register('deleted', 'y')).toMatch(/\/2$/);
  });
});

describe('a deployment', () => {
  it('of a version that is not approved fails, and says so', async () => {
    await createGroup('refused');
    const rejected = await register('refused', 'x', { status: 'Rejected' });

    const outcome = await deployVersion('refused', rejected);

    expect(outcome.status).toBe('Failed');
    expect(outcome.failureReason).toContain('its approval status is Rejected');
  });

  it('follows the registry: approving deploys, rejecting takes back, and the lineage says what served', async () => {
    await createGroup('followed');
    const v1 = await register('followed', 'v1', { status: 'Approved' });
    expect(await deployVersion('followed', v1)).toEqual({ status: 'InService' });
    const v2 = await register('followed', 'v2');
    expect((await invokeSeen(stack, 'followed')).name).toBe('v1');

    await decide(v2, 'Approved');
    expect(await stack.sagemaker.settled('followed')).toEqual({ status: 'InService' });
    expect((await invokeSeen(stack, 'followed')).name).toBe('v2');
    await decide(v2, 'Rejected');
    await stack.sagemaker.settled('followed');

    expect((await invokeSeen(stack, 'followed')).name).toBe('v1');
    const lineage = stack.sagemaker.deployments().filter(({ endpointName }) => endpointName === 'followed');
    expect(lineage.map(({ modelPackageArn }) => modelPackageArn)).toEqual([v1, v2, v1]);
  });

  it('leaves service when its only version is rejected, and comes back when one is approved', async () => {
    await createGroup('withdrawn');
    const v1 = await register('withdrawn', 'v1', { status: 'Approved' });
    await deployVersion('withdrawn', v1);

    await decide(v1, 'Rejected');
    const outcome = await stack.sagemaker.settled('withdrawn');

    expect(outcome.status).toBe('OutOfService');
    expect(outcome.failureReason).toContain(`${v1} was rejected`);
    await expect(invokeSeen(stack, 'withdrawn')).rejects.toMatchObject({ name: 'ValidationError' });
    await decide(v1, 'Approved');
    expect(await stack.sagemaker.settled('withdrawn')).toEqual({ status: 'InService' });
    expect((await invokeSeen(stack, 'withdrawn')).name).toBe('v1');
  });

  it('leaves service when the version that is to take a rejected one’s place fails its sample', async () => {
    await stack.s3.putObject({ bucket: 'inputs', key: 'broken.csv' }, 'fail:old:500');
    await createGroup('cornered');
    const old = await register('cornered', 'old', { samplePayloadUrl: 's3://inputs/broken.csv' });
    const fresh = await register('cornered', 'fresh', { status: 'Approved' });
    await deployVersion('cornered', fresh);

    await decide(old, 'Approved');
    await decide(fresh, 'Rejected');

    expect(await stack.sagemaker.settled('cornered')).toMatchObject({ status: 'OutOfService' });
  });

  it('falls back to the newest approved version that passes its checks when the one it serves is rejected', async () => {
    await stack.s3.putObject({ bucket: 'inputs', key: 'hard.csv' }, 'fail:v2:500');
    const samplePayloadUrl = 's3://inputs/hard.csv';
    await createGroup('deep');
    await createGroup('other');
    const elsewhere = await register('other', 'v1', { status: 'Approved' });
    const v1 = await register('deep', 'v1', { status: 'Approved', samplePayloadUrl });
    await deployVersion('deep', v1);
    await register('deep', 'v2', { status: 'Approved', samplePayloadUrl });
    expect((await stack.sagemaker.settled('deep')).failureReason).toContain('deep/2 was not answered');
    const v3 = await register('deep', 'v3', { status: 'Approved', samplePayloadUrl });
    expect(await stack.sagemaker.settled('deep')).toEqual({ status: 'InService' });
    expect((await invokeSeen(stack, 'deep')).name).toBe('v3');

    await decide(v3, 'Rejected');

    expect(await stack.sagemaker.settled('deep')).toMatchObject({ status: 'InService' });
    expect((await invokeSeen(stack, 'deep')).name).toBe('v1');
    await decide(v1, 'Rejected');
    const out = await stack.sagemaker.settled('deep');
    expect(out.status).toBe('OutOfService');
    await decide(elsewhere, 'Rejected');
    expect(await stack.sagemaker.settled('deep')).toEqual(out);
    await decide(v1, 'Approved');
    expect(await stack.sagemaker.settled('deep')).toMatchObject({ status: 'InService' });
    expect((await invokeSeen(stack, 'deep')).name).toBe('v1');
  });

  it('forgets why a version stayed out once that version is rejected', async () => {
    await stack.s3.putObject({ bucket: 'inputs', key: 'odd.csv' }, 'fail:v2:500');
    const samplePayloadUrl = 's3://inputs/odd.csv';
    await createGroup('forgetful');
    await deployVersion('forgetful', await register('forgetful', 'v1', { status: 'Approved' }));
    const v2 = await register('forgetful', 'v2', { status: 'Approved', samplePayloadUrl });
    expect((await stack.sagemaker.settled('forgetful')).failureReason).toContain('forgetful/2');

    await decide(v2, 'Rejected');

    expect(await stack.sagemaker.settled('forgetful')).toEqual({ status: 'InService' });
  });

  it('that does not follow the registry leaves service when its version is rejected', async () => {
    await createGroup('fixed');
    const v1 = await register('fixed', 'v1', { status: 'Approved' });
    await deployVersion('fixed', v1, { follows: false });

    await decide(v1, 'Rejected');
    const outcome = await stack.sagemaker.settled('fixed');

    expect(outcome.status).toBe('OutOfService');
    expect(outcome.failureReason).toContain('fixed/1 was rejected');
    await expect(invokeSeen(stack, 'fixed')).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('does not take over when the version’s own sample payload fails', async () => {
    await stack.s3.putObject({ bucket: 'inputs', key: 'sample.csv' }, 'fail:bad:500');
    await createGroup('sampled');
    const good = await register('sampled', 'good', {
      status: 'Approved',
      samplePayloadUrl: 's3://inputs/sample.csv',
    });
    await deployVersion('sampled', good);

    await register('sampled', 'bad', { status: 'Approved', samplePayloadUrl: 's3://inputs/sample.csv' });
    const outcome = await stack.sagemaker.settled('sampled');

    expect(outcome.status).toBe('InService');
    expect(outcome.failureReason).toContain('The sample payload of');
    expect((await invokeSeen(stack, 'sampled')).name).toBe('good');
  });
});

describe('what is deployed where', () => {
  it('is read from the lineage: endpoint, deployments, versions', async () => {
    await createGroup('traced');
    const v1 = await register('traced', 'v1', { status: 'Approved' });
    await deployVersion('traced', v1);
    const v2 = await register('traced', 'v2', { status: 'Approved' });
    await stack.sagemaker.settled('traced');

    const { ContextSummaries } = await stack.control.send(
      new ListContextsCommand({
        ContextType: 'Endpoint',
        SourceUri: 'arn:aws:sagemaker:us-east-1:000000000000:endpoint/traced',
      }),
    );
    const { Vertices, Edges } = await stack.control.send(
      new QueryLineageCommand({ StartArns: [ContextSummaries![0]!.ContextArn!], Direction: 'Ascendants' }),
    );
    const { ArtifactSummaries } = await stack.control.send(new ListArtifactsCommand({ SourceUri: v2 }));
    const { AssociationSummaries } = await stack.control.send(
      new ListAssociationsCommand({ SourceArn: ArtifactSummaries![0]!.ArtifactArn! }),
    );

    expect(ContextSummaries).toHaveLength(1);
    expect(Vertices!.map(({ LineageType }) => LineageType).sort()).toEqual([
      'Action',
      'Action',
      'Artifact',
      'Artifact',
      'Context',
    ]);
    expect(Edges).toHaveLength(4);
    expect(AssociationSummaries).toMatchObject([
      { AssociationType: 'ContributedTo', DestinationType: 'ModelDeployment' },
    ]);
  });
});

describe('tags', () => {
  it('are kept, and the one that follows the registry takes effect at once', async () => {
    await createGroup('tagged');
    const v1 = await register('tagged', 'v1', { status: 'Approved' });
    await deployVersion('tagged', v1, { follows: false });
    const ResourceArn = 'arn:aws:sagemaker:us-east-1:000000000000:endpoint/tagged';
    const Tags = [
      { Key: 'seriatim:follows-registry', Value: 'true' },
      { Key: 'team', Value: 'ada' },
    ];

    await stack.control.send(new AddTagsCommand({ ResourceArn, Tags }));
    await register('tagged', 'v2', { status: 'Approved' });
    await stack.sagemaker.settled('tagged');
    await stack.control.send(new DeleteTagsCommand({ ResourceArn, TagKeys: ['team'] }));

    expect((await invokeSeen(stack, 'tagged')).name).toBe('v2');
    const listed = await stack.control.send(new ListTagsCommand({ ResourceArn }));
    expect(listed.Tags).toEqual([Tags[0]]);
  });

  it('are of things that exist', async () => {
    const ResourceArn = 'arn:aws:sagemaker:us-east-1:000000000000:endpoint/nowhere';

    const refused = stack.control.send(new ListTagsCommand({ ResourceArn }));

    await expect(refused).rejects.toMatchObject({ name: 'ResourceNotFound' });
  });
});

it('survives a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'registry-'));
  const open = async () => {
    const s3 = await createS3({ folder: join(folder, 's3') });
    const sagemaker = await createSageMaker({
      s3,
      images: {},
      volumesFolder: join(folder, 'volumes'),
      databaseFile: join(folder, 'registry.sqlite'),
    });
    const close = async (): Promise<void> => {
      await sagemaker.close();
      await s3.close();
    };
    return { ...sagemaker, close };
  };
  const first = await open();
  await first.operations.createModelPackageGroup!({ ModelPackageGroupName: 'kept' });
  await first.operations.createModelPackage!({ ModelPackageGroupName: 'kept' });
  const before = await first.operations.describeModelPackage!({ ModelPackageName: 'kept/1' });
  await first.close();

  const second = await open();
  const after = await second.operations.describeModelPackage!({ ModelPackageName: 'kept/1' });
  const next = await second.operations.createModelPackage!({ ModelPackageGroupName: 'kept' });
  await second.close();

  expect(after).toEqual(before);
  expect(after.CreationTime).toBeInstanceOf(Date);
  expect(next.ModelPackageArn).toMatch(/\/kept\/2$/);
  await rm(folder, { recursive: true, force: true });
});

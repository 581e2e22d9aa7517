// The control plane through the SDK: what is created, described, listed and deleted, and the words of its refusals.
import {
  type ContainerDefinition,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  type SageMakerServiceException,
  UpdateEndpointCommand,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConfig, deploy, image, invokeSeen, type Stack, startStack } from './fixtures/stack.ts';
import { artefact } from './fixtures/tar.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ startAttempts: 1, stopGraceMs: 200 });
});

afterAll(() => stack.close());

async function refusal(command: Promise<unknown>): Promise<string> {
  return command.then(
    () => {
      throw new Error('the command succeeded');
    },
    (error: SageMakerServiceException) => `${error.name}: ${error.message}`,
  );
}

const BOX = { Image: image('box') };

describe('models', () => {
  it('are created once, described, listed by name and deleted', async () => {
    const { control } = stack;
    const input = { ModelName: 'Crud-Model', PrimaryContainer: { ...BOX, Environment: { A: '1' } } };

    const { ModelArn } = await control.send(new CreateModelCommand(input));

    expect(ModelArn).toBe('arn:aws:sagemaker:us-east-1:000000000000:model/crud-model');
    const described = await control.send(new DescribeModelCommand({ ModelName: 'Crud-Model' }));
    expect(described).toMatchObject({ ...input, ModelArn, CreationTime: expect.any(Date) });
    expect(await refusal(control.send(new CreateModelCommand(input)))).toBe(
      `ValidationException: Cannot create already existing model "${ModelArn}".`,
    );
    const listed = await control.send(new ListModelsCommand({ NameContains: 'crud' }));
    expect(listed.Models?.map((model) => model.ModelName)).toEqual(['Crud-Model']);
    await control.send(new DeleteModelCommand({ ModelName: 'Crud-Model' }));
    expect(await refusal(control.send(new DescribeModelCommand({ ModelName: 'Crud-Model' })))).toBe(
      `ValidationException: Could not find model "${ModelArn}".`,
    );
  });

  it('are listed in pages', async () => {
    const { control } = stack;
    for (const name of ['page-1', 'page-2', 'page-3']) {
      await control.send(new CreateModelCommand({ ModelName: name, PrimaryContainer: BOX }));
    }

    const query = { NameContains: 'page-', SortBy: 'Name', SortOrder: 'Ascending', MaxResults: 2 } as const;
    const first = await control.send(new ListModelsCommand(query));
    const second = await control.send(new ListModelsCommand({ ...query, NextToken: first.NextToken }));

    expect(first.Models?.map((model) => model.ModelName)).toEqual(['page-1', 'page-2']);
    expect(second.Models?.map((model) => model.ModelName)).toEqual(['page-3']);
    expect(second.NextToken).toBeUndefined();
  });

  it.each([
    [
      'a name that is none',
      { ModelName: 'a_b', PrimaryContainer: BOX },
      "1 validation error detected: Value 'a_b' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    ],
    [
      'two multi-model containers in one pipeline',
      {
        ModelName: 'm',
        Containers: [1, 2].map(() => ({ ...BOX, Mode: 'MultiModel' as const, ModelDataUrl: 's3://b/p/' })),
      },
      'More than one container in MultiModel mode is not supported with inference pipeline.',
    ],
    [
      'sixteen containers',
      { ModelName: 'm', Containers: Array.from({ length: 16 }, () => BOX) },
      'Member must have length less than or equal to 15',
    ],
    [
      'Direct mode without host names',
      { ModelName: 'm', Containers: [BOX, BOX], InferenceExecutionConfig: { Mode: 'Direct' as const } },
      'ContainerHostname is required',
    ],
    ['no container', { ModelName: 'm' }, 'PrimaryContainer or Containers'],
  ])('are refused with %s', async (_what, input, message) => {
    const text = await refusal(stack.control.send(new CreateModelCommand(input)));

    expect(text).toMatch(/^ValidationException: /);
    expect(text).toContain(message);
  });
});

describe('endpoint configs', () => {
  it('are created, described with the default weight, listed and deleted', async () => {
    const { control } = stack;
    await createConfig(stack, 'crud', [BOX]);

    const described = await control.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'crud' }));

    expect(described.ProductionVariants).toMatchObject([
      { VariantName: 'AllTraffic', InitialVariantWeight: 1 },
    ]);
    const listed = await control.send(new ListEndpointConfigsCommand({ NameContains: 'crud' }));
    expect(listed.EndpointConfigs).toHaveLength(1);
    await control.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'crud' }));
    expect(
      await refusal(control.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'crud' }))),
    ).toContain(
      'Could not find endpoint configuration "arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/crud".',
    );
  });

  it('are refused for a model that does not exist', async () => {
    const command = new CreateEndpointConfigCommand({
      EndpointConfigName: 'x',
      ProductionVariants: [{ VariantName: 'v', ModelName: 'nobody', InitialInstanceCount: 1 }],
    });

    expect(await refusal(stack.control.send(command))).toContain('Could not find model "arn:');
  });
});

describe('endpoints', () => {
  it('move from Creating to InService, and the SDK’s waiters end', async () => {
    const { control } = stack;
    await createConfig(stack, 'life', [BOX]);
    const input = { EndpointName: 'life', EndpointConfigName: 'life' };
    await control.send(new CreateEndpointCommand(input));
    expect((await control.send(new DescribeEndpointCommand(input))).EndpointStatus).toBe('Creating');
    expect(await refusal(control.send(new DeleteEndpointCommand(input)))).toContain(
      'Cannot update in-progress endpoint',
    );

    await stack.sagemaker.settled('life');
    await waitUntilEndpointInService({ client: control, maxWaitTime: 5, minDelay: 1 }, input);

    const described = await control.send(new DescribeEndpointCommand(input));
    expect(described).toMatchObject({
      EndpointStatus: 'InService',
      ProductionVariants: [{ VariantName: 'AllTraffic', CurrentInstanceCount: 1, CurrentWeight: 1 }],
    });
    expect(
      await refusal(control.send(new CreateEndpointCommand({ ...input, EndpointName: 'LIFE' }))),
    ).toContain('Cannot create already existing endpoint');
    expect(stack.sagemaker.endpoints()).toContainEqual({
      endpointName: 'life',
      status: 'InService',
      instances: 1,
    });
    await control.send(new DeleteEndpointCommand(input));
    await waitUntilEndpointDeleted({ client: control, maxWaitTime: 5, minDelay: 1 }, input);
    const listed = await control.send(new ListEndpointsCommand({ NameContains: 'life' }));
    expect(listed.Endpoints).toEqual([]);
  });

  it('fail with the image’s name and what the table has', async () => {
    const { status, failureReason } = await deploy(stack, 'stranger', [{ Image: image('stranger') }]);

    expect(status).toBe('Failed');
    expect(failureReason).toContain(`The image "${image('stranger')}"`);
    expect(failureReason).toContain('Images in the table: box, python-box, stubborn-box.');
  });

  it('fail in SageMaker’s words when a container does not come up, with its last line', async () => {
    const { status, failureReason } = await deploy(stack, 'broken', [
      { ...BOX, Environment: { EXIT_AT_START: '1' } },
    ]);

    expect(status).toBe('Failed');
    expect(failureReason).toContain(
      'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.',
    );
    expect(failureReason).toContain('this container cannot start');
  });

  it('fail when the model data is not there', async () => {
    const { failureReason } = await deploy(stack, 'no-data', [
      { ...BOX, ModelDataUrl: 's3://models/none.tar.gz' },
    ]);

    expect(failureReason).toContain('Failed to download model data (bucket: models, key: none.tar.gz)');
  });

  it('take a new config without a failed call, and keep the containers that did not change', async () => {
    await stack.s3.putObject({ bucket: 'models', key: 'v1.tar.gz' }, await artefact('v1'));
    await stack.s3.putObject({ bucket: 'models', key: 'v2.tar.gz' }, await artefact('v2'));
    const containers = (version: string): ContainerDefinition[] => [
      { ...BOX, Environment: { NAME: 'first', ANSWER: 'input' } },
      { ...BOX, Environment: { NAME: 'second' }, ModelDataUrl: `s3://models/${version}.tar.gz` },
    ];
    await deploy(stack, 'update', containers('v1'));
    await createConfig(stack, 'update-2', containers('v2'));
    const before = await invokeSeen(stack, 'update');

    const models = new Set<string>();
    let isDone = false;
    const caller = async (): Promise<void> => {
      while (!isDone) models.add((await invokeSeen(stack, 'update')).model);
    };
    const callers = [caller(), caller(), caller()];
    await stack.control.send(
      new UpdateEndpointCommand({ EndpointName: 'update', EndpointConfigName: 'update-2' }),
    );
    expect(await stack.sagemaker.settled('update')).toEqual({ status: 'InService' });
    isDone = true;
    await Promise.all(callers);

    expect(before.model).toBe('v1');
    expect(models).toEqual(new Set(['v1', 'v2']));
    expect((await invokeSeen(stack, 'update')).model).toBe('v2');
    // One stream for each container that was started: the first container was not started again.
    const streams = [...stack.logs.keys()].filter((name) => name.includes('/update|'));
    expect(streams.filter((name) => name.endsWith('/container-1'))).toHaveLength(1);
    expect(streams.filter((name) => name.endsWith('/container-2'))).toHaveLength(2);
  });

  it('keep serving as before when an update fails', async () => {
    await deploy(stack, 'steady', [{ ...BOX, Environment: { NAME: 'steady' } }]);
    await createConfig(stack, 'steady-broken', [{ ...BOX, Environment: { EXIT_AT_START: '1' } }]);

    await stack.control.send(
      new UpdateEndpointCommand({ EndpointName: 'steady', EndpointConfigName: 'steady-broken' }),
    );
    const outcome = await stack.sagemaker.settled('steady');

    expect(outcome.status).toBe('InService');
    expect(outcome.failureReason).toContain('did not pass the ping health check');
    expect((await invokeSeen(stack, 'steady')).name).toBe('steady');
    const described = await stack.control.send(new DescribeEndpointCommand({ EndpointName: 'steady' }));
    expect(described.EndpointConfigName).toBe('steady');
  });

  it('share calls among variants by weight, and serve the one that is named', async () => {
    const { control } = stack;
    for (const name of ['one', 'two', 'never']) {
      const container = { ...BOX, Environment: { NAME: name } };
      await control.send(
        new CreateModelCommand({ ModelName: `variant-${name}`, PrimaryContainer: container }),
      );
    }
    const variant = (name: string, weight: number) => ({
      VariantName: name,
      ModelName: `variant-${name}`,
      InitialInstanceCount: 1,
      InitialVariantWeight: weight,
    });
    const ProductionVariants = [variant('one', 1), variant('two', 3), variant('never', 0)];
    await control.send(
      new CreateEndpointConfigCommand({ EndpointConfigName: 'variants', ProductionVariants }),
    );
    await control.send(
      new CreateEndpointCommand({ EndpointName: 'variants', EndpointConfigName: 'variants' }),
    );
    await stack.sagemaker.settled('variants');

    const counts: Record<string, number> = {};
    for (let call = 0; call < 100; call++) {
      const { name } = await invokeSeen(stack, 'variants');
      counts[name] = (counts[name] ?? 0) + 1;
    }

    expect(counts.two).toBeGreaterThan(counts.one!);
    expect(counts.one! + counts.two!).toBe(100);
    expect((await invokeSeen(stack, 'variants', { TargetVariant: 'never' })).name).toBe('never');
  });
});

// Inputs that SageMaker refuses, through the SDK: endpoint configs and updates that do not go together.
import {
  type AsyncInferenceConfig,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  CreateModelCommand,
  type DeploymentConfig,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy, image, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await deploy(stack, 'm', [{ Image: image('box') }], { variant: { InitialInstanceCount: 2 } });
});

afterAll(() => stack.close());

const hosted = {
  VariantName: 'v',
  ModelName: 'm',
  InstanceType: 'ml.m5.large',
  InitialInstanceCount: 1,
} as const;
const ServerlessConfig = { MemorySizeInMB: 1024, MaxConcurrency: 1 };
const S3OutputPath = 's3://results/out';

describe('an endpoint config is refused', () => {
  const cases: [string, Partial<CreateEndpointConfigCommandInput>, RegExp][] = [
    [
      'with a variant of neither instances nor serverless',
      { ProductionVariants: [{ VariantName: 'v', ModelName: 'm' }] },
      /either ServerlessConfig, or InstanceType and InitialInstanceCount/,
    ],
    [
      'with a variant of both',
      { ProductionVariants: [{ ...hosted, ServerlessConfig }] },
      /either ServerlessConfig, or InstanceType and InitialInstanceCount/,
    ],
    [
      'with two shadow variants',
      { ShadowProductionVariants: ['a', 'b'].map((VariantName) => ({ ...hosted, VariantName })) },
      /one variant for ProductionVariants and one variant for ShadowProductionVariants/,
    ],
    [
      'with a shadow of two production variants',
      {
        ProductionVariants: [hosted, { ...hosted, VariantName: 'w' }],
        ShadowProductionVariants: [{ ...hosted, VariantName: 'shadow' }],
      },
      /one variant for ProductionVariants and one variant for ShadowProductionVariants/,
    ],
    [
      'with a shadow of an asynchronous endpoint',
      {
        ShadowProductionVariants: [{ ...hosted, VariantName: 'shadow' }],
        AsyncInferenceConfig: { OutputConfig: { S3OutputPath } },
      },
      /Shadow variants are not supported with asynchronous inference/,
    ],
    [
      'without a model and without a role',
      { ProductionVariants: [{ ...hosted, ModelName: undefined }] },
      /ExecutionRoleArn is required/,
    ],
    [
      'with asynchronous output that goes nowhere',
      { AsyncInferenceConfig: { OutputConfig: {} } as AsyncInferenceConfig },
      /at 'asyncInferenceConfig.outputConfig.s3OutputPath' failed to satisfy constraint: Member must not be null/,
    ],
  ];

  it.each(cases)('%s', async (_name, members, words) => {
    const input = { EndpointConfigName: 'refused', ProductionVariants: [hosted], ...members };
    const refused = stack.control.send(new CreateEndpointConfigCommand(input));

    await expect(refused).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(words),
    });
  });
});

const percent = (Value: number) => ({ Type: 'CAPACITY_PERCENT', Value }) as const;
const routing = (Type: 'ALL_AT_ONCE' | 'CANARY' | 'LINEAR', members = {}) => ({
  TrafficRoutingConfiguration: { Type, WaitIntervalInSeconds: 0, ...members },
});

describe('an update is refused', () => {
  const blueGreen = 'deploymentConfig.blueGreenUpdatePolicy';
  const cases: [string, DeploymentConfig, string][] = [
    [
      'in a canary of no size',
      { BlueGreenUpdatePolicy: routing('CANARY') },
      `Value null at '${blueGreen}.trafficRoutingConfiguration.canarySize' failed to satisfy constraint: Member must not be null`,
    ],
    [
      'in a canary of over half the instances',
      { BlueGreenUpdatePolicy: routing('CANARY', { CanarySize: percent(51) }) },
      'CanarySize must be less than or equal to 50%',
    ],
    [
      'in a canary of every instance',
      { BlueGreenUpdatePolicy: routing('CANARY', { CanarySize: { Type: 'INSTANCE_COUNT', Value: 2 } }) },
      'CanarySize must be less than or equal to 50%',
    ],
    [
      'in linear steps of under a tenth',
      { BlueGreenUpdatePolicy: routing('LINEAR', { LinearStepSize: percent(9) }) },
      'LinearStepSize must be between 10% and 50%',
    ],
    [
      'in batches of over half',
      { RollingUpdatePolicy: { MaximumBatchSize: percent(51), WaitIntervalInSeconds: 0 } },
      'MaximumBatchSize must be between 5% and 50%',
    ],
    [
      'in batches of under a twentieth',
      { RollingUpdatePolicy: { MaximumBatchSize: percent(4), WaitIntervalInSeconds: 0 } },
      'MaximumBatchSize must be between 5% and 50%',
    ],
    [
      'with less time than ten minutes',
      { BlueGreenUpdatePolicy: { ...routing('ALL_AT_ONCE'), MaximumExecutionTimeoutInSeconds: 599 } },
      `Value '599' at '${blueGreen}.maximumExecutionTimeoutInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 600`,
    ],
    [
      'with too long a wait between batches, by its member’s path',
      { RollingUpdatePolicy: { MaximumBatchSize: percent(50), WaitIntervalInSeconds: 3601 } },
      `Value '3601' at 'deploymentConfig.rollingUpdatePolicy.waitIntervalInSeconds' failed to satisfy constraint: Member must have value less than or equal to 3600`,
    ],
    [
      'with too long a wait between shifts, by its member’s path',
      { BlueGreenUpdatePolicy: routing('ALL_AT_ONCE', { WaitIntervalInSeconds: 3601 }) },
      `at '${blueGreen}.trafficRoutingConfiguration.waitIntervalInSeconds'`,
    ],
  ];

  it.each(cases)('%s', async (_name, DeploymentConfig, words) => {
    const input = { EndpointName: 'm', EndpointConfigName: 'm', DeploymentConfig };
    const refused = stack.control.send(new UpdateEndpointCommand(input));

    await expect(refused).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(words),
    });
  });
});

describe('a model is refused', () => {
  const create = (Environment: Record<string, string>) =>
    stack.control.send(
      new CreateModelCommand({ ModelName: 'big', PrimaryContainer: { Image: image('box'), Environment } }),
    );
  const entries = (count: number, value: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`K${index}`, value]));

  it('with more than 100 variables in a container', async () => {
    await expect(create(entries(101, 'x'))).rejects.toThrow(
      "at 'primaryContainer.environment' failed to satisfy constraint: Member must have length less than or equal to 100",
    );
  });

  it('with more than 32 KB of variables', async () => {
    await expect(create(entries(33, 'x'.repeat(1000)))).rejects.toThrow('32 KB');
  });
});

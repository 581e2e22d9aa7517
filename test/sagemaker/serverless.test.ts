// Serverless variants: instances come with the calls and go when they are idle, within MaxConcurrency.
import { CreateEndpointConfigCommand, CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { ValidationError } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy, image, invoke, invokeSeen, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ serverlessIdleMs: 300, serverlessPayloadLimitBytes: 1000 });
  const outcome = await deploy(stack, 'serverless', [{ Image: image('box'), Environment: { NAME: 'box' } }], {
    variant: {
      InitialInstanceCount: undefined,
      InstanceType: undefined,
      ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 2 },
    },
  });
  expect(outcome).toEqual({ status: 'InService' });
});

afterAll(() => stack.close());

it('gives each call an instance of its own, and refuses what is over MaxConcurrency', async () => {
  const calls = [1, 2, 3].map(() => invokeSeen(stack, 'serverless', { Body: 'wait:box:300' }));

  const outcomes = await Promise.allSettled(calls);

  const pids = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.pid] : []));
  expect(new Set(pids).size).toBe(2);
  const refused = outcomes.find((outcome) => outcome.status === 'rejected');
  expect(refused?.reason).toMatchObject({ name: 'ThrottlingException', $metadata: { httpStatusCode: 429 } });
});

it('ends instances that are idle, and starts one again for the next call', async () => {
  const { pid } = await invokeSeen(stack, 'serverless');
  const isAlive = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (isAlive()) await new Promise((resolve) => setTimeout(resolve, 20));

  expect((await invokeSeen(stack, 'serverless')).pid).not.toBe(pid);
});

it('refuses a body over its own limit', async () => {
  const error = await invoke(stack, 'serverless', { Body: 'x'.repeat(1001) }).catch(
    (thrown: unknown) => thrown,
  );

  expect(error).toBeInstanceOf(ValidationError);
  expect((error as Error).message).toMatch(/^Request .+ has oversize body\.$/);
});

it('does not do pipelines', async () => {
  const Containers = [{ Image: image('box') }, { Image: image('box') }];
  await stack.control.send(new CreateModelCommand({ ModelName: 'two', Containers }));
  const command = new CreateEndpointConfigCommand({
    EndpointConfigName: 'two',
    ProductionVariants: [
      { VariantName: 'v', ModelName: 'two', ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 1 } },
    ],
  });

  await expect(stack.control.send(command)).rejects.toThrow('does not support inference pipelines');
});

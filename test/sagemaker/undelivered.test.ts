// Calls that never reached a container: they go on in another instance that is healthy, or back to the queue.
import { InvokeEndpointAsyncCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deploy, image, invokeSeen, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(() => stack.close());

const AsyncInferenceConfig = {
  ClientConfig: { MaxConcurrentInvocationsPerInstance: 1 },
  OutputConfig: { S3OutputPath: 's3://results/out', S3FailurePath: 's3://results/failed' },
};

const box = (NAME: string) => ({ Image: image('box'), Environment: { NAME } });

async function sizeOf(location: string | undefined): Promise<number> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(location!)!;
  const { info, body } = await stack.s3.getObject({ bucket: bucket!, key: key! });
  body.destroy();
  return info.sizeBytes;
}

function submit(EndpointName: string, Body: string) {
  return stack.runtime.send(new InvokeEndpointAsyncCommand({ EndpointName, Body } as never));
}

describe('a container that takes no connection any more', () => {
  it('costs no call while another instance of the variant takes them', async () => {
    await deploy(stack, 'pair', [box('pair')], { variant: { InitialInstanceCount: 2 } });
    const deaf = await invokeSeen(stack, 'pair', { Body: 'deaf:pair:60000' });

    const answers = await Promise.all(Array.from({ length: 20 }, () => invokeSeen(stack, 'pair')));

    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
    expect(answers[0]!.pid).not.toBe(deaf.pid);
  });

  it('costs no call in the middle of a pipeline: the chain goes on in the other instance', async () => {
    await deploy(stack, 'chain', [box('a'), box('b')], { variant: { InitialInstanceCount: 2 } });
    const deaf = await invokeSeen(stack, 'chain', { Body: 'deaf:b:60000' });

    const answers = await Promise.all(Array.from({ length: 12 }, () => invokeSeen(stack, 'chain')));

    expect(new Set(answers.map(({ pid, name }) => `${name} ${pid}`)).size).toBe(1);
    expect(answers[0]!.pid).not.toBe(deaf.pid);
  });

  it('costs no asynchronous call either: what it did not get waits until it does', async () => {
    await deploy(stack, 'alone', [box('alone')], { config: { AsyncInferenceConfig } });
    await invokeSeen(stack, 'alone', { Body: 'deaf:alone:250' });

    const { OutputLocation, FailureLocation } = await submit('alone', 'good');

    await vi.waitFor(async () => expect(await sizeOf(OutputLocation)).toBeGreaterThan(0), { timeout: 5000 });
    await expect(sizeOf(FailureLocation)).rejects.toThrow();
  });

  it('fails a call when there is no other, in SageMaker’s words', async () => {
    await deploy(stack, 'single', [box('single')]);
    await invokeSeen(stack, 'single', { Body: 'deaf:single:60000' });

    await expect(invokeSeen(stack, 'single')).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 0,
      ErrorCode: 'INTERNAL_FAILURE_FROM_MODEL',
    });
  });
});

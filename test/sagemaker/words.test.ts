// What callers and operators are told, in SageMaker's words: names that there cannot be, failed pings, large artefacts;
// and what becomes of a call whose endpoint is deleted.
import { DeleteEndpointCommand, waitUntilEndpointDeleted } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointAsyncCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUCKET, deploy, image, invoke, invokeSeen, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ startAttempts: 1, artefactLimitBytes: 10, containerPayloadLimitBytes: 2000 });
  await deploy(stack, 'spoken', [{ Image: image('box') }], {
    config: { AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://results/out' } } },
  });
});

afterAll(() => stack.close());

describe('a call is refused in its constraint’s words', () => {
  it('for a target variant of too long a name', async () => {
    await expect(invoke(stack, 'spoken', { TargetVariant: 'v'.repeat(64) })).rejects.toThrow(
      "at 'targetVariant' failed to satisfy constraint: Member must have length less than or equal to 63",
    );
  });

  it('for an endpoint’s name that there cannot be', async () => {
    await expect(invoke(stack, '-none_')).rejects.toThrow(
      "Value '-none_' at 'endpointName' failed to satisfy constraint: Member must satisfy regular expression pattern",
    );
  });

  it('for an input that is not in S3', async () => {
    const input = { EndpointName: 'spoken', InputLocation: 'ftp://x/y' };

    await expect(stack.runtime.send(new InvokeEndpointAsyncCommand(input))).rejects.toThrow(
      "Value 'ftp://x/y' at 'inputLocation' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(https|s3)://([^/]+)/?(.*)$",
    );
  });

  it('with what the caller wrote, in the characters that they wrote', async () => {
    const answer = await fetch(`${stack.endpointUrl}/endpoints/spoken/invocations`, {
      method: 'POST',
      headers: { 'x-amzn-sagemaker-custom-attributes': Buffer.from('café').toString('latin1') },
      body: 'x',
    });

    expect(await answer.text()).toContain("Value 'café' at 'customAttributes'");
  });
});

it('a pipeline says what was too much to hand on, and to whom', async () => {
  const container = (NAME: string) => ({
    Image: image('box'),
    Environment: { NAME, ANSWER: 'input' },
    ContainerHostname: NAME,
  });
  await deploy(stack, 'wide', ['first', 'second'].map(container));
  await invoke(stack, 'wide', { Body: 'x'.repeat(2000) });

  await expect(invoke(stack, 'wide', { Body: 'x'.repeat(2001) })).rejects.toMatchObject({
    name: 'ModelError',
    message:
      'Received response from first with status code 200. However, the request payload from first to second is 2001 bytes, which has exceeded the maximum limit of 2000 bytes.',
  });
});

describe('an endpoint that does not start', () => {
  it('names the containers that failed in the order of the pipeline', async () => {
    const broken = (NAME: string) => ({
      Image: image('box'),
      ContainerHostname: NAME,
      Environment: { NAME, EXIT_AT_START: '1' },
    });

    const outcome = await deploy(stack, 'broken', ['zeta', 'alpha', 'mid'].map(broken));

    expect(outcome.failureReason).toContain('failed the ping health check: zeta, alpha, mid.');
  });

  it('says that its artefact is too large, and not that it is no archive', async () => {
    await stack.s3.putObject({ bucket: BUCKET, key: 'large.tar.gz' }, 'x'.repeat(11));

    const outcome = await deploy(stack, 'large', [
      { Image: image('box'), ModelDataUrl: `s3://${BUCKET}/large.tar.gz` },
    ]);

    expect(outcome.failureReason).toBe(
      'Failed to download model data (bucket: models, key: large.tar.gz): its 11 bytes are more than the limit of 10 bytes.',
    );
  });
});

it('lets calls end that are under way when their endpoint is deleted', async () => {
  await deploy(stack, 'leaving', [{ Image: image('box'), Environment: { NAME: 'leaving' } }]);
  const call = invokeSeen(stack, 'leaving', { Body: 'wait:leaving:400' });
  await invokeSeen(stack, 'leaving');

  await stack.control.send(new DeleteEndpointCommand({ EndpointName: 'leaving' }));

  await expect(invoke(stack, 'leaving')).rejects.toMatchObject({ name: 'ValidationError' });
  expect((await call).name).toBe('leaving');
  const waiting = { client: stack.control, maxWaitTime: 5, minDelay: 1, maxDelay: 1 };
  await waitUntilEndpointDeleted(waiting, { EndpointName: 'leaving' });
});

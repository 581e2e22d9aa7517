// InvokeEndpointAsync through the SDK: accepted at once, worked off within bounds, results and failures in S3.
import { UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import {
  InvokeEndpointAsyncCommand,
  type InvokeEndpointAsyncCommandInput,
  ValidationError,
} from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy, image, type Seen, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await deploy(stack, 'later', [{ Image: image('box'), Environment: { NAME: 'later' } }], {
    config: {
      AsyncInferenceConfig: {
        ClientConfig: { MaxConcurrentInvocationsPerInstance: 2 },
        OutputConfig: {
          S3OutputPath: 's3://results/out/',
          S3FailurePath: 's3://results/failed',
          NotificationConfig: {
            SuccessTopic: 'arn:aws:sns:us-east-1:000000000000:done',
            ErrorTopic: 'arn:aws:sns:us-east-1:000000000000:failed',
            IncludeInferenceResponseIn: ['SUCCESS_NOTIFICATION_TOPIC', 'ERROR_NOTIFICATION_TOPIC'],
          },
        },
      },
    },
  });
  await deploy(stack, 'now', [{ Image: image('box') }]);
  await stack.s3.putObject({ bucket: 'inputs', key: 'a.csv' }, '1,2,3');
  await stack.s3.putObject({ bucket: 'inputs', key: 'bad.csv' }, 'fail:later:400');
});

afterAll(() => stack.close());

function submit(input: Partial<InvokeEndpointAsyncCommandInput>) {
  return stack.runtime.send(new InvokeEndpointAsyncCommand({ EndpointName: 'later', ...input } as never));
}

async function objectAt(location: string): Promise<string> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(location)!;
  for (;;) {
    const found = await stack.s3.getObject({ bucket: bucket!, key: key! }).catch(() => undefined);
    if (found !== undefined) return Buffer.concat(await found.body.toArray()).toString();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function noticeFor(inferenceId: string): Promise<{ topic: string; message: Record<string, unknown> }> {
  for (;;) {
    const notice = stack.notices.find(({ message }) => message.inferenceId === inferenceId);
    if (notice !== undefined) return notice;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('an accepted invocation', () => {
  it('leaves its result where the answer said, and a notice with it', async () => {
    const accepted = await submit({
      InputLocation: 's3://inputs/a.csv',
      ContentType: 'text/csv',
      Accept: 'application/json',
      InferenceId: 'first',
    });

    expect(accepted).toMatchObject({ InferenceId: 'first', $metadata: { httpStatusCode: 202 } });
    expect(accepted.OutputLocation).toMatch(/^s3:\/\/results\/out\/[0-9a-f-]+\.out$/);
    expect(accepted.FailureLocation).toMatch(/^s3:\/\/results\/failed\/[0-9a-f-]+-error\.out$/);
    const seen = JSON.parse(await objectAt(accepted.OutputLocation!)) as Seen;
    expect(seen).toMatchObject({ input: '1,2,3', headers: { 'content-type': 'text/csv' } });
    const { topic, message } = await noticeFor('first');
    expect(topic).toMatch(/:done$/);
    expect(message).toMatchObject({
      invocationStatus: 'Completed',
      requestParameters: {
        accept: 'application/json',
        endpointName: 'later',
        inputLocation: 's3://inputs/a.csv',
        contentType: 'text/csv',
      },
      responseParameters: { outputLocation: accepted.OutputLocation, contentType: 'application/json' },
      responseBody: { encoding: 'BASE64' },
    });
    const { content } = message.responseBody as { content: string };
    expect(JSON.parse(Buffer.from(content, 'base64').toString())).toEqual(seen);
  });

  it('may bring its body along and name its output', async () => {
    const accepted = await submit({
      Body: Buffer.from('inline'),
      S3OutputPathExtension: 'team/a',
      Filename: 'answer.json',
    });

    expect(accepted.OutputLocation).toBe('s3://results/out/team/a/answer.json');
    expect(JSON.parse(await objectAt(accepted.OutputLocation!)).input).toBe('inline');
  });

  it('leaves its failure where the answer said', async () => {
    const accepted = await submit({ InputLocation: 's3://inputs/bad.csv', InferenceId: 'bad' });

    expect(await objectAt(accepted.FailureLocation!)).toContain('Received client error (400) from primary');
    const { topic, message } = await noticeFor('bad');
    expect(topic).toMatch(/:failed$/);
    expect(message).toMatchObject({ invocationStatus: 'Failed', failureReason: expect.any(String) });
    const { content } = message.responseBody as { content: string };
    expect(Buffer.from(content, 'base64').toString()).toBe('later does not like this');
  });

  it('waits its turn: no instance gets more than its share at once', async () => {
    const body = (index: number) => Buffer.from(`wait:later:150 ${index}`);
    const submitOne = stack.sagemaker.runtime.operations.invokeEndpointAsync!;
    const startMs = performance.now();

    const accepted = await Promise.all(
      Array.from({ length: 6 }, (_, index) => submitOne({ EndpointName: 'later', Body: body(index) })),
    );
    for (const { OutputLocation } of accepted) await objectAt(OutputLocation as string);

    expect(performance.now() - startMs).toBeGreaterThan(430);
  });
});

it('goes on at an instance that is added while every other one is busy', async () => {
  await deploy(stack, 'growing', [{ Image: image('box'), Environment: { NAME: 'growing' } }], {
    config: {
      AsyncInferenceConfig: {
        ClientConfig: { MaxConcurrentInvocationsPerInstance: 1 },
        OutputConfig: { S3OutputPath: 's3://results/growing' },
      },
    },
  });
  const submitOne = (Body: string) =>
    stack.sagemaker.runtime.operations.invokeEndpointAsync!({ EndpointName: 'growing', Body });
  const stuck = await submitOne('hang:growing');
  const next = await submitOne('next');

  await stack.control.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: 'growing',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 2 }],
    }),
  );

  expect(JSON.parse(await objectAt(next.OutputLocation as string)).input).toBe('next');
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(stuck.OutputLocation as string)!;
  await expect(stack.s3.getObject({ bucket: bucket!, key: key! })).rejects.toThrow();
});

describe('what is refused at once', () => {
  it.each([
    ['an endpoint without AsyncInferenceConfig', { EndpointName: 'now', InputLocation: 's3://inputs/a.csv' }],
    ['a location that is none', { InputLocation: 'ftp://inputs/a.csv' }],
    ['a file name with two dots', { InputLocation: 's3://inputs/a.csv', Filename: 'a.b.c' }],
    ['an extension that climbs', { InputLocation: 's3://inputs/a.csv', S3OutputPathExtension: 'a/../..' }],
    ['a time to live under a minute', { InputLocation: 's3://inputs/a.csv', RequestTTLSeconds: 59 }],
  ])('is %s', async (_what, input) => {
    expect(await submit(input).catch((error: unknown) => error)).toBeInstanceOf(ValidationError);
  });

  it('is a body beside a location, and neither', async () => {
    for (const input of [{ Body: Buffer.from('x'), InputLocation: 's3://inputs/a.csv' }, {}])
      await expect(submit(input)).rejects.toBeInstanceOf(ValidationError);
  });
});

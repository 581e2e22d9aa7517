// InvokeEndpoint on single-model endpoints and inference pipelines, through the SDK over a real socket.
import { execFileSync } from 'node:child_process';
import {
  ModelError,
  SageMakerRuntimeServiceException,
  ValidationError,
} from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BUCKET,
  createConfig,
  deploy,
  image,
  invoke,
  invokeSeen,
  type Seen,
  type Stack,
  startStack,
} from './fixtures/stack.ts';
import { artefact } from './fixtures/tar.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ payloadLimitBytes: 100_000, invocationTimeoutMs: 700, pingIntervalMs: 100 });
  await stack.s3.putObject({ bucket: BUCKET, key: 'one/model.tar.gz' }, await artefact('weights of one'));
  const data = { ModelDataUrl: `s3://${BUCKET}/one/model.tar.gz` };
  await Promise.all([
    deploy(stack, 'single', [
      { Image: image('box'), ...data, Environment: { NAME: 'single', ANSWER_ATTRIBUTES: 'load=warm' } },
    ]),
    deploy(stack, 'pipeline', [
      {
        Image: image('box'),
        Environment: {
          NAME: 'a',
          ANSWER: 'input',
          ANSWER_TYPE: 'text/csv; charset=utf-8',
          ANSWER_ATTRIBUTES: 'from-a',
        },
      },
      { Image: image('box'), Environment: { NAME: 'b', ANSWER_TYPE: 'application/json' } },
    ]),
    deploy(
      stack,
      'direct',
      [
        { Image: image('box'), ContainerHostname: 'left', Environment: { NAME: 'left' } },
        { Image: image('box'), ContainerHostname: 'right', Environment: { NAME: 'right' } },
      ],
      { mode: 'Direct' },
    ),
  ]);
});

afterAll(() => stack.close());

async function failureOf<Failure>(call: Promise<unknown>): Promise<Failure> {
  return call.then(
    () => {
      throw new Error('the call succeeded');
    },
    (error: Failure) => error,
  );
}

describe('one container', () => {
  it('gets the body, the headers that SageMaker passes on, and its unpacked model', async () => {
    const seen = await invokeSeen(stack, 'single', {
      Body: 'a,b',
      ContentType: 'text/csv',
      Accept: 'application/json',
      CustomAttributes: 'trace=1',
      InferenceId: 'inference-1',
    });

    expect(seen).toMatchObject({ path: '/invocations', input: 'a,b', model: 'weights of one' });
    expect(seen.headers).toMatchObject({
      'content-type': 'text/csv',
      accept: 'application/json',
      'x-amzn-sagemaker-custom-attributes': 'trace=1',
      'x-amzn-sagemaker-inference-id': 'inference-1',
    });
    expect(seen.headers).not.toHaveProperty('authorization');
  });

  it('answers with its content type, the variant and its custom attributes', async () => {
    const answer = await invoke(stack, 'single');

    expect(answer.ContentType).toBe('application/json');
    expect(answer.InvokedProductionVariant).toBe('AllTraffic');
    expect(answer.CustomAttributes).toBe('load=warm');
  });

  it('answers the same to a caller in this process', async () => {
    const answer = await stack.sagemaker.runtime.operations.invokeEndpoint!({
      EndpointName: 'single',
      Body: 'in',
    });

    const seen = JSON.parse(Buffer.from(answer.Body as Uint8Array).toString()) as Seen;
    expect(seen.input).toBe('in');
    expect(answer).toMatchObject({ InvokedProductionVariant: 'AllTraffic', CustomAttributes: 'load=warm' });
  });

  it('writes its output to the log stream of its instance', () => {
    const [stream] = [...stack.logs].find(([name]) => name.startsWith('/aws/sagemaker/Endpoints/single|'))!;

    expect(stream).toMatch(/\|AllTraffic\/i-[0-9a-f]{17}$/);
    expect(stack.logs.get(stream)).toContain('single listens');
  });
});

describe('an inference pipeline', () => {
  it('hands each container the answer of the one before it with its content type, verbatim', async () => {
    const seen = await invokeSeen(stack, 'pipeline', { Body: 'x', ContentType: 'text/plain' });

    expect(seen).toMatchObject({ name: 'b', input: 'x' });
    expect(seen.headers['content-type']).toBe('text/csv; charset=utf-8');
  });

  it('gives Accept to the last container alone and custom attributes to each', async () => {
    const seen = await invokeSeen(stack, 'pipeline', { Accept: 'text/csv', CustomAttributes: 'k=v' });

    expect(seen.headers.accept).toBe('text/csv');
    expect(seen.headers['x-amzn-sagemaker-custom-attributes']).toBe('k=v');
  });

  it('returns the last container’s custom attributes, none when it sets none', async () => {
    expect((await invoke(stack, 'pipeline')).CustomAttributes).toBeUndefined();
  });

  it.each([
    ['a', 415, 'client', 'container-1', 'CLIENT_ERROR_FROM_MODEL'],
    ['b', 503, 'server', 'container-2', 'INTERNAL_FAILURE_FROM_MODEL'],
  ])('stops at container %s that answers %i and names it', async (name, status, side, container, code) => {
    const error = await failureOf<ModelError & { ErrorCode?: string }>(
      invoke(stack, 'pipeline', { Body: `fail:${name}:${status}` }),
    );

    expect(error).toBeInstanceOf(ModelError);
    expect(error.$metadata.httpStatusCode).toBe(424);
    expect(error.OriginalStatusCode).toBe(status);
    expect(error.OriginalMessage).toBe(`${name} does not like this`);
    expect(error.LogStreamArn).toBe(
      'arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/Endpoints/pipeline',
    );
    expect(error.message).toBe(
      `Received ${side} error (${status}) from ${container} with message "${name} does not like this". See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group=/aws/sagemaker/Endpoints/pipeline in account 000000000000 for more information.`,
    );
    const raw = await fetch(`${stack.endpointUrl}/endpoints/pipeline/invocations`, {
      method: 'POST',
      body: `fail:${name}:${status}`,
    });
    expect(await raw.json()).toMatchObject({ ErrorCode: code });
  });

  it('gives the whole chain one time, and names the container that was at work when it was up', async () => {
    const startMs = performance.now();
    const error = await failureOf<ModelError>(invoke(stack, 'pipeline', { Body: 'wait:a:400 wait:b:5000' }));

    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(error.OriginalStatusCode).toBe(0);
    expect(error.OriginalMessage).toBe(
      'Your invocation timed out while waiting for a response from container container-2. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.',
    );
  });

  it('names log streams after the containers', () => {
    const streams = [...stack.logs.keys()].filter((name) => name.includes('/pipeline|'));

    expect(streams.map((name) => name.split('/').at(-1)).sort()).toEqual(['container-1', 'container-2']);
  });

  it('starts a container that died again, and never leaves a caller hanging', async () => {
    const before = await invokeSeen(stack, 'pipeline');
    const error = await failureOf<ModelError>(invoke(stack, 'pipeline', { Body: 'die:b' }));
    expect(error.OriginalStatusCode).toBe(0);

    const after = await eventually(() => invokeSeen(stack, 'pipeline'));

    expect(after.pid).not.toBe(before.pid);
  });
});

/** Tries again until it succeeds; the test's own time-out is the bound. */
async function eventually<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      expect(error).toBeInstanceOf(SageMakerRuntimeServiceException);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe('an endpoint in Direct mode', () => {
  it('calls the one container that is named', async () => {
    expect((await invokeSeen(stack, 'direct', { TargetContainerHostname: 'right' })).name).toBe('right');
  });

  it.each([
    ['an unknown host name', 'direct', 'middle'],
    ['none', 'direct', undefined],
    ['one where the mode is Serial', 'pipeline', 'left'],
  ])('refuses %s', async (_what, endpoint, hostname) => {
    const error = await failureOf(invoke(stack, endpoint, { TargetContainerHostname: hostname }));

    expect(error).toBeInstanceOf(ValidationError);
  });
});

describe('what cannot be asked', () => {
  it('is an endpoint that does not exist', async () => {
    const error = await failureOf<ValidationError>(invoke(stack, 'nowhere'));

    expect(error).toBeInstanceOf(ValidationError);
    expect(error.message).toBe('Endpoint nowhere of account 000000000000 not found.');
  });

  it('is a target model where there is one model', async () => {
    const error = await failureOf<ValidationError>(invoke(stack, 'single', { TargetModel: 'a.tar.gz' }));

    expect(error).toBeInstanceOf(ValidationError);
    expect(error.message).toBe(
      'Endpoint single is not a multi-model endpoint and does not support target model header.',
    );
  });

  it('is a variant that the endpoint does not have', async () => {
    expect(await failureOf(invoke(stack, 'single', { TargetVariant: 'other' }))).toBeInstanceOf(
      ValidationError,
    );
  });

  it('is a member that is too long', async () => {
    const error = await failureOf<ValidationError>(invoke(stack, 'single', { InferenceId: 'x'.repeat(65) }));

    expect(error).toBeInstanceOf(ValidationError);
    expect(error.message).toContain("at 'inferenceId' failed to satisfy constraint");
  });

  it('is an explanation, which nothing here can give', async () => {
    const error = await failureOf(invoke(stack, 'single', { EnableExplanations: '`true`' }));

    expect(error).toBeInstanceOf(ValidationError);
  });

  it('is a body over the limit', async () => {
    const error = await failureOf<SageMakerRuntimeServiceException>(
      invoke(stack, 'single', { Body: Buffer.alloc(100_001) }),
    );

    expect(error.$metadata.httpStatusCode).toBe(413);
  });
});

const hasPython = ((): boolean => {
  try {
    execFileSync('python3', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasPython)('a container written in Python', () => {
  it('stands behind the contract like any other', async () => {
    expect(await deploy(stack, 'python', [{ Image: image('python-box') }])).toEqual({ status: 'InService' });

    const answer = await invoke(stack, 'python', { Body: '1,2,3\n4,5,6', ContentType: 'text/csv' });
    const error = await failureOf<ModelError>(invoke(stack, 'python', { ContentType: 'text/plain' }));

    expect(JSON.parse(answer.Body.transformToString())).toEqual({
      predictions: [{ score: 6 }, { score: 15 }],
    });
    expect(error).toMatchObject({
      OriginalStatusCode: 415,
      OriginalMessage: 'only text/csv is understood here',
    });
    expect(error.message).toContain('from primary');
  });
});

describe('what a container gets to know', () => {
  it('is SageMaker’s environment and its model’s', async () => {
    await createConfig(stack, 'environment', [
      { Image: image('box'), Environment: { ANSWER: 'environment', COLOUR: 'green' } },
    ]);
    await stack.sagemaker.operations.createEndpoint!({
      EndpointName: 'environment',
      EndpointConfigName: 'environment',
    });
    await stack.sagemaker.settled('environment');

    const environment = JSON.parse((await invoke(stack, 'environment')).Body.transformToString());

    expect(environment).toMatchObject({
      COLOUR: 'green',
      SAGEMAKER_REGION: 'us-east-1',
      SAGEMAKER_MULTI_MODEL: 'false',
      SAGEMAKER_BIND_TO_PORT: expect.stringMatching(/^\d+$/),
      SAGEMAKER_SAFE_PORT_RANGE: expect.stringMatching(/^\d+-\d+$/),
    });
    expect(environment.SAGEMAKER_BASE_DIR).toContain(stack.volumesFolder);
    expect(environment.SM_MODEL_DIR).toBe(`${environment.SAGEMAKER_BASE_DIR}/model`);
  });
});

describe('an invocation that a header cannot carry', () => {
  const send = (members: Record<string, unknown>) =>
    stack.sagemaker.runtime.operations.invokeEndpoint!({ EndpointName: 'single', Body: 'x', ...members });

  it.each([
    ['an inference id of no length', { InferenceId: '' }, "at 'inferenceId'"],
    ['custom attributes with a control character', { CustomAttributes: 'a\nb' }, "at 'customAttributes'"],
    ['custom attributes beyond ASCII', { CustomAttributes: 'ä' }, "at 'customAttributes'"],
  ])('is refused: %s', async (_what, members, text) => {
    await expect(send(members)).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining(text),
    });
  });
});

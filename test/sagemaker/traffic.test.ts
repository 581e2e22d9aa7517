// What happens to traffic beside its answer: shadow variants, data capture, sessions that stay with their instance.
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy, image, invoke, invokeSeen, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ captureFlushMs: 20 });
});

afterAll(() => stack.close());

const box = (NAME: string, environment = {}) => ({
  Image: image('box'),
  Environment: { NAME, ...environment },
});

describe('a shadow variant', () => {
  it('gets a copy of the traffic while callers hear the production variant alone', async () => {
    const { control } = stack;
    for (const name of ['live', 'shadow']) {
      await control.send(
        new CreateModelCommand({ ModelName: name, PrimaryContainer: box(name, { LOG_INPUT: '1' }) }),
      );
    }
    const variant = (name: string) => ({ VariantName: name, ModelName: name, InitialInstanceCount: 1 });
    await control.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: 'shadowed',
        ProductionVariants: [variant('live')],
        ShadowProductionVariants: [variant('shadow')],
      }),
    );
    await control.send(
      new CreateEndpointCommand({ EndpointName: 'shadowed', EndpointConfigName: 'shadowed' }),
    );
    await stack.sagemaker.settled('shadowed');

    expect((await invokeSeen(stack, 'shadowed', { Body: 'fail:shadow:500' })).name).toBe('live');

    const logOfShadow = () =>
      [...stack.logs]
        .filter(([stream]) => stream.includes('/shadowed|shadow/'))
        .flatMap(([, lines]) => lines);
    while (!logOfShadow().includes('input fail:shadow:500')) await new Promise((go) => setTimeout(go, 10));
    expect(logOfShadow()).toContain('input fail:shadow:500');
  });
});

describe('data capture', () => {
  async function captured(endpoint: string): Promise<Record<string, never>[]> {
    for (;;) {
      const { objects } = await stack.s3.listObjects({ bucket: 'results', prefix: `capture/${endpoint}/` });
      if (objects.length > 0) {
        expect(objects[0]!.key).toMatch(
          new RegExp(`^capture/${endpoint}/AllTraffic/\\d{4}/\\d\\d/\\d\\d/\\d\\d/.+\\.jsonl$`),
        );
        const { body } = await stack.s3.getObject({ bucket: 'results', key: objects[0]!.key });
        const text = Buffer.concat(await body.toArray()).toString();
        return text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('writes input and output in SageMaker’s format', async () => {
    await deploy(stack, 'captured', [box('captured', { ANSWER: 'input', ANSWER_TYPE: 'image/png' })], {
      config: {
        DataCaptureConfig: {
          EnableCapture: true,
          InitialSamplingPercentage: 100,
          DestinationS3Uri: 's3://results/capture',
          CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
          CaptureContentTypeHeader: { CsvContentTypes: ['text/csv'] },
        },
      },
    });

    await invoke(stack, 'captured', { Body: '1,2', ContentType: 'text/csv', InferenceId: 'id-1' });

    expect(await captured('captured')).toEqual([
      {
        captureData: {
          endpointInput: { observedContentType: 'text/csv', mode: 'INPUT', data: '1,2', encoding: 'CSV' },
          endpointOutput: {
            observedContentType: 'image/png',
            mode: 'OUTPUT',
            data: Buffer.from('1,2').toString('base64'),
            encoding: 'BASE64',
          },
        },
        eventMetadata: {
          eventId: expect.any(String),
          inferenceId: 'id-1',
          inferenceTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        },
        eventVersion: '0',
      },
    ]);
  });
});

describe('a session', () => {
  it('stays with the instance that opened it', async () => {
    await deploy(stack, 'sticky', [box('sticky', { SESSIONS: '1' })], {
      variant: { InitialInstanceCount: 3 },
    });

    const opened = await invoke(stack, 'sticky', { SessionId: 'NEW_SESSION' });
    const { pid } = JSON.parse(opened.Body.transformToString());
    const [id] = opened.NewSessionId!.split(';');
    const pids = new Set<number>();
    for (let call = 0; call < 20; call++)
      pids.add((await invokeSeen(stack, 'sticky', { SessionId: id! })).pid);
    const closed = await invoke(stack, 'sticky', { SessionId: id!, Body: 'close' });

    expect(pids).toEqual(new Set([pid]));
    expect(closed.ClosedSessionId).toBe(id);
  });
});

// InvokeEndpointWithResponseStream, decoded by the SDK; the frame against one known by its bytes.
import {
  InvokeEndpointWithResponseStreamCommand,
  ModelError,
  type ModelStreamError,
} from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { payloadPart } from '../../local/sagemaker/runtime/event-stream.ts';
import { deploy, image, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ streamTimeoutMs: 500 });
  await deploy(stack, 'words', [
    { Image: image('box'), Environment: { NAME: 'first', ANSWER: 'input' } },
    { Image: image('box'), Environment: { NAME: 'last', ANSWER: 'pieces', ANSWER_TYPE: 'text/plain' } },
  ]);
});

afterAll(() => stack.close());

function call(body: string) {
  const input = { EndpointName: 'words', Body: body, ContentType: 'text/plain', Accept: 'text/plain' };
  return stack.runtime.send(new InvokeEndpointWithResponseStreamCommand(input));
}

async function readAll(body: string): Promise<{ parts: string[]; error?: ModelStreamError }> {
  const parts: string[] = [];
  try {
    for await (const event of (await call(body)).Body!) {
      if (event.PayloadPart) parts.push(Buffer.from(event.PayloadPart.Bytes!).toString());
    }
    return { parts };
  } catch (error) {
    return { parts, error: error as ModelStreamError };
  }
}

it('frames a payload part as the protocol has it, byte by byte', () => {
  const known =
    '00000070000000598e47d6f60b3a6576656e742d7479706507000b5061796c6f6164506172740d3a636f6e74656e742d747970650700186170706c69636174696f6e2f6f637465742d73747265616d0d3a6d6573736167652d747970650700056576656e747b2278223a317d6ac2b1f0';

  expect(payloadPart(Buffer.from('{"x":1}')).toString('hex')).toBe(known);
});

describe('a streamed answer', () => {
  it('comes piece by piece as the last container makes it', async () => {
    const { parts } = await readAll('one two three');

    expect(parts.join('')).toBe('one two three ');
    expect(parts.length).toBeGreaterThan(1);
  });

  it('says its content type and its variant', async () => {
    const answer = await call('one');
    for await (const _event of answer.Body!);

    expect(answer).toMatchObject({ ContentType: 'text/plain', InvokedProductionVariant: 'AllTraffic' });
  });

  it('fails as an ordinary ModelError before its first byte', async () => {
    const error = await call('fail:first:400').catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ OriginalStatusCode: 400 });
  });

  it.each([
    ['StreamBroken', 'one cut'],
    ['ModelInvocationTimeExceeded', 'one stall'],
  ])('ends in a ModelStreamError %s after it', async (code, body) => {
    const { parts, error } = await readAll(body);

    expect(parts).toEqual(['one ']);
    expect(error?.name).toBe('ModelStreamError');
    expect(error?.ErrorCode).toBe(code);
  });
});

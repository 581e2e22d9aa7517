// Endpoints whose containers start with the first call (`SERIATIM_START=first-call`), pipelines included, and end when
// nobody has called for long.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy, image, invokeSeen, type Stack, startStack } from './fixtures/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ serverlessIdleMs: 1_000 });
  const start = { SERIATIM_START: 'first-call' };
  const outcome = await deploy(stack, 'asleep', [
    { Image: image('box'), Environment: { NAME: 'one', ...start } },
    { Image: image('box'), Environment: { NAME: 'two', ...start } },
  ]);
  expect(outcome).toEqual({ status: 'InService' });
});

afterAll(() => stack.close());

const instances = () =>
  stack.sagemaker.endpoints().find(({ endpointName }) => endpointName === 'asleep')!.instances;

it('is in service without an instance, and calls at once share one start', async () => {
  expect(instances()).toBe(0);

  const seen = await Promise.all([1, 2, 3].map(() => invokeSeen(stack, 'asleep')));

  expect(instances()).toBe(1);
  expect(new Set(seen.map(({ pid }) => pid)).size).toBe(1);
});

it('ends when nobody calls, and starts again for the next call', async () => {
  const { pid } = await invokeSeen(stack, 'asleep');
  while (instances() > 0) await new Promise((resolve) => setTimeout(resolve, 20));

  expect((await invokeSeen(stack, 'asleep')).pid).not.toBe(pid);
});

// Models that an endpoint is to have loaded before it is in service: one that cannot be keeps it from it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BUCKET, deploy, image, type Stack, startStack } from './fixtures/stack.ts';
import { artefact } from './fixtures/tar.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.s3.putObject({ bucket: BUCKET, key: 'p/good.tar.gz' }, await artefact('good'));
  await stack.s3.putObject({ bucket: BUCKET, key: 'p/odd.tar.gz' }, await artefact('refuse'));
});

afterAll(() => stack.close());

function endpoint(name: string, environment: Record<string, string>) {
  const container = {
    Image: image('box'),
    Mode: 'MultiModel' as const,
    ModelDataUrl: `s3://${BUCKET}/p/`,
    Environment: { NAME: name, ...environment },
  };
  return deploy(stack, name, [container]);
}

it.each([
  ['absent', 'nowhere.tar.gz', 'nowhere.tar.gz'],
  ['refused', 'good.tar.gz,odd.tar.gz', 'odd.tar.gz'],
  ['outside', '../odd.tar.gz', '../odd.tar.gz'],
])('an endpoint fails whose pinned model is %s, and says which', async (name, pinned, culprit) => {
  const outcome = await endpoint(name, { SERIATIM_PINNED_MODELS: pinned });

  expect(outcome.status).toBe('Failed');
  expect(outcome.failureReason).toContain(
    `Failed to load the pinned model ${culprit} into the container primary`,
  );
});

it('a model that is only preloaded keeps no endpoint from service', async () => {
  const outcome = await endpoint('hinted', { SERIATIM_PRELOAD_MODELS: 'nowhere.tar.gz,good.tar.gz' });

  expect(outcome).toEqual({ status: 'InService' });
});

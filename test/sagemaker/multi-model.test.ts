// Multi-model endpoints, through the SDK over a real socket: cold and warm calls, room, and what must be refused.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerDefinition } from '@aws-sdk/client-sagemaker';
import { ModelError, ModelNotReadyException, ValidationError } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HostingSettings } from '../../local/sagemaker/settings.ts';
import { BUCKET, deploy, image, invoke, invokeSeen, type Stack, startStack } from './fixtures/stack.ts';
import { artefact, tarGz } from './fixtures/tar.ts';

const PREFIX = 'cities/';
let stack: Stack;

interface StartOptions {
  readonly settings?: Partial<HostingSettings>;
  readonly environment?: Record<string, string>;
  readonly cache?: 'Disabled';
  /** With a feature container before the multi-model one. */
  readonly inPipeline?: boolean;
  readonly instances?: number;
}

/** A multi-model endpoint and artefacts by name. */
async function start(
  models: Readonly<Record<string, string | Buffer>>,
  options: StartOptions = {},
): Promise<void> {
  stack = await startStack(options.settings);
  await put(models);
  const city: ContainerDefinition = {
    Image: image('box'),
    Mode: 'MultiModel',
    ModelDataUrl: `s3://${BUCKET}/${PREFIX}`,
    Environment: { NAME: 'city', ...options.environment },
    ...(options.cache === undefined ? {} : { MultiModelConfig: { ModelCacheSetting: options.cache } }),
  };
  const features = { Image: image('box'), Environment: { NAME: 'features', ANSWER: 'input' } };
  const variant = { InitialInstanceCount: options.instances ?? 1 };
  const outcome = await deploy(stack, 'cities', options.inPipeline ? [features, city] : [city], { variant });
  expect(outcome).toEqual({ status: 'InService' });
}

async function put(models: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [name, model] of Object.entries(models)) {
    const body = typeof model === 'string' ? await artefact(model) : model;
    await stack.s3.putObject({ bucket: BUCKET, key: PREFIX + name }, body);
  }
}

/** The call over plain HTTP, for the header that the SDK does not know. */
async function raw(targetModel: string, body = 'hello'): Promise<Response> {
  return fetch(`${stack.endpointUrl}/endpoints/cities/invocations`, {
    method: 'POST',
    headers: { 'x-amzn-sagemaker-target-model': targetModel, 'content-type': 'text/plain' },
    body,
  });
}

async function loadOf(targetModel: string, body?: string): Promise<string> {
  const response = await raw(targetModel, body);
  await response.text();
  return response.headers.get('x-seriatim-model-load') ?? `status ${response.status}`;
}

function call(targetModel: string | undefined) {
  return invoke(stack, 'cities', { TargetModel: targetModel });
}

async function failureOf<Failure>(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => {
      throw new Error('the call succeeded');
    },
    (error: Failure) => error,
  );
}

describe('a call to a target model', () => {
  afterEach(() => stack.close());

  it('loads it under an opaque name and tells the container which it is', async () => {
    await start({ 'a.tar.gz': 'weights of a' }, { inPipeline: true });

    const seen = await invokeSeen(stack, 'cities', { TargetModel: 'a.tar.gz' });

    expect(seen).toMatchObject({ name: 'city', model: 'weights of a', input: 'hello' });
    expect(seen.path).toMatch(/^\/models\/[0-9a-f]{32}\/invoke$/);
    expect(seen.headers['x-amzn-sagemaker-target-model']).toBe('a.tar.gz');
  });

  it('says what it met: cold with its milliseconds, then warm', async () => {
    await start({ 'a.tar.gz': 'a' });

    expect(await loadOf('a.tar.gz')).toMatch(
      /^cold;total-ms=[\d.]+;download-ms=[\d.]+;unpack-ms=[\d.]+;load-ms=[\d.]+$/,
    );
    expect(await loadOf('a.tar.gz')).toBe('warm');
    const log = [...stack.logs].find(([stream]) => stream.includes('/cities|'))![1];
    expect(log.filter((line) => line.startsWith('model-load target=a.tar.gz'))).toHaveLength(1);
  });

  it('loads once however many callers wait', async () => {
    await start({ 'a.tar.gz': 'slow:100' });

    const answers = await Promise.all(Array.from({ length: 20 }, () => raw('a.tar.gz')));

    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(200));
    expect(stack.s3.fetches.get(`${PREFIX}a.tar.gz`)).toBe(1);
    const log = [...stack.logs].find(([stream]) => stream.includes('/cities|'))![1];
    expect(log.filter((line) => line === 'load slow:100')).toHaveLength(1);
  });

  it('answers warm callers while a cold model loads', async () => {
    await start({ 'cold.tar.gz': 'slow:600', 'warm.tar.gz': 'warm' });
    await call('warm.tar.gz');
    const order: string[] = [];

    const cold = loadOf('cold.tar.gz').then(() => order.push('cold'));
    await loadOf('warm.tar.gz').then(() => order.push('warm'));
    await cold;

    expect(order).toEqual(['warm', 'cold']);
  });

  it('is told ModelNotReady when the load takes too long, and the load goes on', async () => {
    await start({ 'a.tar.gz': 'slow:400' }, { settings: { modelLoadWaitMs: 50 } });

    const error = await failureOf<ModelNotReadyException>(call('a.tar.gz'));

    expect(error).toBeInstanceOf(ModelNotReadyException);
    expect(error.$metadata.httpStatusCode).toBe(429);
    while ((await loadOf('a.tar.gz')) !== 'warm') await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stack.s3.fetches.get(`${PREFIX}a.tar.gz`)).toBe(1);
  });

  it('finds models again that a restarted container lost', async () => {
    await start({ 'a.tar.gz': 'a' });
    await call('a.tar.gz');
    expect(
      await failureOf(invoke(stack, 'cities', { TargetModel: 'a.tar.gz', Body: 'die:city' })),
    ).toBeInstanceOf(ModelError);

    let load: string;
    do load = await loadOf('a.tar.gz');
    while (load.startsWith('status'));

    expect(load).toMatch(/^cold;.*;download-ms=0.00;/);
  });
});

describe('several instances', () => {
  afterEach(() => stack.close());

  it('share the models among them, and a call goes where its model is', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await start(Object.fromEntries(names.map((name) => [name, name])), { instances: 2 });
    const pidOf = async (TargetModel: string) => (await invokeSeen(stack, 'cities', { TargetModel })).pid;

    const first: number[] = [];
    for (const name of names) first.push(await pidOf(name));
    const again = await Promise.all([...names, ...names].map(pidOf));

    expect(new Set(first).size).toBe(2);
    expect(again).toEqual([...first, ...first]);
    for (const name of names) expect(stack.s3.fetches.get(PREFIX + name)).toBe(1);
  });
});

describe('a model in demand', () => {
  afterEach(() => stack.close());

  it('is copied to an idle instance, and nobody waits for the copy', async () => {
    await start({ a: 'slow:150' }, { instances: 2 });
    const pidOf = async (Body: string) => (await invokeSeen(stack, 'cities', { TargetModel: 'a', Body })).pid;
    const first = await pidOf('x');
    const startMs = performance.now();

    const busy = await Promise.all(Array.from({ length: 12 }, () => pidOf('wait:city:60')));

    expect(new Set(busy)).toEqual(new Set([first]));
    expect(performance.now() - startMs).toBeLessThan(1_000);
    const pids = new Set<number>();
    while (pids.size < 2)
      for (const pid of await Promise.all([pidOf('wait:city:5'), pidOf('wait:city:5')])) pids.add(pid);
    expect(pids.size).toBe(2);
  });
});

describe('room', () => {
  afterEach(() => stack.close());

  it('is made by unloading the model least asked for when the container answers 507', async () => {
    await start({ a: 'a', b: 'b', c: 'c' }, { environment: { MAX_MODELS: '2' } });
    await loadOf('a');
    await loadOf('b');
    // Often enough that the load times of two equal models, which differ on a busy machine, do not tip the scales.
    for (let call = 0; call < 20; call++) await loadOf('a');

    expect(await loadOf('c')).toMatch(/;evicted=b$/);
    expect(await loadOf('a')).toBe('warm');
    expect(await loadOf('b')).toMatch(/download-ms=0.00;.*evicted=c$/);
  });

  it('is never made at the cost of a call in flight', async () => {
    await start({ a: 'a', b: 'b' }, { environment: { MAX_MODELS: '1' } });
    await loadOf('a');
    const slow = raw('a', 'wait:city:300');
    await new Promise((resolve) => setTimeout(resolve, 50));

    const other = await loadOf('b');

    expect((await slow).status).toBe(200);
    expect(other).toMatch(/evicted=a$/);
    expect(Number(/total-ms=([\d.]+)/.exec(other)![1])).toBeGreaterThan(150);
  });

  it('on the volume is bounded too: unused models leave the disk', async () => {
    const weights = 'x'.repeat(1000);
    const settings = { modelDiskBytes: 2500, maxLoadedModels: 1 };
    await start({ a: weights, b: weights, c: weights }, { settings });
    for (const model of ['a', 'b', 'c']) await loadOf(model);

    expect(await loadOf('b')).toMatch(/download-ms=0.00/);
    expect(await loadOf('a')).not.toMatch(/download-ms=0.00/);
  });

  it('is never made by unloading a pinned model, which is loaded before it is asked for', async () => {
    const environment = { MAX_MODELS: '2', SERIATIM_PINNED_MODELS: 'a', SERIATIM_PRELOAD_MODELS: 'b' };
    await start({ a: 'a', b: 'b', c: 'c' }, { environment });
    for (let call = 0; call < 3; call++) expect(await loadOf('b')).toBe('warm');

    expect(await loadOf('c')).toMatch(/evicted=b$/);
    expect(await loadOf('a')).toBe('warm');
  });

  it('is given back at once where models are not to be cached', async () => {
    await start({ a: 'a' }, { cache: 'Disabled' });

    expect(await loadOf('a')).toMatch(/^cold/);
    expect(await loadOf('a')).toMatch(/^cold/);
    expect(stack.s3.fetches.get(`${PREFIX}a`)).toBeGreaterThanOrEqual(1);
  });

  it('is fetched anew while what was there is being removed', async () => {
    await start({ a: 'a' }, { cache: 'Disabled' });

    for (let call = 0; call < 20; call++) expect(await loadOf('a')).toMatch(/^cold/);
  });
});

describe('what is refused', () => {
  let shared: Stack;

  beforeAll(async () => {
    await start({}, { settings: { unpackedLimitBytes: 1_000_000, artefactLimitBytes: 100_000 } });
    shared = stack;
  });

  beforeEach(() => {
    stack = shared;
  });

  afterAll(() => shared.close());

  it('is a call without a target model', async () => {
    const error = await failureOf<ValidationError>(call(undefined));

    expect(error).toBeInstanceOf(ValidationError);
    expect(error.message).toMatch(/^Request .+ is missing a target model header$/);
  });

  it('is a target model that climbs out of the prefix, in any spelling', async () => {
    await stack.s3.putObject({ bucket: BUCKET, key: 'secret' }, await artefact('secret'));

    for (const target of [
      '../secret',
      'a/../../secret',
      '/secret',
      '%2e%2e/secret',
      '..%2Fsecret',
      '%252e%252e%252fsecret',
      '..\\secret',
      's3://models/secret',
    ]) {
      expect(await failureOf(call(target)), target).toBeInstanceOf(ValidationError);
    }
    expect(stack.s3.fetches.get('secret')).toBeUndefined();
  });

  it('is a model that is not there, by bucket and key', async () => {
    const error = await failureOf<ValidationError>(call('Nowhere_XX.tar.gz'));

    expect(error).toBeInstanceOf(ValidationError);
    expect(error.message).toContain(
      'Failed to download model data (bucket: models, key: cities/Nowhere_XX.tar.gz). Please ensure that there is an object located at the URL',
    );
  });

  it('is a corrupt artefact, as a ModelError that says so, and the endpoint goes on', async () => {
    const good = await artefact('good');
    await put({ text: Buffer.from('not an archive'), half: good.subarray(0, 60), good });

    for (const target of ['text', 'half']) {
      const error = await failureOf<ModelError>(call(target));
      expect(error).toBeInstanceOf(ModelError);
      expect(error.OriginalMessage).toContain(`key: cities/${target}`);
      expect(error.OriginalMessage).toContain('corrupt');
    }
    expect((await invokeSeen(stack, 'cities', { TargetModel: 'good' })).model).toBe('good');
  });

  it('is a download that arrives in part; the next call fetches it whole', async () => {
    await put({ a: 'a' });
    stack.s3.cutAtBytes = 50;
    expect(await failureOf<ModelError>(call('a'))).toBeInstanceOf(ModelError);

    stack.s3.cutAtBytes = undefined;
    expect((await invokeSeen(stack, 'cities', { TargetModel: 'a' })).model).toBe('a');
  });

  it('is a model that the container does not take, with the container’s words', async () => {
    await put({ refused: 'refuse' });

    const error = await failureOf<ModelError>(call('refused'));

    expect(error).toMatchObject({
      OriginalStatusCode: 400,
      OriginalMessage: 'these weights are of the wrong kind',
    });
  });

  it.each([
    ['a path out of the archive', [{ name: '../out.txt', content: 'out' }]],
    ['an absolute path', [{ name: '/etc/out.txt', content: 'out' }]],
    ['a link out of the archive', [{ name: 'link', type: 'symlink' as const, linkname: '../../out' }]],
    ['a hard link to an absolute path', [{ name: 'link', type: 'link' as const, linkname: '/etc/passwd' }]],
    ['a device', [{ name: 'device', type: 'character-device' as const }]],
  ])('is an artefact with %s', async (_what, entries) => {
    await put({ evil: await tarGz([{ name: 'weights.txt', content: 'x' }, ...entries]) });
    const before = await filesBelow(stack.folder);

    const error = await failureOf<ModelError>(call('evil'));

    expect(error).toBeInstanceOf(ModelError);
    expect(error.OriginalMessage).toContain('Failed to extract model data archive');
    expect(await filesBelow(stack.folder)).toEqual(before);
  });

  it('is an artefact over the size limit, however small that is', async () => {
    await put({ large: await tarGz([{ name: 'weights.txt', content: randomBytes(150_000) }]) });

    const error = await failureOf<ModelError>(call('large'));

    expect(error.OriginalMessage).toContain('are more than the limit of 100000');
  });

  it('is a bomb', async () => {
    await put({ bomb: await tarGz([{ name: 'weights.txt', content: Buffer.alloc(2_000_000) }]) });

    const error = await failureOf<ModelError>(call('bomb'));

    expect(error.OriginalMessage).toContain('unpacks to more than 1000000 bytes');
  });
});

it('uses nothing that a killed process left on the volumes', async () => {
  stack = await startStack();
  const { createSageMaker } = await import('../../local/sagemaker/index.ts');
  const leftover = join(stack.volumesFolder, 'cities', 'AllTraffic');
  await mkdir(leftover, { recursive: true });
  await writeFile(join(leftover, 'half'), 'x');

  const again = await createSageMaker({ s3: stack.s3, volumesFolder: stack.volumesFolder, images: {} });
  await again.close();

  expect(await readdir(stack.volumesFolder)).toEqual([]);
  await stack.close();
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { houseCity, readError, startTestContainer, type TestContainer, writeArtefact } from './support.ts';

const BODY = JSON.stringify({ instances: [{ features: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1, 0, 1, 0] }] });

function layOut(container: TestContainer, name: string, city: string): string {
  const folder = join(container.base, 'models', name, 'model');
  mkdirSync(folder, { recursive: true });
  return writeArtefact(folder, { 'model.onnx': houseCity(city) });
}

const load = (container: TestContainer, name: string, url: string) =>
  container.post('/models', JSON.stringify({ model_name: name, url }));

describe('a container in multi-model mode', () => {
  let container: TestContainer;
  beforeAll(async () => {
    container = await startTestContainer({
      env: { SAGEMAKER_MULTI_MODEL: 'true', SERIATIM_REPORT: 'custom-attributes' },
    });
  });
  afterAll(() => container.stop());

  it('is healthy without a model', async () => {
    expect((await fetch(`${container.url}/ping`)).status).toBe(200);
  });

  it('loads, invokes, describes and unloads a model', async () => {
    const url = layOut(container, 'h1', 'Houston_TX');

    expect((await load(container, 'h1', url)).status).toBe(200);
    const invoked = await container.post('/models/h1/invoke', BODY, {
      'x-amzn-sagemaker-target-model': 'Houston_TX.tar.gz',
    });
    expect(await invoked.json()).toEqual({ predictions: [{ log_price: expect.any(Number) }] });
    expect(invoked.headers.get('x-amzn-sagemaker-custom-attributes')).toMatch(
      /^model=Houston_TX.tar.gz;sha256=[0-9a-f]{16};load=cold;load-ms=[\d.]+;queue-ms/,
    );
    expect(await (await fetch(`${container.url}/models/h1`)).json()).toEqual({
      modelName: 'h1',
      modelUrl: url,
    });
    expect((await fetch(`${container.url}/models/h1`, { method: 'DELETE' })).status).toBe(200);
    expect((await container.post('/models/h1/invoke', BODY)).status).toBe(404);

    await load(container, 'h1', url);
    const again = await container.post('/models/h1/invoke', BODY);
    expect(again.headers.get('x-amzn-sagemaker-custom-attributes')).toMatch(/;load=cold;.*;evicted=1;/);
  });

  it('answers 409 for a model that is loaded, also while it is loading', async () => {
    const url = layOut(container, 'h2', 'Houston_TX');

    const statuses = await Promise.all([load(container, 'h2', url), load(container, 'h2', url)]);

    expect(statuses.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await readError(await load(container, 'h2', url))).toMatchObject({ code: 'ModelAlreadyLoaded' });
  });

  it('answers 404 for a model that is not loaded', async () => {
    const paths = ['/models/none', '/models/none/invoke'];
    const statuses = await Promise.all([
      fetch(`${container.url}${paths[0]}`),
      fetch(`${container.url}${paths[0]}`, { method: 'DELETE' }),
      container.post(paths[1]!, BODY),
    ]);

    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it('keeps models apart', async () => {
    for (const city of ['Chicago_IL', 'Dallas_TX'])
      await load(container, city, layOut(container, city, city));

    const [chicago, dallas] = await Promise.all(
      ['Chicago_IL', 'Dallas_TX'].map(async (city) =>
        (await container.post(`/models/${city}/invoke`, BODY)).text(),
      ),
    );

    expect(chicago).not.toBe(dallas);
  });

  it('lists models page by page', async () => {
    const url = layOut(container, 'many', 'Phoenix_AZ');
    for (let i = 0; i < 120; i++) await load(container, `page ${i}`, url);

    const names: string[] = [];
    let token: string | undefined = '';
    while (token !== undefined) {
      const response = await fetch(`${container.url}/models?next_page_token=${encodeURIComponent(token)}`);
      const page = (await response.json()) as { models: { modelName: string }[]; nextPageToken?: string };
      names.push(...page.models.map(({ modelName }) => modelName));
      token = page.nextPageToken;
    }

    expect(names.filter((name) => name.startsWith('page'))).toHaveLength(120);
    expect(new Set(names).size).toBe(names.length);
  });

  it('refuses a load without name or folder, and a folder without model', async () => {
    const bodies = [
      '{}',
      'no json',
      '[]',
      '{"model_name":"x","url":7}',
      '{"model_name":"x","url":"/nowhere"}',
    ];
    const statuses = await Promise.all(
      bodies.map(async (body) => (await container.post('/models', body)).status),
    );

    expect(statuses).toEqual([400, 400, 400, 400, 400]);
  });
});

describe('bounds', () => {
  it('counts invocations by whether they found their model, and the models that were put out', async () => {
    const running = await startTestContainer({ env: { SAGEMAKER_MULTI_MODEL: '1' } });
    const folder = writeArtefact(join(running.base, 'counted'), { 'model.onnx': houseCity('Houston_TX') });
    const row = JSON.stringify([new Array(10).fill(0)]);
    await running.post('/models', JSON.stringify({ model_name: 'counted', url: folder }));
    for (let i = 0; i < 3; i++) await running.post('/models/counted/invoke', row);
    await running.post('/models/nobody/invoke', row);
    await fetch(`${running.url}/models/counted`, { method: 'DELETE' });

    const text = await (await fetch(`${running.url}/metrics`)).text();

    expect(text).toContain('seriatim_model_cache_hits 2\n');
    expect(text).toContain('seriatim_model_cache_misses 2\n');
    expect(text).toContain('seriatim_model_cache_evictions 1\n');
    expect(text).not.toContain('model="counted"');
    await running.stop();
  });

  it('answers 507 past the bound on models, and takes another after one is unloaded', async () => {
    const env = { SAGEMAKER_MULTI_MODEL: 'true', SERIATIM_MAX_MODELS: '1' };
    const container = await startTestContainer({ env });
    const url = layOut(container, 'one', 'Houston_TX');
    await load(container, 'one', url);

    expect(await readError(await load(container, 'two', url))).toMatchObject({
      status: 507,
      code: 'ModelOutOfMemory',
    });
    await fetch(`${container.url}/models/one`, { method: 'DELETE' });
    expect((await load(container, 'two', url)).status).toBe(200);
    await container.stop();
  });

  it('answers 507 past the bound on memory', async () => {
    const env = { SAGEMAKER_MULTI_MODEL: 'true', SERIATIM_MODEL_MEMORY_MB: '1' };
    const container = await startTestContainer({ env });
    const url = layOut(container, 'one', 'Houston_TX');
    const statuses: number[] = [];
    for (let i = 0; i < 10; i++) statuses.push((await load(container, `m${i}`, url)).status);

    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(507);
    await container.stop();
  });
});

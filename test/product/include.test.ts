// `?include=`: stages' outputs beside the answer, of every pipeline, by API.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PIPELINES } from '../../layers/seriatim/index.ts';
import { type Asked, ask } from './callers.ts';
import { PROJECT, type Product, startProduct } from './product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
}, 60_000);
afterAll(() => product.stop());

type Included = Record<string, unknown> & { readonly included?: Record<string, unknown> };

/** A record as `GET /pipelines` gives it, or a sample photo. */
function example(pipeline: string): { body: unknown; type: string } {
  if (pipeline !== 'photo-themes') return { body: PIPELINES[pipeline]!.example, type: 'application/json' };
  const folder = join(PROJECT, 'models/photo-themes/scenes');
  const [scene] = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as [{ file: string }];
  return { body: readFileSync(join(folder, scene.file)), type: 'image/png' };
}

/** `pipeline` with a query, as the caller's URL has it. */
function including(pipeline: string, names: string, body?: unknown): Promise<Asked<Included>> {
  const { body: own, type } = example(pipeline);
  return ask<Included>(product, pipeline, body ?? own, { contentType: type, query: `?include=${names}` });
}

describe('?include=', () => {
  it.each<[string, Record<string, unknown>]>([
    [
      'house-prices',
      {
        Preprocess: { city: 'Houston_TX', features: { numeric: expect.any(Array), categorical: ['y', 'n'] } },
        Estimate: { prediction: expect.anything(), targetModel: 'Houston_TX.tar.gz' },
        Postprocess: expect.objectContaining({ price: expect.any(Number) }),
      },
    ],
    ['diabetes-progression', { Predict: expect.objectContaining({ value: expect.any(Number) }) }],
    ['tumour-screening', { Screen: expect.objectContaining({ label: expect.any(Number) }) }],
    [
      'regional-prices',
      {
        Combine: expect.objectContaining({ cityLogPrice: expect.any(Number), segment: 'family' }),
        Adjust: { prediction: expect.anything(), targetModel: 'family.tar.gz' },
      },
    ],
    [
      'photo-themes',
      {
        AssessQuality: {
          quality: expect.any(Number),
          upscaled: { claim: expect.objectContaining({ contentType: 'image/png' }) },
        },
        Recognise: { recognised: expect.objectContaining({ labels: expect.any(Array) }) },
        GroupByTheme: { topic: expect.objectContaining({ theme: expect.any(String) }) },
      },
    ],
  ])('gives what the stages of %s gave, and the answer as without it', async (pipeline, outputs) => {
    const { body, type } = example(pipeline);
    const plain = await ask(product, pipeline, body, { contentType: type });

    const { status, json } = await including(pipeline, Object.keys(outputs).join(','));

    const { included, ...answer } = json;
    expect({ status, included }).toEqual({ status: 200, included: outputs });
    expect(answer).toEqual(plain.json);
    expect(plain.json).not.toHaveProperty('included');
  });

  it('gives each of several records its own, though they go to different models', async () => {
    const house = example('house-prices').body as object;
    const cities = ['Houston_TX', 'Dallas_TX', 'Houston_TX', 'Chicago_IL'];
    const body = { instances: cities.map((city) => ({ ...house, city })) };

    const { json } = await including('house-prices', 'Estimate', body);

    const predictions = json.predictions as Included[];
    expect(predictions.map(({ included }) => included)).toEqual(
      cities.map((city) => ({ Estimate: { prediction: expect.anything(), targetModel: `${city}.tar.gz` } })),
    );
  });

  it.each([
    ['house-prices', 'Estimates', 'Preprocess, Estimate, Postprocess'],
    ['photo-themes', 'RejectPoorPhoto', 'AssessQuality, Recognise, GroupByTheme'],
    ['diabetes-progression', 'Predict,Scale', 'Predict'],
  ])('of %s refuses %s, naming the stages there are', async (pipeline, names, stages) => {
    const { status, json } = await including(pipeline, names);

    expect(status).toBe(400);
    expect(json.error).toMatchObject({
      code: 'InvalidPayload',
      message: expect.stringContaining(` are ${stages}.`),
    });
  });
});

describe('?include= of models that are placed as states', () => {
  let placed: Product;
  beforeAll(async () => {
    const names = ['tumour-screening', 'house-prices'];
    placed = await startProduct({
      environment: {
        SERIATIM_PIPELINES: names.join(','),
        SERIATIM_PLACEMENTS: names.map((name) => `${name}:state-machine`).join(','),
      },
    });
  }, 60_000);
  afterAll(() => placed?.stop());

  const asked = async (pipeline: string, names: string, count: number) => {
    const instances = Array.from({ length: count }, () => PIPELINES[pipeline]!.example);
    const query = `?include=${names}`;
    const { status, json } = await ask<{ predictions: Included[] }>(
      placed,
      pipeline,
      { instances },
      { query },
    );
    expect({ status, json: status === 200 ? {} : json }).toEqual({ status: 200, json: {} });
    return json.predictions.map(({ included }) => included);
  };

  it('gives what each model answered in its one call, as it travels', async () => {
    const names = 'ScreenFeatures,ScreenClassifier,ScreenExplanation';
    const included = await asked('tumour-screening', names, 2);

    expect(included).toHaveLength(2);
    for (const one of included)
      expect(one).toEqual({
        ScreenFeatures: expect.objectContaining({ contentType: 'application/x-npy' }),
        ScreenClassifier: expect.anything(),
        ScreenExplanation: expect.objectContaining({ label: expect.any(Number) }),
      });
    expect(await asked('tumour-screening', 'ScreenFeatures', 1)).toEqual([
      { ScreenFeatures: expect.objectContaining({ contentType: 'application/x-npy' }) },
    ]);
  });

  it('does so after a function too, and gives JSON as it is', async () => {
    const included = await asked('house-prices', 'Preprocess,EstimateFeatures', 2);

    for (const one of included)
      expect(one).toEqual({ Preprocess: expect.anything(), EstimateFeatures: expect.any(Object) });
    expect(JSON.stringify(included[0]!.EstimateFeatures)).toMatch(/^\{"(predictions|instances)":\[/);
  });
});

// The pipeline regional-prices end to end, and house-prices over a thousand cities: what two multi-model endpoints and
// one with more models than room for them must get right.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OnnxSession, openSession } from '../../container/onnx/session.ts';
import { unpackModels } from '../../packaging/model-archives.ts';
import { ask, csvOf, runBatch, samples } from './callers.ts';
import { PROJECT, type Product, startProduct } from './product.ts';

const PIPELINE = 'regional-prices';
type House = Readonly<Record<string, unknown>>;
interface Price {
  readonly price: number;
  readonly cityPrice: number;
  readonly city: string;
  readonly segment: string;
}

const houses = samples<{ instances: [House] }>(`${PIPELINE}/requests.ndjson`).map(
  ({ instances }) => instances[0],
);
const answers = samples<Price>(`${PIPELINE}/answers.ndjson`);
const isRight = (found: Price, right: Price): boolean =>
  found.city === right.city &&
  found.segment === right.segment &&
  Math.abs(found.price - right.price) <= 1 &&
  Math.abs(found.cityPrice - right.cityPrice) <= 1;

let product: Product;
beforeAll(async () => {
  product = await startProduct();
}, 60_000);
afterAll(() => product.stop());

describe('regional-prices', () => {
  it('gives each recorded answer, cities and segments mixed, in order', async () => {
    const { json } = await ask<{ predictions: Price[] }>(product, PIPELINE, { instances: houses });

    expect(json.predictions).toHaveLength(500);
    expect(json.predictions.filter((price, i) => !isRight(price, answers[i]!))).toEqual([]);
  });

  it('answers one record with one, and names both models', async () => {
    const { json, headers } = await ask<Price>(product, PIPELINE, houses[0]);

    expect(isRight(json, answers[0]!)).toBe(true);
    expect(json).toMatchObject({ models: [`${json.city}.tar.gz`, `${json.segment}.tar.gz`] });
    expect(headers.get('server-timing')).toMatch(/^Preprocess;.*Estimate;.*Combine;.*Adjust;.*Postprocess;/);
  });

  it.each([
    [
      'an unknown segment',
      { ...houses[0], segment: 'pirate' },
      400,
      'InvalidPayload',
      /^segment: expected first-time or/,
    ],
    ['a city without a model', { ...houses[0], city: 'Atlantis_XX' }, 404, 'ModelNotFound', /Atlantis_XX/],
  ])('refuses %s', async (_, house, status, code, message) => {
    const answer = await ask<{ error: { code: string; message: string } }>(product, PIPELINE, house);

    expect({ status: answer.status, code: answer.json.error.code }).toEqual({ status, code });
    expect(answer.json.error.message).toMatch(message);
  });

  it('gives the same by batch', async () => {
    const lost = { ...houses[0], city: 'Atlantis_XX' };
    const { out, errors } = await runBatch(product, PIPELINE, {
      name: 'h.csv',
      text: csvOf([...houses, lost]),
    });

    const rows = out.slice(1, 501).map((row) => row.split(','));
    const prices = rows.map(([price, cityPrice, city, segment]) => ({
      price: Number(price),
      cityPrice: Number(cityPrice),
      city: city!,
      segment: segment!,
    }));
    expect(prices.filter((price, i) => !isRight(price, answers[i]!))).toEqual([]);
    expect(errors.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ position: 500, error: expect.objectContaining({ code: 'ModelNotFound' }) }),
    ]);
  });
});

describe('house-prices over a thousand cities', () => {
  /** More than a hundred, which is all that its container has room for. */
  const CITIES = Array.from({ length: 130 }, (_, i) => `City${String(20 + i * 7).padStart(4, '0')}_US`);

  it('answers for each as its model does, and again when it had to be unloaded meanwhile', async () => {
    const instances = CITIES.map((city, i) => ({ ...houses[i], city }));
    const expected = await expectedPrices(instances);

    for (const _round of [1, 2]) {
      const { status, json } = await ask<{ predictions: Price[] }>(product, 'house-prices', { instances });

      expect(status).toBe(200);
      expect(json.predictions.filter(({ price }, i) => Math.abs(price - expected[i]!) > 1)).toEqual([]);
    }
  });

  /** The models themselves, without a pipeline. */
  async function expectedPrices(records: readonly House[]): Promise<number[]> {
    const folder = join(PROJECT, 'models/house-prices');
    const files = await unpackModels(join(folder, 'cities-1000.tar.gz'), PROJECT);
    const features = await openSession(join(folder, 'preprocess.onnx'), ['cpu']);
    const prices: number[] = [];
    for (const record of records) {
      const model = await openSession(files.find((file) => file.endsWith(`/${record.city}.onnx`))!, ['cpu']);
      prices.push(await priceOf(record, features, model));
      await model.release();
    }
    return prices;
  }

  async function priceOf(house: House, features: OnnxSession, model: OnnxSession): Promise<number> {
    const numbers = ['yearBuilt', 'squareFeet', 'bedrooms', 'bathrooms', 'lotAcres', 'garageSpaces'];
    const laidOut = await features.run({
      numeric: {
        dtype: 'float32',
        shape: [1, 6],
        data: Float32Array.from(numbers, (name) => Number(house[name])),
      },
      categorical: { dtype: 'string', shape: [1, 2], data: [String(house.frontPorch), String(house.deck)] },
    });
    const { log_price: logPrice } = await model.run(laidOut);
    return Math.exp((logPrice!.data as Float32Array)[0]!);
  }

  it('keeps the archive and the files of the first ten the same', async () => {
    const files = await unpackModels(join(PROJECT, 'models/house-prices/cities-1000.tar.gz'), PROJECT);
    const houston = files.find((file) => file.endsWith('/Houston_TX.onnx'))!;

    expect(files).toHaveLength(1_000);
    expect(
      readFileSync(houston).equals(readFileSync(join(PROJECT, 'models/house-prices/cities/Houston_TX.onnx'))),
    ).toBe(true);
  });
});

// The work of the two stages of house-prices around the models.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { handler as postprocess } from '../../functions/postprocess-house/index.ts';
import { postprocessHouse } from '../../functions/postprocess-house/postprocess.ts';
import { handler as preprocess } from '../../functions/preprocess-house/index.ts';
import { checkValue, HouseSchema, isFailed, type LiveRecord } from '../../layers/seriatim/index.ts';

const folder = join(import.meta.dirname, '../../models/house-prices');
const lines = (name: string): string[] => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');

const run = (values: readonly unknown[], onRecordError: 'fail' | 'keep' = 'fail') =>
  preprocess({
    stage: 'Preprocess',
    onRecordError,
    records: values.map((value, position) => ({ position, value })),
    next: { instance: 'features', targetModel: '{city}.tar.gz' },
  });

const house = {
  city: 'Houston_TX',
  yearBuilt: 1998,
  squareFeet: 2900,
  bedrooms: 4,
  bathrooms: 2.5,
  lotAcres: 1.1,
  garageSpaces: 2,
};

describe('a house', () => {
  const samples = ['house-prices', 'regional-prices'].flatMap((pipeline) =>
    readFileSync(join(folder, '..', pipeline, 'requests.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { instances?: unknown[] })
      .flatMap((request) => request.instances ?? [request]),
  );
  const full = { ...house, frontPorch: true, deck: false };

  it('of any sample is of the kind that the models know', () => {
    expect(samples.length).toBeGreaterThan(900);
    for (const sample of samples) expect(() => checkValue(HouseSchema, sample, { path: '' })).not.toThrow();
  });

  it.each([
    ['lotAcres', 100_000],
    ['squareFeet', 1_000_000],
    ['yearBuilt', 1600],
    ['bedrooms', 1_000],
    ['bathrooms', 13],
    ['garageSpaces', 11],
  ])('far from those is refused by its %s', (field, value) => {
    expect(() => checkValue(HouseSchema, { ...full, [field]: value }, { path: '' })).toThrow(
      new RegExp(`^${field}: expected a .*number from \\d+ to \\d+, got ${value}$`),
    );
  });
});

describe('Preprocess', () => {
  it('lays out the inputs of the feature model', async () => {
    const { groups, records } = await run([{ ...house, frontPorch: true, deck: 'n' }]);

    expect(groups).toEqual([
      {
        targetModel: 'Houston_TX.tar.gz',
        positions: [0],
        instances: [{ numeric: [1998, 2900, 4, 2.5, 1.1, 2], categorical: ['y', 'n'] }],
      },
    ]);
    expect(records).toEqual([{ position: 0, value: { city: 'Houston_TX' } }]);
  });

  it('takes a row of a CSV file, whose fields are text', async () => {
    const row = Object.fromEntries(Object.entries(house).map(([name, value]) => [name, String(value)]));
    const { groups } = await run([{ id: '7', ...row, frontPorch: 'y', deck: 'n' }]);

    expect(groups![0]!.instances).toEqual([
      { numeric: [1998, 2900, 4, 2.5, 1.1, 2], categorical: ['y', 'n'] },
    ]);
  });

  it('makes an error record of a ragged row and lets the others through', async () => {
    const ragged = { id: '1', city: 'Houston_TX', yearBuilt: '1990' };
    const good = { ...house, frontPorch: 'y', deck: 'n' };
    const { records, groups } = await run([good, ragged, good], 'keep');

    expect(records.map(isFailed)).toEqual([false, true, false]);
    expect(records[1]).toMatchObject({ error: { code: 'InvalidPayload', record: ragged } });
    expect(groups![0]!.positions).toEqual([0, 2]);
  });

  it('takes every sample request', async () => {
    for (const line of lines('requests.ndjson')) {
      const { instances } = JSON.parse(line) as { instances: unknown[] };
      expect((await run(instances)).groups).toHaveLength(1);
    }
  });
});

describe('Postprocess', () => {
  it('gives the sample answers for their log prices', () => {
    for (const line of lines('answers.ndjson')) {
      const { city, log_price, price } = JSON.parse(line) as {
        city: string;
        log_price: number;
        price: number;
      };
      const estimate = { prediction: { log_price }, targetModel: `${city}.tar.gz` };

      const answer = postprocessHouse({ city, estimate });

      expect(answer).toMatchObject({ price, city, model: `${city}.tar.gz` });
      expect(answer.low).toBeLessThan(price);
      expect(answer.high).toBeGreaterThan(price);
    }
  });

  it.each([
    ['a number', '{"predictions":[{"log_price":13}]}'],
    ['a row of one', '{"predictions":[{"log_price":[13]}]}'],
  ])('reads a log price that is %s', async (_, body) => {
    const answers = {
      stage: 'Estimate',
      into: 'estimate',
      groups: [{ positions: [0], targetModel: 'A.tar.gz', body }],
    };
    const records = [{ position: 0, value: { city: 'A' } }];
    const result = await postprocess({ stage: 'Postprocess', onRecordError: 'fail', records, answers });

    expect((result.records[0] as LiveRecord).value).toMatchObject({ price: 442_413, model: 'A.tar.gz' });
  });

  it('refuses a log price that is no price', async () => {
    const body = '{"predictions":[{"log_price":1000}]}';
    const answers = {
      stage: 'Estimate',
      into: 'estimate',
      groups: [{ positions: [0], targetModel: 'A.tar.gz', body }],
    };
    const records = [{ position: 0, value: { city: 'A' } }];
    const result = postprocess({ stage: 'Postprocess', onRecordError: 'fail', records, answers });

    await expect(result).rejects.toMatchObject({ name: 'StageFailed' });
  });

  it('blames the estimate for a log price that is missing, not the caller', async () => {
    const answers = {
      stage: 'Estimate',
      into: 'estimate',
      groups: [{ positions: [0], targetModel: 'A.tar.gz', body: '{"predictions":[{"log_price":null}]}' }],
    };
    const records = [{ position: 0, value: { city: 'A' } }];
    const result = postprocess({ stage: 'Postprocess', onRecordError: 'fail', records, answers });

    await expect(result).rejects.toMatchObject({
      name: 'ContractViolation',
      httpStatus: 502,
      stage: 'Estimate',
      message: expect.stringContaining('What Estimate gave does not fit Postprocess: instances[0].estimate'),
    });
  });
});

// A skeleton of each pattern, written into a project of its own, answers without another word.
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newPipeline } from '../../cli/new/new.ts';
import { ask, runBatch } from './callers.ts';
import { copyProject, type Product, startProduct } from './product.ts';

const NAMES = ['own1', 'own2-b', 'o3wn-c4', 'own-d'] as const;

let projectFolder: string;
let product: Product;
beforeAll(async () => {
  projectFolder = await copyProject();
  for (const [i, name] of NAMES.entries())
    await newPipeline({ projectFolder, name, pattern: (i + 1) as 1 | 2 | 3 | 4 });
  product = await startProduct({ projectFolder, environment: { SERIATIM_PIPELINES: NAMES.join(',') } });
}, 120_000);
afterAll(async () => {
  await product.stop();
  await rm(projectFolder, { recursive: true });
});

/** 1/1 + 1/2 + 1/3 + 1/4 of a half. */
const SCORE = 1.0416667;
const features = [0.5, 0.5, 0.5, 0.5];

describe('a skeleton', () => {
  it.each([
    [NAMES[0], { features }, {}],
    [NAMES[1], { features }, {}],
    [NAMES[2], { features }, { refined: expect.closeTo(SCORE + 1, 4) }],
    [NAMES[3], { features, group: 'two' }, { model: 'two.tar.gz' }],
  ])('%s answers by API and by batch', async (name, record, more) => {
    const expected = { score: expect.closeTo(SCORE, 4), ...more };

    const { json } = await ask(product, name, record);
    const { out } = await runBatch(product, name, { name: 'one.jsonl', text: JSON.stringify(record) });

    expect(json).toEqual(expected);
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([expected]);
  });

  it('is alone where it was selected', async () => {
    const { status, json } = await ask<{ error: { message: string } }>(product, 'house-prices', {});

    expect(status).toBe(404);
    expect(json.error.message).toContain('own1, own2-b, o3wn-c4, own-d');
  });
});

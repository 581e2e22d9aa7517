// A weighted split and canaries: the same key always on the same side, the shares as weighted, in real executions.
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { splitStage } from '../../statemachines/composition.ts';
import { inferenceStage, pipeline } from '../../statemachines/pipeline.ts';
import { type ComposedSystem, startComposedSystem } from './composed-system.ts';
import { asking, multiModel, single } from './endpoints.ts';

const input = v.object({ customer: v.any(), ask: v.any() });
const output = v.object({ by: v.string() });
const answering = (name: string) => asking(name, { into: 'said' });

const split = pipeline({
  name: 'thirds',
  description: 'Three models, each with its share of the customers.',
  input,
  output,
  flow: 'record',
  stages: [
    splitStage({
      name: 'ShareCustomers',
      key: '{customer}',
      branches: [
        { weight: 2, stages: [answering('Half')] },
        { weight: 1, stages: [answering('Quarter')] },
        { weight: 1, stages: [answering('Rest')] },
      ],
    }),
  ],
  answer: { by: '{said}.by' },
});

const canaries = pipeline({
  name: 'canaries',
  description: 'Stages with a canary: another endpoint, another artefact, another variant.',
  input,
  output: v.object({ first: v.string(), second: v.string() }),
  flow: 'record',
  stages: [
    asking('Old', { canary: { weight: 0.2, key: '{customer}', endpoint: single('New') } }),
    inferenceStage({
      name: 'Refine',
      endpoint: multiModel('Refiner'),
      instance: '{ask}',
      targetModel: 'v1.tar.gz',
      into: 'refined',
      canary: { weight: 0.5, key: '{customer}', targetModel: 'v2.tar.gz' },
    }),
    asking('Varied', {
      endpoint: { ...single('Varied'), variants: [{ name: 'Next', artefacts: 'varied-next' }] },
      canary: { weight: 0.5, key: '{customer}', targetVariant: 'Next' },
    }),
  ],
  answer: { first: '{old}.by', second: '{refined}.by', third: '{varied}.by' },
});

const CUSTOMERS = Array.from({ length: 120 }, (_, i) => ({ customer: `customer ${i}`, ask: {} }));

let system: ComposedSystem;

beforeAll(async () => {
  system = await startComposedSystem({ pipelines: [split, canaries], models: ['v1', 'v2'] });
}, 60_000);

afterAll(() => system.close());

function counts(values: readonly unknown[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const value of values) found[String(value)] = (found[String(value)] ?? 0) + 1;
  return found;
}

describe('a weighted split', () => {
  it('gives each branch its share, and the same key the same branch in every execution', async () => {
    const first = await system.ask('thirds', CUSTOMERS);
    const again = await system.ask('thirds', [...CUSTOMERS].reverse());

    const { Half, Quarter, Rest } = counts(first.predictions.map(({ by }) => by));
    expect(Half).toBeGreaterThan(45);
    expect(Half).toBeLessThan(75);
    expect(Quarter).toBeGreaterThan(17);
    expect(Rest).toBeGreaterThan(17);
    expect([...again.predictions].reverse()).toEqual(first.predictions);
  });

  it('takes keys that are no text', async () => {
    const records = [1, 2, 3, 1, 2, 3].map((customer) => ({ customer, ask: {} }));

    const { predictions } = await system.ask('thirds', records);

    expect(predictions.slice(3)).toEqual(predictions.slice(0, 3));
  });
});

describe('a canary', () => {
  it('answers for its share of the keys, by endpoint, artefact or variant, each split on its own', async () => {
    const { predictions } = await system.ask('canaries', CUSTOMERS);

    const { New = 0, Old = 0 } = counts(predictions.map(({ first }) => first));
    const { v1 = 0, v2 = 0 } = counts(predictions.map(({ second }) => second));
    expect(New + Old).toBe(120);
    expect(New).toBeGreaterThan(10);
    expect(New).toBeLessThan(42);
    const { Varied = 0, VariedNext = 0 } = counts(predictions.map(({ third }) => third));
    expect(Varied + VariedNext).toBe(120);
    expect(VariedNext).toBeGreaterThan(42);
    expect(VariedNext).toBeLessThan(78);
    expect(v1 + v2).toBe(120);
    expect(v2).toBeGreaterThan(42);
    expect(v2).toBeLessThan(78);
    // Were both stages split alike, every key of the smaller share would be in the larger one too.
    expect(predictions.some(({ first, second }) => first === 'New' && second === 'v1')).toBe(true);
  });

  it('that fails is told by the name of its own state', async () => {
    const records = CUSTOMERS.map((one) => ({ ...one, ask: { fail: 400, whom: 'New' } }));
    const { predictions } = await system.ask('canaries', CUSTOMERS);
    const at = predictions.findIndex(({ first }) => first === 'New');

    const { error } = await system.ask('canaries', [records[at]]);

    expect(error).toMatchObject({ code: 'ModelFailed', stage: 'AskOldCanary' });
  });

  it('shows in the execution which version answered', async () => {
    const { predictions } = await system.ask('canaries', CUSTOMERS);
    const record = CUSTOMERS[predictions.findIndex(({ first }) => first === 'New')];

    const asked = await system.ask('canaries', [record]);

    expect(asked.predictions).toMatchObject([{ first: 'New' }]);
    const states = await asked.states();
    expect(states.slice(2, 4)).toEqual(['ChooseAskOldVersion', 'AskOldCanary']);
    expect(asked.serverTiming).toMatch(/^AskOld;dur=\d+, Refine;dur=\d+, AskVaried;dur=\d+$/);
  });
});

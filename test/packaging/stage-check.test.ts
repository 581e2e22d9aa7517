// Composed stages against the signatures of the models they call.
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { checkModels } from '../../packaging/model-check.ts';
import { endpointTargets } from '../../packaging/pipelines/hosting.ts';
import {
  checkEntries,
  checkFunctions,
  checkStages,
  outline,
  signatureNotes,
} from '../../packaging/stage-check.ts';
import { nestedStage, parallelStage, shadowStage, switchStage } from '../../statemachines/composition.ts';
import {
  type EndpointTarget,
  functionStage,
  type InferenceStage,
  inferenceStage,
  type Pipeline,
  pipeline,
  type Stage,
} from '../../statemachines/pipeline.ts';

const models = join(import.meta.dirname, '../../models');
const FILES: Readonly<Record<string, string>> = {
  houston: 'house-prices/cities/Houston_TX.onnx',
  dallas: 'house-prices/cities/Dallas_TX.onnx',
  trees: 'diabetes-progression/progression/model.onnx',
  'houston-next': 'diabetes-progression/progression/model.onnx',
};
const sources = Object.entries(FILES).map(([endpoint, file]) => ({
  key: `${endpoint}/model/model.tar.gz`,
  entries: [{ path: 'model.onnx', file: join(models, file) }],
}));

const endpoint = (name: string, more: Partial<EndpointTarget> = {}): EndpointTarget => ({
  placeholder: `${name}Endpoint`,
  containers: [{ name: 'model' }],
  ...more,
});
const price = (more: Partial<InferenceStage> = {}): InferenceStage =>
  inferenceStage({
    name: 'Price',
    endpoint: endpoint('Houston'),
    instance: '{"features": {features}}',
    into: 'price',
    ...more,
  });
const of = (...stages: readonly Stage[]): Pipeline =>
  pipeline({
    name: 'prices',
    description: 'Prices.',
    input: v.object({ features: v.any() }),
    output: v.object({}),
    flow: 'record',
    stages,
    answer: {},
  });

async function problemsOf(definition: Pipeline): Promise<string[]> {
  const checked = await checkModels(endpointTargets([definition]), sources);
  const inModels = checked.flatMap(({ endpoint: of, problems }) => problems.map((one) => `${of}: ${one}`));
  return [...checkStages([definition], checked), ...inModels];
}

describe('composed stages and their models', () => {
  it('fit, wherever in the pipeline a stage stands', async () => {
    const within = switchStage({
      name: 'Choose',
      cases: [
        {
          when: 'true',
          stages: [price({ canary: { weight: 0.1, key: '1', endpoint: endpoint('Dallas') } })],
        },
      ],
    });
    const shadow = shadowStage({
      name: 'Try',
      endpoint: endpoint('Dallas'),
      instance: '{"features": {features}}',
      against: '{price}',
    });

    expect(await problemsOf(of(within, price({ name: 'Again' }), shadow))).toEqual([]);
  });

  it('are told of members that the model does not take', async () => {
    const within = parallelStage({
      name: 'Both',
      branches: [
        { name: 'First', stages: [price({ instance: '{"feature": {features}}' })], gives: ['price'] },
        { name: 'Second', stages: [price({ name: 'Other', into: 'other' })], gives: ['other'] },
      ],
    });

    expect(await problemsOf(of(within))).toEqual([
      'prices: Price sends feature; the model of houston takes features',
    ]);
  });

  it('are told of a canary, a variant or a shadow of another kind', async () => {
    const canary = price({ canary: { weight: 0.1, key: '1', endpoint: endpoint('Trees') } });
    const shadow = shadowStage({
      name: 'Try',
      endpoint: endpoint('Trees'),
      instance: '{"features": {features}}',
      against: '{price}',
    });
    const variant = endpoint('Houston', { variants: [{ name: 'Next', artefacts: 'houston-next' }] });
    const other =
      /its model is features float32 \[N, 11\] → value .* \(.*model\.onnx\), unlike that of houston: features float32 \[N, 10\].*\(.*Houston_TX\.onnx\)/;

    expect(await problemsOf(of(canary))).toEqual([expect.stringMatching(other)]);
    expect(await problemsOf(of(price(), shadow))).toEqual([expect.stringMatching(other)]);
    expect(await problemsOf(of(price({ endpoint: variant })))).toEqual([
      expect.stringMatching(/^houston@Next: its model is/),
    ]);
  });

  it('are told of an answer of another shape or kind that is handed on, with both files', async () => {
    const second = price({
      name: 'Again',
      endpoint: endpoint('Trees'),
      instance: '{"features": {price}.log_price}',
      into: 'again',
    });
    const checked = await checkModels(endpointTargets([of(price(), second)]), sources);
    const withHandlers = checked.map((one) => ({ ...one, givesOutputs: false }));
    const text = expect.stringMatching(
      /^prices: Again takes features float32 \[N, 11\] \(.*progression\/model\.onnx\), Price gives log_price float32 \[N, 1\] \(.*Houston_TX\.onnx\)$/,
    );

    expect(await problemsOf(of(price(), second))).toEqual([text]);
    // Handlers may make it fit: then samples must tell.
    expect(checkStages([of(price(), second)], withHandlers)).toEqual([]);
    expect(signatureNotes(of(price(), second), withHandlers)).toEqual([{ text, isCertain: false }]);
  });

  it('are told of a nested pipeline that is not deployed', async () => {
    const nested = nestedStage({
      name: 'Nest',
      pipeline: { ...of(), name: 'elsewhere' },
      record: {},
      into: 'n',
    });

    expect(await problemsOf(of(nested))).toEqual([
      'prices: Nest nests elsewhere, which statemachines/index.ts does not list',
    ]);
  });

  it('are outlined with their branches', () => {
    const within = switchStage({ name: 'Choose', cases: [{ when: 'true', stages: [price()] }] });

    expect(outline([within, price({ name: 'Again' })])).toBe('Choose(Price | –) → Again');
  });
});

describe('the folders of functions', () => {
  it('are named with pipeline and stage where there is none', () => {
    const there = functionStage({ name: 'Read', function: 'preprocess-house', gives: ['a'] });
    const missing = functionStage({ name: 'Missing', function: 'no-such', gives: ['b'] });
    const project = join(import.meta.dirname, '../..');

    expect(checkFunctions([{ ...of(price()), stages: [there, missing] }], project)).toEqual([
      'prices: stage Missing calls functions/no-such, and there is no functions/no-such/index.ts',
    ]);
  });
});

describe('the entries at the API', () => {
  it('are there, and say where no function reads the records', () => {
    const definition = of(price());
    const output = {};
    const read = { prices: { startsWithInference: true, output } };

    expect(checkEntries([definition], read)).toEqual([]);
    expect(checkEntries([{ ...definition, body: 'payload' }], { prices: { output } })).toEqual([]);
    expect(checkEntries([definition], { prices: { output } })).toEqual([
      'prices: its first stage, Price, is no function, so its entry needs startsWithInference: true',
    ]);
    expect(checkEntries([definition], { prices: { startsWithInference: true } })).toEqual([
      'prices: its entry in layers/seriatim/pipelines.ts has no output, which answers are held to',
    ]);
    expect(checkEntries([definition], {})).toEqual([
      'prices: layers/seriatim/pipelines.ts has no entry for it',
    ]);
  });
});

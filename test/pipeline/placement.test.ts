// Placement: what becomes of a definition's stages, and what is refused with its reason.
import aslValidator from 'asl-validator';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { sortPlacements } from '../../cli/advise/advise.ts';
import { endpointTargets } from '../../packaging/pipelines/hosting.ts';
import { compilePipeline } from '../../statemachines/compile/compile.ts';
import { nestedStage, shadowStage } from '../../statemachines/composition.ts';
import { PIPELINE_DEFINITIONS } from '../../statemachines/index.ts';
import { inferenceStage, type Pipeline, type Placement } from '../../statemachines/pipeline.ts';
import { placePipeline } from '../../statemachines/placement/place.ts';
import { selectPipelines } from '../../statemachines/selection.ts';

const of = (name: string, placement: Placement): Pipeline => ({
  ...PIPELINE_DEFINITIONS.find((one) => one.name === name)!,
  placement,
});
const statesOf = (pipeline: Pipeline): string[] =>
  Object.keys(compilePipeline(pipeline)[pipeline.name]!.States);
const endpointsOf = (pipeline: Pipeline) =>
  endpointTargets([pipeline]).map(({ placeholder, containers }) => [
    placeholder,
    ...containers.map(({ name }) => name),
  ]);

describe('a placement', () => {
  it.each<[string, Placement, string[][]]>([
    [
      'tumour-screening',
      'state-machine',
      [
        ['TumourScreeningFeaturesEndpoint', 'features'],
        ['TumourScreeningClassifierEndpoint', 'classifier'],
        ['TumourScreeningExplanationEndpoint', 'explanation'],
      ],
    ],
    [
      'tumour-screening',
      'inference-pipeline',
      [['TumourScreeningEndpoint', 'features', 'classifier', 'explanation']],
    ],
    ['tumour-screening', 'container', [['TumourScreeningFusedEndpoint', 'fused']]],
    ['photo-themes', 'inference-pipeline', [['PhotoThemesEndpoint', 'quality', 'recognition', 'topics']]],
    ['photo-themes', 'container', [['PhotoThemesFusedEndpoint', 'fused']]],
  ])('puts %s as %s on its endpoints', (name, placement, endpoints) => {
    expect(endpointsOf(of(name, placement))).toEqual(endpoints);
  });

  it('makes a state of each model, named after it', () => {
    expect(statesOf(of('house-prices', 'state-machine'))).toEqual([
      'Preprocess',
      'EstimateFeatures',
      'EstimateCities',
      'Postprocess',
      'Failed',
    ]);
  });

  it('keeps the exits of a pipeline whose models are one call', () => {
    expect(statesOf(of('photo-themes', 'container'))).toEqual([
      'TakeRecord',
      'RunModels',
      'RejectPoorPhoto',
      'RejectPoorPhotoAnswer',
      'LeaveUnrecognised',
      'LeaveUnrecognisedAnswer',
      'Answer',
      'Failed',
    ]);
  });

  it('leaves the artefacts of models that are not fused where they are', () => {
    const [target] = endpointTargets([of('photo-themes', 'inference-pipeline')]);

    expect(target!.containers.map(({ model }) => model)).toEqual([
      'photo-quality/quality',
      'photo-recognition/recognition',
      'photo-topics/topics',
    ]);
  });

  it('calls by a function only where the content is no JSON', () => {
    const text = (name: string) => JSON.stringify(compilePipeline(of(name, 'state-machine'))[name]);

    expect(text('house-prices')).not.toContain('InvokeEndpointFunction');
    expect(text('tumour-screening').match(/InvokeEndpointFunction/g)).toHaveLength(3);
  });

  it.each(
    PIPELINE_DEFINITIONS.flatMap(({ name }) =>
      sortPlacements(of(name, 'state-machine')).possible.map(
        (layout) => [name, layout as Placement] as const,
      ),
    ).filter(
      ([name, placement]) => PIPELINE_DEFINITIONS.find((one) => one.name === name)!.placement !== placement,
    ),
  )('compiles %s as %s to valid machines', (name, placement) => {
    for (const machine of Object.values(compilePipeline(of(name, placement)))) {
      expect(aslValidator(structuredClone(machine)).errors).toEqual([]);
      for (const [, text] of JSON.stringify(machine).matchAll(/"\{% (.*?) %\}"/g))
        expect(() => jsonata(JSON.parse(`"${text}"`) as string), text).not.toThrow();
    }
  });
});

describe('a placement is refused, with the reason,', () => {
  it.each(['inference-pipeline', 'container'] as const)(
    'for two multi-model containers as %s',
    (placement) => {
      expect(() => compilePipeline(of('regional-prices', placement))).toThrow(
        /at most one multi-model container .* InvokeEndpoint names one target model .*found cities and segments/,
      );
    },
  );

  it('for a function between the models', () => {
    const regional = of('regional-prices', 'container');
    const stages = regional.stages.map((stage) =>
      stage.name === 'Adjust' && stage.kind === 'inference'
        ? inferenceStage({
            ...stage,
            targetModel: undefined as never,
            endpoint: { placeholder: 'E', containers: [{ name: 'one' }] },
          })
        : stage,
    );

    expect(() => placePipeline({ ...regional, stages })).toThrow(
      /stage "Adjust": expected models without a function between them .* found "Combine" between "Estimate" and "Adjust"/,
    );
  });

  it('for a model that takes something else than the answer before it', () => {
    const photos = of('photo-themes', 'inference-pipeline');
    const stages = photos.stages.map((stage) =>
      stage.kind === 'inference'
        ? { ...stage, instance: '{"probabilities": $reverse({recognised}.probabilities)}' }
        : stage,
    );

    expect(() => placePipeline({ ...photos, stages })).toThrow(
      /stage "GroupByTheme": expected the answer of "Recognise" alone/,
    );
  });
});

describe('a placement on one endpoint is refused', () => {
  const photos = of('photo-themes', 'container');

  it('for a stage where records part', () => {
    const shadow = shadowStage({
      name: 'Shadow',
      endpoint: { placeholder: 'ShadowEndpoint', containers: [{ name: 'topics' }] },
      instance: '{recognised}',
      against: '{topic}',
    });

    expect(() => placePipeline({ ...photos, stages: [...photos.stages, shadow] })).toThrow(
      /stage "Shadow": expected models one after the other .* found a shadow/,
    );
  });

  it('for endpoints with further variants', () => {
    const screening = of('tumour-screening', 'container');
    const stages = screening.stages.map((stage) =>
      stage.kind === 'inference'
        ? { ...stage, endpoint: { ...stage.endpoint, variants: [{ name: 'Next', artefacts: 'next' }] } }
        : stage,
    );

    expect(() => placePipeline({ ...screening, stages })).toThrow(/without further variants .* found "Next"/);
  });
});

describe('the environment', () => {
  const select = (environment: Record<string, string>) =>
    selectPipelines(PIPELINE_DEFINITIONS, environment).map(({ name, placement }) => `${name}:${placement}`);

  it('selects pipelines, and places them otherwise than they are written', () => {
    expect(
      select({
        SERIATIM_PIPELINES: ' photo-themes, house-prices ',
        SERIATIM_PLACEMENTS: 'photo-themes:container',
      }),
    ).toEqual(['house-prices:inference-pipeline', 'photo-themes:container']);
  });

  it('takes along what the chosen pipelines nest, and what that nests', () => {
    const nesting = (name: string, inner: Pipeline): Pipeline => ({
      ...inner,
      name,
      flow: 'record',
      stages: [nestedStage({ name: 'Ask', pipeline: inner, record: {}, into: 'answer' })],
    });
    const [other, first] = PIPELINE_DEFINITIONS;
    const middle = nesting('middle', first!);
    const definitions = [other!, first!, middle, nesting('outer', middle)];

    const selected = selectPipelines(definitions, { SERIATIM_PIPELINES: 'outer' });

    expect(selected.map(({ name }) => name)).toEqual([first!.name, 'middle', 'outer']);
  });

  it('leaves all as they are where it says nothing', () => {
    expect(selectPipelines(PIPELINE_DEFINITIONS, { SERIATIM_PIPELINES: '' })).toEqual(PIPELINE_DEFINITIONS);
  });

  it.each([
    [
      { SERIATIM_PIPELINES: 'house' },
      /SERIATIM_PIPELINES: there is no pipeline "house"; there are house-prices, /,
    ],
    [{ SERIATIM_PLACEMENTS: 'house:container' }, /SERIATIM_PLACEMENTS: there is no pipeline "house"/],
    [
      { SERIATIM_PLACEMENTS: 'house-prices' },
      /expected house-prices:state-machine or .* found "house-prices"/,
    ],
    [{ SERIATIM_PLACEMENTS: 'regional-prices:container' }, /at most one multi-model container/],
  ])('is refused for %o', (environment, message) => {
    expect(() => select(environment as unknown as Record<string, string>)).toThrow(message);
  });
});

// What can be upgraded alone under a placement: read from the placed definition. Pure.

import { endpointTargets } from '../../packaging/pipelines/hosting.ts';
import { allStages } from '../../statemachines/composition.ts';
import { endpointOf } from '../../statemachines/names.ts';
import type { EndpointTarget, Pipeline } from '../../statemachines/pipeline.ts';

/** One sentence per endpoint, and one for the functions. */
export function upgradesOf(pipeline: Pipeline): string[] {
  const functions = allStages(pipeline.stages).flatMap((stage) =>
    stage.kind === 'function' ? [stage.name] : [],
  );
  return [
    ...endpointTargets([pipeline]).map(ofEndpoint),
    ...(functions.length === 0 ? [] : [`functions ${functions.join(', ')}: each alone, at once`]),
  ];
}

function ofEndpoint(target: EndpointTarget): string {
  const name = `endpoint ${endpointOf(target.placeholder)}`;
  const [first, ...others] = target.containers;
  const group = target.containers.find(({ mode }) => mode === 'MultiModel');
  const each =
    group === undefined
      ? ''
      : `; each target model of ${group.name} alone, by putting its artefact into the bucket`;
  if (first!.series !== undefined) {
    const models = first!.series.models.map((model) => model.name).join(', ');
    return `${name}: ${models} together, as one artefact${group === undefined ? '' : ' per target model'}`;
  }
  if (others.length === 0) return `${name}: ${first!.name} alone, with traffic shifting of its own${each}`;
  const names = target.containers.map((container) => container.name).join(', ');
  return `${name}: the artefact or image of ${names} each by itself, by replacing the endpoint's one model${each}`;
}

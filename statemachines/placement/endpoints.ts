// What the placements make of endpoints: where a container's model lies, and one container that runs the models of
// several.
import { PipelineDefinitionError } from '../compile/errors.ts';
import { endpointOf } from '../names.ts';
import type { EndpointContainer, EndpointTarget, ModelSeries, Pipeline, Placement } from '../pipeline.ts';

const DEFAULT_ACCEPT = 'SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT';

/** One container that runs the models of all. */
export function fusedEndpoint(target: EndpointTarget, series: ModelSeries): EndpointTarget {
  const base = target.placeholder.replace(/Endpoint$/, '');
  const containers = series.models.map(({ container }) => container);
  const isMulti = containers.some(({ mode }) => mode === 'MultiModel');
  const environment = mergedEnvironment(containers);
  return {
    ...target,
    placeholder: `${base}FusedEndpoint`,
    containers: [
      {
        name: 'fused',
        model: `${endpointOf(target.placeholder)}/fused`,
        series,
        ...(isMulti ? { mode: 'MultiModel' as const } : {}),
        ...(Object.keys(environment).length === 0 ? {} : { environment }),
      },
    ],
  };
}

/** What each model answers with is its own affair: the order's declaration has it. */
function mergedEnvironment(containers: readonly EndpointContainer[]): Record<string, string> {
  const all = containers.flatMap(({ environment = {} }) => Object.entries(environment));
  return Object.fromEntries(all.filter(([name]) => name !== DEFAULT_ACCEPT));
}

/** The models of an endpoint's containers, in their order. */
export function seriesOf(target: EndpointTarget): ModelSeries {
  const models = target.containers.map((container) => {
    const accept = container.environment?.[DEFAULT_ACCEPT];
    const placed = { ...container, model: modelFolder(target, container) };
    return { name: container.name, container: placed, ...(accept === undefined ? {} : { accept }) };
  });
  return { models, collects: false };
}

/** Below `models/`, and in the model bucket. */
export function modelFolder(target: EndpointTarget, container: EndpointContainer): string {
  return container.model ?? `${endpointOf(target.placeholder)}/${container.name}`;
}

/**
 * One call names one target model.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/multi-model-endpoints.html
 */
export function refuseMultiModels(
  { name }: Pipeline,
  stages: readonly { readonly endpoint: EndpointTarget }[],
  placement: Placement,
): void {
  const multi = stages
    .flatMap(({ endpoint }) => endpoint.containers)
    .filter(({ mode }) => mode === 'MultiModel');
  if (multi.length <= 1) return;
  throw new PipelineDefinitionError(
    { pipeline: name },
    `at most one multi-model container for the placement '${placement}', since SageMaker's InvokeEndpoint names one target model and its inference pipelines take one such container`,
    multi.map((container) => container.name).join(' and '),
  );
}

/** Each further variant has models of its own, laid out as the endpoint is written. */
export function refuseVariants({ name }: Pipeline, target: EndpointTarget, placement: Placement): void {
  const [variant] = target.variants ?? [];
  if (variant === undefined) return;
  throw new PipelineDefinitionError(
    { pipeline: name },
    `endpoints without further variants for the placement '${placement}', whose models would lie elsewhere`,
    `"${variant.name}"`,
  );
}

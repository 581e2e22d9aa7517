// The endpoints that pipelines call, as CloudFormation resources: a model, an endpoint config and an endpoint each.
// https://docs.aws.amazon.com/sagemaker/latest/dg/inference-pipelines.html
import { allStages } from '../../statemachines/composition.ts';
import {
  type EndpointContainer,
  type EndpointTarget,
  type EndpointVariant,
  OWN_VARIANT,
  type Pipeline,
  type Stage,
} from '../../statemachines/pipeline.ts';
import { modelFolder } from '../../statemachines/placement/endpoints.ts';
import { placePipeline } from '../../statemachines/placement/place.ts';
import type { Resources } from './machines.ts';
import { endpointOf, PREFIX } from './names.ts';

/** Each endpoint once, by its placeholder; pipelines may share one. */
export function endpointTargets(pipelines: readonly Pipeline[]): EndpointTarget[] {
  const targets = new Map<string, EndpointTarget>();
  for (const stage of pipelines.flatMap((pipeline) => allStages(placePipeline(pipeline).stages))) {
    for (const endpoint of endpointsOf(stage)) targets.set(endpoint.placeholder, endpoint);
  }
  return [...targets.values()];
}

/** A stage's endpoint, and its canary's where that has another. */
export function endpointsOf(stage: Stage): EndpointTarget[] {
  if (!('endpoint' in stage)) return [];
  const canary = stage.kind === 'inference' ? stage.canary?.endpoint : undefined;
  return canary === undefined ? [stage.endpoint] : [stage.endpoint, canary];
}

/** Where the artefact of a container lies in the model bucket; of a multi-model container, its artefacts' prefix. */
export function modelDataKey(
  target: EndpointTarget,
  container: EndpointContainer,
  variant?: EndpointVariant,
): string {
  const folder = `${variantFolder(target, container, variant)}/`;
  return container.mode === 'MultiModel' ? folder : `${folder}model.tar.gz`;
}

/** Below `models/`, and in the model bucket. */
export function variantFolder(
  target: EndpointTarget,
  container: EndpointContainer,
  variant?: EndpointVariant,
): string {
  return variant === undefined ? modelFolder(target, container) : `${variant.artefacts}/${container.name}`;
}

/** The endpoint's own variant, and its further ones: undefined is its own. */
export function variantsOf({ variants = [] }: EndpointTarget): readonly (EndpointVariant | undefined)[] {
  return [undefined, ...variants];
}

export function hostingResources(target: EndpointTarget): Resources {
  const id = target.placeholder.replace(/Endpoint$/, '');
  const variants = variantsOf(target);
  return {
    ...Object.fromEntries(
      variants.map((variant) => [
        modelId(target, variant),
        resource('AWS::SageMaker::Model', {
          ExecutionRoleArn: { 'Fn::GetAtt': ['HostingRole', 'Arn'] },
          ...containers(target, variant),
        }),
      ]),
    ),
    [`${id}EndpointConfig`]: resource('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: variants.map((variant) => productionVariant(target, variant)),
    }),
    [`${id}Endpoint`]: resource('AWS::SageMaker::Endpoint', {
      EndpointName: PREFIX + endpointOf(target.placeholder),
      EndpointConfigName: { 'Fn::GetAtt': [`${id}EndpointConfig`, 'EndpointConfigName'] },
    }),
  };
}

/** A further variant has no share of the calls that name none. */
function productionVariant(target: EndpointTarget, variant: EndpointVariant | undefined) {
  return {
    VariantName: variant?.name ?? OWN_VARIANT,
    ModelName: { 'Fn::GetAtt': [modelId(target, variant), 'ModelName'] },
    InstanceType: { Ref: 'InstanceType' },
    InitialInstanceCount: { Ref: 'InstanceCount' },
    InitialVariantWeight: variant === undefined ? 1 : 0,
  };
}

function modelId({ placeholder }: EndpointTarget, variant: EndpointVariant | undefined): string {
  return `${placeholder.replace(/Endpoint$/, '')}${variant?.name ?? ''}Model`;
}

function resource(type: string, properties: Record<string, unknown>): Resources[string] {
  return { Type: type, Condition: 'IsHosting', Properties: properties };
}

function containers(target: EndpointTarget, variant: EndpointVariant | undefined): Record<string, unknown> {
  const definitions = target.containers.map((one) => containerDefinition(target, one, variant));
  if (definitions.length === 1) return { PrimaryContainer: definitions[0] };
  return { InferenceExecutionConfig: { Mode: 'Serial' }, Containers: definitions };
}

function containerDefinition(
  target: EndpointTarget,
  container: EndpointContainer,
  variant: EndpointVariant | undefined,
) {
  const { name, mode, environment } = container;
  return {
    ContainerHostname: name,
    Image: {
      'Fn::Sub': `\${AWS::AccountId}.dkr.ecr.\${AWS::Region}.\${AWS::URLSuffix}/seriatim-container:\${ContainerTag}`,
    },
    ModelDataUrl: { 'Fn::Sub': `s3://\${ModelBucket}/${modelDataKey(target, container, variant)}` },
    ...(mode === 'MultiModel' ? { Mode: mode, MultiModelConfig: { ModelCacheSetting: 'Enabled' } } : {}),
    Environment: {
      SERIATIM_REPORT: 'custom-attributes',
      ...(target.starts === 'first-call' ? { SERIATIM_START: 'first-call' } : {}),
      ...environment,
    },
  };
}

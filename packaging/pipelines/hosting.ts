// The endpoints that pipelines call, as CloudFormation resources: a model, an endpoint config and an endpoint each.
// https://docs.aws.amazon.com/sagemaker/latest/dg/inference-pipelines.html

import type { EndpointContainer, EndpointTarget, Pipeline } from '../../statemachines/pipeline.ts';
import { modelFolder } from '../../statemachines/placement/endpoints.ts';
import { placePipeline } from '../../statemachines/placement/place.ts';
import type { Resources } from './machines.ts';
import { endpointOf, PREFIX } from './names.ts';

/** Each endpoint once, by its placeholder; pipelines may share one. */
export function endpointTargets(pipelines: readonly Pipeline[]): EndpointTarget[] {
  const targets = new Map<string, EndpointTarget>();
  for (const pipeline of pipelines) {
    for (const stage of placePipeline(pipeline).stages) {
      if ('endpoint' in stage) targets.set(stage.endpoint.placeholder, stage.endpoint);
    }
  }
  return [...targets.values()];
}

/** Where the artefact of a container lies in the model bucket; of a multi-model container, its artefacts' prefix. */
export function modelDataKey(target: EndpointTarget, container: EndpointContainer): string {
  const folder = `${modelFolder(target, container)}/`;
  return container.mode === 'MultiModel' ? folder : `${folder}model.tar.gz`;
}

export function hostingResources(target: EndpointTarget): Resources {
  const id = target.placeholder.replace(/Endpoint$/, '');
  return {
    [`${id}Model`]: resource('AWS::SageMaker::Model', {
      ExecutionRoleArn: { 'Fn::GetAtt': ['HostingRole', 'Arn'] },
      ...containers(target),
    }),
    [`${id}EndpointConfig`]: resource('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          ModelName: { 'Fn::GetAtt': [`${id}Model`, 'ModelName'] },
          InstanceType: { Ref: 'InstanceType' },
          InitialInstanceCount: { Ref: 'InstanceCount' },
          InitialVariantWeight: 1,
        },
      ],
    }),
    [`${id}Endpoint`]: resource('AWS::SageMaker::Endpoint', {
      EndpointName: PREFIX + endpointOf(target.placeholder),
      EndpointConfigName: { 'Fn::GetAtt': [`${id}EndpointConfig`, 'EndpointConfigName'] },
    }),
  };
}

function resource(type: string, properties: Record<string, unknown>): Resources[string] {
  return { Type: type, Condition: 'IsHosting', Properties: properties };
}

function containers(target: EndpointTarget): Record<string, unknown> {
  const definitions = target.containers.map((one) => containerDefinition(target, one));
  if (definitions.length === 1) return { PrimaryContainer: definitions[0] };
  return { InferenceExecutionConfig: { Mode: 'Serial' }, Containers: definitions };
}

function containerDefinition(target: EndpointTarget, container: EndpointContainer) {
  const { name, mode, environment } = container;
  return {
    ContainerHostname: name,
    Image: {
      'Fn::Sub': `\${AWS::AccountId}.dkr.ecr.\${AWS::Region}.\${AWS::URLSuffix}/seriatim-container:\${ContainerTag}`,
    },
    ModelDataUrl: { 'Fn::Sub': `s3://\${ModelBucket}/${modelDataKey(target, container)}` },
    ...(mode === 'MultiModel' ? { Mode: mode, MultiModelConfig: { ModelCacheSetting: 'Enabled' } } : {}),
    Environment: {
      SERIATIM_REPORT: 'custom-attributes',
      ...(target.starts === 'first-call' ? { SERIATIM_START: 'first-call' } : {}),
      ...environment,
    },
  };
}

// Placement: the same models of a pipeline as states of one endpoint each, as containers in series on one endpoint, or
// fused in one container. Rewrites the stages before they are compiled; what comes out has no `placement` any more. The
// models themselves, and where their artefacts lie, stay what they are.
import { PipelineDefinitionError } from '../compile/errors.ts';
import { pascal } from '../names.ts';
import type {
  EndpointContainer,
  EndpointTarget,
  InferenceStage,
  Pipeline,
  Placement,
  Stage,
} from '../pipeline.ts';
import { fusedEndpoint, modelFolder, refuseMultiModels, refuseVariants, seriesOf } from './endpoints.ts';
import { placeRecordFlow } from './record-flow.ts';

const JSON_TYPE = 'application/json';

/** @throws PipelineDefinitionError with the reason where the models cannot be placed so */
export function placePipeline(pipeline: Pipeline): Pipeline {
  const { placement, ...written } = pipeline;
  if (placement === undefined) return pipeline;
  if (pipeline.flow === 'record') return { ...written, stages: placeRecordFlow(pipeline, placement) };
  if (placement === 'state-machine')
    return { ...written, stages: pipeline.stages.flatMap((stage) => split(pipeline, stage)) };
  const only = onlyInference(pipeline, placement);
  if (placement === 'inference-pipeline' || only === undefined) return written;
  if (only.endpoint.containers.length > 1) refuseVariants(pipeline, only.endpoint, placement);
  const stages = pipeline.stages.map((stage) => (stage === only ? fuse(only) : stage));
  return { ...written, stages };
}

/** Whether a pipeline can be placed so, and why not. */
export function placementProblem(pipeline: Pipeline, placement: Placement): string | undefined {
  try {
    placePipeline({ ...pipeline, placement });
    return undefined;
  } catch (thrown) {
    if (thrown instanceof PipelineDefinitionError) return thrown.message;
    throw thrown;
  }
}

/** A stage per container, each fed with the answer of the one before. */
function split(pipeline: Pipeline, stage: Stage): Stage[] {
  if (stage.kind !== 'inference' || stage.endpoint.containers.length === 1) return [stage];
  refuseVariants(pipeline, stage.endpoint, 'state-machine');
  const { containers } = stage.endpoint;
  return containers.map((container, i): InferenceStage => {
    const before = containers[i - 1];
    return {
      ...stage,
      name: stage.name + pascal(container.name),
      description: `The model ${container.name}, on an endpoint of its own.`,
      endpoint: ownEndpoint(stage.endpoint, container),
      link: {
        ...(before === undefined ? {} : { takes: before.answers ?? JSON_TYPE }),
        answers: container.answers ?? JSON_TYPE,
        isFirst: i === 0,
        isLast: i === containers.length - 1,
      },
    };
  });
}

function ownEndpoint(target: EndpointTarget, container: EndpointContainer): EndpointTarget {
  const base = target.placeholder.replace(/Endpoint$/, '');
  return {
    ...target,
    placeholder: `${base}${pascal(container.name)}Endpoint`,
    containers: [{ ...container, model: modelFolder(target, container) }],
  };
}

/** The one inference whose containers can be one endpoint. */
function onlyInference(pipeline: Pipeline, placement: Placement): InferenceStage | undefined {
  const inferences = pipeline.stages.filter((stage) => stage.kind === 'inference');
  refuseMultiModels(pipeline, inferences, placement);
  if (inferences.length <= 1) return inferences[0];
  const [first, second] = inferences as [InferenceStage, InferenceStage];
  const between = pipeline.stages[pipeline.stages.indexOf(second) - 1]!;
  throw new PipelineDefinitionError(
    { pipeline: pipeline.name, stage: second.name },
    `models without a function between them for the placement '${placement}', since an endpoint runs no Lambda`,
    `"${between.name}" between "${first.name}" and "${second.name}"`,
  );
}

function fuse(stage: InferenceStage): InferenceStage {
  if (stage.endpoint.containers.length === 1) return stage;
  return { ...stage, endpoint: fusedEndpoint(stage.endpoint, seriesOf(stage.endpoint)) };
}

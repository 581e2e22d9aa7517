// Placement where records go one by one: the models' stages become one call, whose answer holds what each model said,
// and the exits between them come after it. So a record that would have left early meets every model: the answers are
// the same, the work saved by the exit is not.
import { PipelineDefinitionError } from '../compile/errors.ts';
import { timeoutOf } from '../compile/policies.ts';
import { fieldsGiven } from '../compile/record-fields.ts';
import { pascal } from '../names.ts';
import type {
  CollectedAnswer,
  EndpointContainer,
  EndpointTarget,
  InferenceStage,
  PayloadStage,
  Pipeline,
  Placement,
  Stage,
} from '../pipeline.ts';
import { fusedEndpoint, modelFolder, refuseMultiModels, refuseVariants } from './endpoints.ts';

type ModelStage = InferenceStage | PayloadStage;

/** What one call may take: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html */
const ENDPOINT_SECONDS = 60;

/** The stage that stands in place of several models' stages. */
const RUN_MODELS = 'RunModels';

/** @throws PipelineDefinitionError with the reason where the models cannot be placed so */
export function placeRecordFlow(pipeline: Pipeline, placement: Placement): readonly Stage[] {
  const models = pipeline.stages.filter(isModelStage);
  for (const stage of models) checkOneContainer(pipeline, stage);
  if (placement === 'state-machine' || models.length < 2) return pipeline.stages;
  for (const { endpoint } of models) refuseVariants(pipeline, endpoint, placement);
  checkPlain(pipeline, placement);
  refuseMultiModels(pipeline, models, placement);
  checkSeries(pipeline, models, placement);
  const first = pipeline.stages.indexOf(models[0]!);
  const merged = mergedStage(pipeline, models, placement);
  const others = pipeline.stages.filter((stage) => !isModelStage(stage));
  return [...others.slice(0, first), merged, ...others.slice(first)];
}

function isModelStage(stage: Stage): stage is ModelStage {
  return stage.kind === 'inference' || stage.kind === 'payload';
}

function checkOneContainer(pipeline: Pipeline, { name, endpoint }: ModelStage): void {
  if (endpoint.containers.length === 1) return;
  throw new PipelineDefinitionError(
    { pipeline: pipeline.name, stage: name },
    "one container per stage where flow is 'record' and a placement is given",
    `${endpoint.containers.length}`,
  );
}

/** Where records part, or a model has a second version, its place is among the states. */
function checkPlain(pipeline: Pipeline, placement: Placement): void {
  const plain: readonly Stage['kind'][] = ['function', 'inference', 'payload', 'exit'];
  const composed = pipeline.stages.find(
    (stage) => !plain.includes(stage.kind) || (stage.kind === 'inference' && stage.canary !== undefined),
  );
  if (composed === undefined) return;
  const expected = `models one after the other for the placement '${placement}', since an endpoint's containers know no other way`;
  const found = composed.kind === 'inference' ? 'a canary' : `a ${composed.kind}`;
  throw new PipelineDefinitionError({ pipeline: pipeline.name, stage: composed.name }, expected, found);
}

/** In a series each model's body is the answer of the one before, and nothing else. */
function checkSeries(pipeline: Pipeline, models: readonly ModelStage[], placement: Placement): void {
  const place = { pipeline: pipeline.name };
  if (models[0]!.kind !== 'payload')
    throw new PipelineDefinitionError(
      { ...place, stage: models[0]!.name },
      'a payload stage as the first model',
      'an inference',
    );
  const [from, to] = [pipeline.stages.indexOf(models[0]!), pipeline.stages.indexOf(models.at(-1)!)];
  const between = pipeline.stages.slice(from, to).find(({ kind }) => kind === 'function');
  if (between !== undefined) {
    const expected = `no function between models for the placement '${placement}', since an endpoint runs no Lambda`;
    throw new PipelineDefinitionError({ ...place, stage: between.name }, expected, 'one');
  }
  models.slice(1).forEach((stage, i) => {
    if (takesAnswerOf(models[i]!, stage)) return;
    const expected = `the answer of "${models[i]!.name}" alone as what it takes, for the placement '${placement}'`;
    const found = stage.kind === 'payload' ? stage.payload : (stage.instance ?? 'none');
    throw new PipelineDefinitionError({ ...place, stage: stage.name }, expected, found);
  });
}

function takesAnswerOf(before: ModelStage, stage: ModelStage): boolean {
  if (stage.kind === 'payload') return before.kind === 'payload' && before.answer.payload === stage.payload;
  if (stage.targetModel !== undefined) return false;
  const field = before.kind === 'payload' ? before.answer.prediction : before.into;
  return field !== undefined && isTakenWhole(stage.instance ?? '', field);
}

/**
 * `{recognised}`, or members of it under their own names: a container passes over what is no input of its model in the
 * predictions of the one before it.
 */
function isTakenWhole(instance: string, field: string): boolean {
  if (instance.trim() === `{${field}}`) return true;
  const members = /^\{\s*("\w+"\s*:.*)\}$/s.exec(instance.trim())?.[1]?.split(',') ?? [];
  const member = new RegExp(`^\\s*"(\\w+)"\\s*:\\s*\\{${field}\\}\\.(\\w+)\\s*$`);
  const found = members.map((text) => member.exec(text));
  return found.length > 0 && found.every((match) => match !== null && match[1] === match[2]);
}

function mergedStage(pipeline: Pipeline, models: readonly ModelStage[], placement: Placement): PayloadStage {
  const isFused = placement === 'container';
  const how = isFused ? 'the models in one container' : 'containers in series on one endpoint';
  return {
    kind: 'payload',
    name: RUN_MODELS,
    description: `${models.map(({ name }) => name).join(', ')}: ${how}.`,
    endpoint: isFused ? fused(pipeline, models) : inSeries(pipeline, models),
    payload: (models[0] as PayloadStage).payload,
    accept: 'application/json',
    timeoutSeconds: Math.min(ENDPOINT_SECONDS, sumOf(models.map(timeoutOf))),
    answer: { collected: Object.assign({}, ...models.map(collectedFrom)) as Record<string, CollectedAnswer> },
  };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

function fused(pipeline: Pipeline, models: readonly ModelStage[]): EndpointTarget {
  const series = models.map((stage) => {
    const accept = acceptOf(stage);
    return { name: stage.name, container: placed(stage), ...(accept === undefined ? {} : { accept }) };
  });
  return fusedEndpoint(oneEndpoint(pipeline, models), { models: series, collects: true });
}

/** Each container as it is, told to hand on what was answered before it. */
function inSeries(pipeline: Pipeline, models: readonly ModelStage[]): EndpointTarget {
  const containers = models.map((stage, i): EndpointContainer => {
    const accept = acceptOf(stage);
    const isLast = i === models.length - 1;
    const series = { stage: stage.name, ...(accept === undefined ? {} : { accept }), isLast };
    const container = placed(stage);
    const environment = { ...container.environment, SERIATIM_SERIES: JSON.stringify(series) };
    return { ...container, environment };
  });
  return { ...oneEndpoint(pipeline, models), containers };
}

function oneEndpoint({ name }: Pipeline, models: readonly ModelStage[]): EndpointTarget {
  const isLazy = models.every(({ endpoint }) => endpoint.starts === 'first-call');
  return {
    placeholder: `${pascal(name)}Endpoint`,
    containers: models.map(placed),
    ...(isLazy ? { starts: 'first-call' as const } : {}),
  };
}

function placed({ endpoint }: ModelStage): EndpointContainer {
  const container = endpoint.containers[0]!;
  return { ...container, model: modelFolder(endpoint, container) };
}

function acceptOf(stage: ModelStage): string | undefined {
  return stage.kind === 'payload' ? stage.accept : undefined;
}

/** The fields that the stage gave, and where its answer stands among the collected. A picture is not collected. */
function collectedFrom(stage: ModelStage): Record<string, CollectedAnswer> {
  const attributes = stage.kind === 'payload' ? (stage.answer.attributes ?? {}) : {};
  const payload = stage.kind === 'payload' ? stage.answer.payload : undefined;
  const fields = fieldsGiven(stage).filter((field) => field !== payload);
  return Object.fromEntries(
    fields.map((field) => {
      const attribute = attributes[field];
      return [field, { stage: stage.name, ...(attribute === undefined ? {} : { attribute }) }];
    }),
  );
}

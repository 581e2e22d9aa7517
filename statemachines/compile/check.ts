// What can be checked of a pipeline before anything runs: names and limits, that each stage's output fits the next
// one's input, that a target model is named exactly when the endpoint is multi-model.
import { allStages } from '../composition.ts';
import {
  type EndpointTarget,
  type FunctionStage,
  type InferenceStage,
  OWN_VARIANT,
  type Pipeline,
  PLACEMENTS,
  type Stage,
} from '../pipeline.ts';
import { checkPolicy, checkSeconds } from './check-policy.ts';
import { checkRecordFlow } from './check-record-flow.ts';
import { PipelineDefinitionError } from './errors.ts';
import { didYouMean } from './near-word.ts';
import { requiredFields } from './schema-fields.ts';

/** https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html */
const CONTAINERS_LIMIT = 15;

/** @throws PipelineDefinitionError for the first thing that is wrong */
export function checkPipeline(pipeline: Pipeline): void {
  checkNames(pipeline);
  checkPlacement(pipeline);
  if (pipeline.stages.length === 0) {
    throw new PipelineDefinitionError({ pipeline: pipeline.name }, 'at least one stage', 'none');
  }
  checkSeconds(pipeline.name, undefined, pipeline.timeoutSeconds);
  for (const stage of allStages(pipeline.stages)) checkPolicy(pipeline.name, stage);
  if (pipeline.flow === 'record') checkRecordFlow(pipeline);
  else checkRecordsFlow(pipeline);
}

function checkRecordsFlow(pipeline: Pipeline): void {
  pipeline.stages.forEach((stage, i) => {
    checkKind(pipeline, stage);
    if (stage.kind === 'inference') checkInference(pipeline, stage, i);
  });
  checkContracts(pipeline);
}

function checkNames({ name, stages }: Pipeline): void {
  if (!/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name) || name.length > 40) {
    throw new PipelineDefinitionError(
      { pipeline: name },
      'a name like "house-prices" of at most 40, each word starting with a letter',
      `"${name}"`,
    );
  }
  const seen = new Set<string>(['Failed', 'Answer']);
  for (const stage of allStages(stages)) {
    const place = { pipeline: name, stage: stage.name };
    if (!/^[A-Z][A-Za-z0-9]{0,59}$/.test(stage.name)) {
      throw new PipelineDefinitionError(place, 'a name in PascalCase of at most 60', `"${stage.name}"`);
    }
    if (seen.has(stage.name))
      throw new PipelineDefinitionError(place, 'a name of its own', 'one that is taken');
    seen.add(stage.name);
  }
}

/** A word that no type checker has seen would be no placement at all. */
function checkPlacement({ name, placement }: Pipeline): void {
  if (placement === undefined || PLACEMENTS.includes(placement)) return;
  const found = `"${placement}"${didYouMean(placement, PLACEMENTS)}`;
  throw new PipelineDefinitionError({ pipeline: name }, `a placement of ${PLACEMENTS.join(', ')}`, found);
}

/** What only records that go by themselves can have. */
function checkKind(pipeline: Pipeline, stage: Stage): void {
  const place = { pipeline: pipeline.name, stage: stage.name };
  const needs = (what: string): PipelineDefinitionError =>
    new PipelineDefinitionError(place, `flow: 'record', since the stage ${what}`, 'none');
  if (stage.kind !== 'function' && stage.kind !== 'inference') throw needs(`is of the kind "${stage.kind}"`);
  if (stage.breaker !== undefined) throw needs('has a breaker');
  if (stage.kind === 'inference' && stage.canary !== undefined) throw needs('has a canary');
  if (stage.kind === 'function' && stage.concurrency !== undefined)
    throw needs('has a concurrency, and a function gets all records in one call');
}

function checkInference(pipeline: Pipeline, stage: InferenceStage, index: number): void {
  const place = { pipeline: pipeline.name, stage: stage.name };
  const before = pipeline.stages[index - 1];
  if (before?.kind === 'inference') {
    const found = `the inference "${before.name}"`;
    throw new PipelineDefinitionError(
      place,
      'a function stage before it, which lays out its instances',
      found,
    );
  }
  if (before === undefined) checkFirst(place, stage);
  if (stage.into === undefined && stage.gives === undefined) {
    throw new PipelineDefinitionError(
      place,
      '"into", or "gives" with the fields of its predictions',
      'neither',
    );
  }
  checkEndpoint(place, stage);
}

/** Its containers, and that a target model is named exactly when one of them is multi-model. */
export function checkEndpoint(
  place: { pipeline: string; stage: string },
  stage: {
    readonly endpoint: EndpointTarget;
    readonly targetModel?: string;
    readonly targetVariant?: string;
  },
): void {
  checkContainers(place, stage.endpoint);
  checkVariants(place, stage.endpoint, stage.targetVariant);
  const isMultiModel = stage.endpoint.containers.some(({ mode }) => mode === 'MultiModel');
  if (isMultiModel && stage.targetModel === undefined) {
    throw new PipelineDefinitionError(place, 'a targetModel, since a container is multi-model', 'none');
  }
  if (!isMultiModel && stage.targetModel !== undefined) {
    throw new PipelineDefinitionError(
      place,
      'no targetModel, since no container is multi-model',
      `"${stage.targetModel}"`,
    );
  }
}

function checkVariants(
  place: { pipeline: string; stage: string },
  { variants = [] }: EndpointTarget,
  targetVariant: string | undefined,
): void {
  const names = [OWN_VARIANT, ...variants.map(({ name }) => name)];
  if (targetVariant !== undefined && !names.includes(targetVariant)) {
    throw new PipelineDefinitionError(place, `a targetVariant of ${names.join(', ')}`, `"${targetVariant}"`);
  }
  const bad = names.find((name, i) => !/^[A-Z][A-Za-z0-9]{0,30}$/.test(name) || names.indexOf(name) < i);
  if (bad !== undefined)
    throw new PipelineDefinitionError(place, 'variants with PascalCase names of their own', `"${bad}"`);
}

/** Without a function before it, nothing lays out a field or groups by target model. */
function checkFirst(place: { pipeline: string; stage: string }, stage: InferenceStage): void {
  for (const member of ['instance', 'targetModel', 'into'] as const) {
    if (stage[member] === undefined) continue;
    const expected = `a function stage before it, since "${member}" is given`;
    throw new PipelineDefinitionError(place, expected, 'none');
  }
}

function checkContainers(place: { pipeline: string; stage: string }, { containers }: EndpointTarget): void {
  if (containers.length === 0 || containers.length > CONTAINERS_LIMIT) {
    throw new PipelineDefinitionError(
      place,
      `1 to ${CONTAINERS_LIMIT} containers`,
      String(containers.length),
    );
  }
  const multi = containers.filter(({ mode }) => mode === 'MultiModel').map(({ name }) => name);
  if (multi.length > 1) {
    throw new PipelineDefinitionError(place, 'at most one multi-model container', multi.join(' and '));
  }
}

/** Follows the fields of a record's value from stage to stage. */
function checkContracts(pipeline: Pipeline): void {
  let fields: ReadonlySet<string> | undefined;
  for (const stage of pipeline.stages) {
    const place = { pipeline: pipeline.name, stage: stage.name };
    if (fields !== undefined) requireFields(place, neededBy(stage), fields);
    fields = fieldsAfter(stage, fields ?? new Set());
  }
  const wanted = requiredFields(pipeline.output);
  if (wanted !== undefined) requireFields({ pipeline: pipeline.name, stage: 'the output' }, wanted, fields!);
}

function neededBy(stage: Stage): readonly string[] {
  if (stage.kind === 'function') return takenBy(stage);
  if (stage.kind !== 'inference') return [];
  const inModel = [...(stage.targetModel ?? '').matchAll(/\{(\w+)\}/g)].map(([, field]) => field!);
  return stage.instance === undefined ? inModel : [stage.instance, ...inModel];
}

function takenBy(stage: FunctionStage): readonly string[] {
  return stage.takes ?? [];
}

function fieldsAfter(stage: Stage, before: ReadonlySet<string>): ReadonlySet<string> {
  if (stage.kind === 'function') return new Set(stage.gives);
  if (stage.kind !== 'inference') return before;
  if (stage.into === undefined) return new Set(stage.gives);
  return new Set([...before].filter((field) => field !== stage.instance).concat(stage.into));
}

export function requireFields(
  place: { pipeline: string; stage: string },
  needed: readonly string[],
  given: ReadonlySet<string>,
): void {
  const missing = needed.filter((field) => !given.has(field));
  if (missing.length === 0) return;
  const what = `the field${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`;
  throw new PipelineDefinitionError(place, `${what} from the stage before`, [...given].join(', ') || 'none');
}

// What can be checked of a pipeline with `flow: 'record'` before anything runs: that each stage finds the fields that it
// takes whichever way the record came, that expressions are JSONata, and that every end gives what the output's schema
// asks for.
import { isDeepStrictEqual } from 'node:util';
import { branchesOf } from '../composition.ts';
import type { Canary, ExitStage, InferenceStage, Pipeline, Stage } from '../pipeline.ts';
import { checkEndpoint, requireFields } from './check.ts';
import { checkNested, checkParallel, checkShadow, checkSplit, checkSwitch } from './check-composed.ts';
import { checkExpression } from './check-expression.ts';
import { PipelineDefinitionError } from './errors.ts';
import { fieldsIn } from './expressions.ts';
import { branchFields, fieldsGiven, fieldsTaken } from './record-fields.ts';
import { canaryOf } from './record-task.ts';
import { absentFields, presentFields, requiredFields } from './schema-fields.ts';

type Fields = ReadonlySet<string>;

/** Where an answer has what a request asked to include. */
const INCLUDED = 'included';

/** @throws PipelineDefinitionError for the first thing that is wrong */
export function checkRecordFlow(pipeline: Pipeline): void {
  const fields = fieldsAfterAll(pipeline, pipeline.stages, new Set(presentFields(pipeline)));
  const { answer } = pipeline;
  const place = { pipeline: pipeline.name, stage: 'the answer' };
  if (answer === undefined)
    throw new PipelineDefinitionError(place, 'the fields of the output record', 'none');
  requireOfRecord(pipeline, place.stage, { needed: Object.values(answer).flatMap(fieldsIn), given: fields });
  checkAnswer(pipeline, 'the answer', answer);
}

/** Checks the stages; returns the fields that the record has after them. */
function fieldsAfterAll(pipeline: Pipeline, stages: readonly Stage[], before: Fields): Fields {
  return stages.reduce((fields, stage) => fieldsAfter(pipeline, stage, fields), before);
}

function fieldsAfter(pipeline: Pipeline, stage: Stage, before: Fields): Fields {
  const place = { pipeline: pipeline.name, stage: stage.name };
  requireOfRecord(pipeline, stage.name, { needed: fieldsTaken(stage), given: before });
  checkStage(pipeline, stage);
  const branches = branchesOf(stage).map((stages) => fieldsAfterAll(pipeline, stages, before));
  if (stage.kind === 'switch' || stage.kind === 'split')
    return intersection(branches.filter((_, i) => !isEnd(branchesOf(stage)[i]!)));
  if (stage.kind === 'parallel') {
    stage.branches.forEach(({ name, gives }, i) => {
      requireFields({ ...place, stage: `${stage.name}/${name}` }, gives, branches[i]!);
    });
    checkCollisions(
      place,
      stage.branches.map((branch) => [branch.name, branchFields(branch)]),
      before,
    );
  }
  return new Set([...before, ...fieldsGiven(stage)]);
}

/** As `requireFields`, and says what to do about a field that the input's schema lets a record leave out. */
function requireOfRecord(
  pipeline: Pipeline,
  stage: string,
  { needed, given }: { readonly needed: readonly string[]; readonly given: Fields },
): void {
  const place = { pipeline: pipeline.name, stage };
  const absent = absentFields(pipeline);
  const field = needed.find((name) => !given.has(name) && absent.includes(name));
  if (field === undefined) {
    requireFields(place, needed, given);
    return;
  }
  const remedy =
    pipeline.stages[0]?.kind === 'function'
      ? `let the function "${pipeline.stages[0].name}" give it, or let it be null instead (v.nullable)`
      : `give it a default, v.optional(…, value), or let it be null instead (v.nullable)`;
  throw new PipelineDefinitionError(
    place,
    `the field ${field}, which every record must have that comes here: ${remedy}`,
    'that the input\u2019s schema makes it optional',
  );
}

/** Whether every record that comes here leaves the pipeline. */
function isEnd(stages: readonly Stage[]): boolean {
  const last = stages.at(-1);
  return last?.kind === 'exit' && last.when === undefined;
}

/** What is there whichever branch a record took. */
function intersection([first, ...others]: readonly Fields[]): Fields {
  return new Set([...(first ?? [])].filter((field) => others.every((fields) => fields.has(field))));
}

/** A field from two branches, or from one and the record as it was, could be either. */
function checkCollisions(
  place: { pipeline: string; stage: string },
  branches: readonly (readonly [string, readonly string[]])[],
  before: Fields,
): void {
  const owners = new Map<string, string>([...before].map((field) => [field, 'the record before it']));
  for (const [name, fields] of branches) {
    for (const field of fields) {
      const owner = owners.get(field);
      if (owner !== undefined) {
        const found = `"${field}" from ${owner} and from ${name}`;
        throw new PipelineDefinitionError(place, 'each field from one branch alone', found);
      }
      owners.set(field, name);
    }
  }
}

function checkStage(pipeline: Pipeline, stage: Stage): void {
  const place = { pipeline: pipeline.name, stage: stage.name };
  switch (stage.kind) {
    case 'inference':
      checkInference(place, stage);
      break;
    case 'payload':
      checkEndpoint(place, stage);
      break;
    case 'exit':
      checkExit(pipeline, stage);
      break;
    case 'nested':
      checkNested(place, stage);
      break;
    case 'switch':
      checkSwitch(place, stage);
      break;
    case 'split':
      checkSplit(place, stage);
      break;
    case 'parallel':
      checkParallel(place, stage);
      break;
    case 'shadow':
      checkShadow(place, stage);
      break;
  }
}

function checkInference(place: { pipeline: string; stage: string }, stage: InferenceStage): void {
  const { instance, into, canary } = stage;
  checkEndpoint(place, stage);
  if (instance === undefined || into === undefined)
    throw new PipelineDefinitionError(place, '"instance" and "into"', 'one of them or neither');
  checkExpression(place, instance);
  if (canary === undefined) return;
  const { weight, key, ...version } = canary;
  checkExpression(place, key);
  if (!(weight >= 0 && weight <= 1))
    throw new PipelineDefinitionError(place, 'a canary weight of 0 to 1', String(weight));
  if (isSameVersion(stage, version))
    throw new PipelineDefinitionError(place, 'a canary with a version of its own', 'the same one');
  checkEndpoint(place, canaryOf(stage, canary));
}

/** By value: an endpoint is often written by a function, anew each time. */
function isSameVersion(stage: InferenceStage, version: Omit<Canary, 'weight' | 'key'>): boolean {
  return (['endpoint', 'targetModel', 'targetVariant'] as const).every(
    (member) => version[member] === undefined || isDeepStrictEqual(version[member], stage[member]),
  );
}

function checkExit(pipeline: Pipeline, stage: ExitStage): void {
  if (stage.when !== undefined) checkExpression({ pipeline: pipeline.name, stage: stage.name }, stage.when);
  checkAnswer(pipeline, stage.name, stage.answer);
}

function checkAnswer(pipeline: Pipeline, stage: string, answer: Readonly<Record<string, string>>): void {
  const place = { pipeline: pipeline.name, stage };
  for (const text of Object.values(answer)) checkExpression(place, text);
  if (Object.hasOwn(answer, INCLUDED))
    throw new PipelineDefinitionError(place, 'no field "included", which ?include= fills', 'one');
  const missing = (requiredFields(pipeline.output) ?? []).filter((field) => !Object.hasOwn(answer, field));
  if (missing.length === 0) return;
  const found = Object.keys(answer).join(', ') || 'none';
  throw new PipelineDefinitionError(place, `an answer with ${missing.join(', ')}`, found);
}

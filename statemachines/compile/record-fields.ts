// What each stage of a pipeline with `flow: 'record'` takes of the record, and what it gives; from that, which fields
// something later still takes: the others need not travel.
import type { ParallelBranch } from '../composition.ts';
import { allStages, branchesOf } from '../composition.ts';
import type { Pipeline, Stage } from '../pipeline.ts';
import { fieldsIn } from './expressions.ts';

/** The fields that the stage's own expressions name, without those of stages inside it. */
export function fieldsTaken(stage: Stage): string[] {
  switch (stage.kind) {
    case 'function':
      return [...(stage.takes ?? [])];
    case 'inference': {
      const { canary } = stage;
      const texts = [stage.instance, stage.targetModel, canary?.key, canary?.targetModel];
      return texts.flatMap((text) => fieldsIn(text ?? ''));
    }
    case 'payload':
      return [stage.payload];
    case 'nested':
      return Object.values(stage.record).flatMap(fieldsIn);
    case 'exit':
      return [stage.when ?? '', ...Object.values(stage.answer)].flatMap(fieldsIn);
    case 'switch':
      return stage.cases.flatMap(({ when }) => fieldsIn(when));
    case 'split':
      return fieldsIn(stage.key);
    case 'shadow':
      return [stage.instance, stage.targetModel ?? '', stage.against].flatMap(fieldsIn);
    case 'parallel':
      return [];
  }
}

/** The fields that join the record, whichever way it takes inside the stage. */
export function fieldsGiven(stage: Stage): string[] {
  switch (stage.kind) {
    case 'function':
      return [...stage.gives];
    case 'inference':
    case 'nested':
      return stage.into === undefined ? [] : [stage.into];
    case 'payload': {
      const { payload, prediction, attributes = {}, collected = {} } = stage.answer;
      const named = [...Object.keys(attributes), ...Object.keys(collected)];
      return [payload, prediction, ...named].filter((field) => field !== undefined);
    }
    case 'parallel':
      return stage.branches.flatMap(branchFields);
    case 'switch':
    case 'split':
      return givenByAll(branchesOf(stage));
    case 'exit':
    case 'shadow':
      return [];
  }
}

/** What a branch of a parallel stage adds to the record. */
export function branchFields({ name, gives, dependence }: ParallelBranch): string[] {
  return dependence === 'soft' ? [...gives, failureField(name)] : [...gives];
}

/** Where a soft branch tells of its failure. */
export function failureField(branch: string): string {
  return `${branch}Failure`;
}

/** The fields that may be null, because a soft branch failed or did not. */
export function softFields({ stages }: Pipeline): Set<string> {
  const branches = allStages(stages).flatMap((stage) => (stage.kind === 'parallel' ? stage.branches : []));
  return new Set(branches.filter(({ dependence }) => dependence === 'soft').flatMap(branchFields));
}

/** The fields that must be there before the stage, when `after` must be there after it. */
export function neededBefore(stage: Stage, after: ReadonlySet<string>): Set<string> {
  const needed = new Set(neededByBranches(stage, after));
  for (const field of fieldsTaken(stage)) needed.add(field);
  return needed;
}

export function neededBeforeAll(stages: readonly Stage[], after: ReadonlySet<string>): Set<string> {
  return stages.reduceRight((needed, stage) => neededBefore(stage, needed), new Set(after));
}

function neededByBranches(stage: Stage, after: ReadonlySet<string>): string[] {
  if (stage.kind === 'switch' || stage.kind === 'split')
    return branchesOf(stage).flatMap((stages) => [...neededBeforeAll(stages, after)]);
  const given = new Set(fieldsGiven(stage));
  const passing = [...after].filter((field) => !given.has(field));
  if (stage.kind !== 'parallel') return passing;
  const inside = stage.branches.map(({ stages, gives }) => neededBeforeAll(stages, new Set(gives)));
  return [...passing, ...inside.flatMap((fields) => [...fields])];
}

/** What every branch gives that does not end the record's way. */
function givenByAll(branches: readonly (readonly Stage[])[]): string[] {
  const [first, ...others] = branches.map((stages) => new Set(stages.flatMap(fieldsGiven)));
  return [...(first ?? [])].filter((field) => others.every((fields) => fields.has(field)));
}

// What can be checked of the stages that compose others, besides the fields that come and go.
import {
  allStages,
  type NestedStage,
  type ParallelStage,
  type ShadowStage,
  type SplitStage,
  type SwitchStage,
} from '../composition.ts';
import { checkEndpoint } from './check.ts';
import { checkExpression } from './check-expression.ts';
import { PipelineDefinitionError } from './errors.ts';
import { requiredFields } from './schema-fields.ts';

interface StagePlace {
  readonly pipeline: string;
  readonly stage: string;
}

export function checkSwitch(place: StagePlace, { cases }: SwitchStage): void {
  if (cases.length === 0) throw new PipelineDefinitionError(place, 'at least one case', 'none');
  for (const { when } of cases) checkExpression(place, when);
}

export function checkSplit(place: StagePlace, { key, branches }: SplitStage): void {
  checkExpression(place, key);
  checkBranchCount(place, branches.length);
  for (const { weight } of branches) {
    if (Number.isFinite(weight) && weight > 0) continue;
    throw new PipelineDefinitionError(place, 'weights over 0', String(weight));
  }
}

export function checkParallel(place: StagePlace, { branches }: ParallelStage): void {
  checkBranchCount(place, branches.length);
  for (const { name, stages, gives } of branches) {
    if (!/^[A-Z][A-Za-z0-9]{0,49}$/.test(name))
      throw new PipelineDefinitionError(place, 'branch names in PascalCase of at most 50', `"${name}"`);
    if (stages.length === 0) throw new PipelineDefinitionError(place, `stages in ${name}`, 'none');
    if (gives.length === 0) throw new PipelineDefinitionError(place, `fields that ${name} gives`, 'none');
    const exit = allStages(stages).find(({ kind }) => kind === 'exit');
    if (exit === undefined) continue;
    // The end of a branch is not the end of the record's way.
    throw new PipelineDefinitionError(place, 'no exit within a branch', `"${exit.name}" in ${name}`);
  }
}

function checkBranchCount(place: StagePlace, count: number): void {
  if (count < 2) throw new PipelineDefinitionError(place, 'at least two branches', String(count));
}

/** The other pipeline's input, field by field. */
export function checkNested(place: StagePlace, { pipeline, record }: NestedStage): void {
  for (const text of Object.values(record)) checkExpression(place, text);
  const given = Object.keys(record);
  const missing = (requiredFields(pipeline.input) ?? []).filter((field) => !given.includes(field));
  if (missing.length > 0) {
    const expected = `a record with ${missing.join(', ')}, which ${pipeline.name} takes`;
    throw new PipelineDefinitionError(place, expected, given.join(', ') || 'none');
  }
  const known = (pipeline.input as { entries?: object }).entries;
  const strange = known === undefined ? undefined : given.find((field) => !Object.hasOwn(known, field));
  if (strange === undefined) return;
  throw new PipelineDefinitionError(place, `fields that ${pipeline.name} takes`, `"${strange}"`);
}

export function checkShadow(place: StagePlace, stage: ShadowStage): void {
  checkExpression(place, stage.instance);
  checkExpression(place, stage.against);
  checkEndpoint(place, stage);
  const { tolerance } = stage;
  if (tolerance === undefined || (tolerance >= 0 && tolerance < 1)) return;
  throw new PipelineDefinitionError(place, 'a tolerance of 0 to 1', String(tolerance));
}

// Switch, weighted split and parallel branches of a pipeline with `flow: 'record'`. A switch and a split are a Choice
// whose branches' states stand beside all others; a Parallel's branches are state machines of their own.
import type { ParallelBranch, ParallelStage, SplitStage, SwitchStage } from '../composition.ts';
import type { Stage } from '../pipeline.ts';
import { expression, type State, type States } from './asl.ts';
import { resolveFields } from './expressions.ts';
import { branchFields, failureField } from './record-fields.ts';
import {
  assigned,
  comment,
  type Flow,
  fieldPath,
  includedIn,
  joinStates,
  outputWith,
  type Place,
} from './record-place.ts';
import { isUnder } from './shares.ts';
import { failedState, isStageCause } from './stages.ts';

/** Stages in series; handed in, since they may be any. */
export type Sequence = (stages: readonly Stage[], place: Place) => Flow;

export function switchStates(stage: SwitchStage, place: Place, sequence: Sequence): Flow {
  const cases = stage.cases.map(({ when, stages }) => ({
    condition: resolveFields(when, fieldPath),
    flow: sequence(stages, place),
  }));
  return choiceFlow(stage, place, { cases, otherwise: sequence(stage.otherwise ?? [], place) });
}

/** The last branch takes what is under none of the thresholds before it. */
export function splitStates(stage: SplitStage, place: Place, sequence: Sequence): Flow {
  const total = stage.branches.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  const cases = stage.branches.map(({ weight, stages }) => {
    sum += weight;
    const condition = isUnder(sum / total, { salt: stage.name, key: stage.key });
    return { condition, flow: sequence(stages, place) };
  });
  return choiceFlow(stage, place, { cases: cases.slice(0, -1), otherwise: cases.at(-1)!.flow });
}

interface Ways {
  readonly cases: readonly { readonly condition: string; readonly flow: Flow }[];
  readonly otherwise: Flow;
}

function choiceFlow(stage: SwitchStage | SplitStage, place: Place, { cases, otherwise }: Ways): Flow {
  const start = stage.name + place.setting.suffix;
  const choice: State = {
    Type: 'Choice',
    ...comment(stage),
    Choices: cases.map(({ condition, flow }) => ({ Condition: expression(condition), Next: flow.start })),
    Default: otherwise.start,
  };
  const inside = [...cases.map(({ flow }) => flow), otherwise].map(({ states }) => states);
  return { start, states: joinStates(place.pipeline, { [start]: choice }, ...inside) };
}

export function parallelStates(stage: ParallelStage, place: Place, sequence: Sequence): Flow {
  const start = stage.name + place.setting.suffix;
  const given = Object.fromEntries(
    stage.branches.flatMap((branch, i) =>
      branchFields(branch).map((field) => [field, `$states.result[${i}].fields.${field}`]),
    ),
  );
  const parallel: State = {
    Type: 'Parallel',
    ...comment(stage),
    Branches: stage.branches.map((branch) => branchMachine(branch, place, sequence)),
    Catch: [
      { ErrorEquals: ['States.ALL'], Output: expression(branchFailure(stage.name)), Next: place.failTo },
    ],
    ...assignedByBranches(stage, place, given),
    Output: outputWith(place, given),
    Next: place.next,
  };
  return { start, states: { [start]: parallel } };
}

interface BranchMachine {
  readonly StartAt: string;
  readonly States: States;
}

/** It ends by giving its fields or, when one of its stages has failed, by failing or by telling so. */
function branchMachine(branch: ParallelBranch, place: Place, sequence: Sequence): BranchMachine {
  const { suffix } = place.setting;
  const isSoft = branch.dependence === 'soft';
  const next = `Give${branch.name}${suffix}`;
  const failTo = `${isSoft ? 'Leave' : 'Fail'}${branch.name}${suffix}`;
  const needed = new Set(branch.gives);
  const inner: Place = { ...place, next, needed, failTo, branch: branch.name };
  const { start, states } = sequence(branch.stages, inner);
  const begin = place.setting.isBatch ? {} : { [`Begin${branch.name}`]: beginState(inner, start) };
  const ends = {
    [next]: giveState(branch, inner),
    [failTo]: isSoft ? leaveState(branch, inner) : failedState(),
  };
  const [first = start] = Object.keys(begin);
  return { StartAt: first, States: joinStates(place.pipeline, begin, states, ends) };
}

/** The branch's own variable starts empty. */
function beginState(place: Place, next: string): State {
  return {
    Type: 'Pass',
    Assign: { [includedIn(place)]: {} },
    Output: expression('$states.input'),
    Next: next,
  };
}

function giveState({ name, gives, dependence }: ParallelBranch, place: Place): State {
  const fields = {
    ...Object.fromEntries(gives.map((field) => [field, expression(fieldPath(field))])),
    ...(dependence === 'soft' ? { [failureField(name)]: NULL } : {}),
  };
  return { Type: 'Pass', Output: { fields, ...branchIncluded(place) }, End: true };
}

/** As an expression: CloudFormation takes no null in a template. */
const NULL = expression('null');

/** Nulls, and why. */
function leaveState({ name, gives }: ParallelBranch, place: Place): State {
  const why = {
    stage: expression('$states.input.stage'),
    error: expression('$states.input.failure.Error'),
    // A timeout may have none.
    message: expression('$exists($states.input.failure.Cause) ? $states.input.failure.Cause : ""'),
  };
  const fields = { ...Object.fromEntries(gives.map((field) => [field, NULL])), [failureField(name)]: why };
  return { Type: 'Pass', Output: { fields, ...branchIncluded(place) }, End: true };
}

/** A branch's variables end with it, so what they hold goes out with its fields. */
function branchIncluded(place: Place): { included?: string } {
  return place.setting.isBatch ? {} : { included: expression(`$${includedIn(place)}`) };
}

function assignedByBranches(
  stage: ParallelStage,
  place: Place,
  given: Readonly<Record<string, string>>,
): { Assign?: Record<string, string> } {
  const inside = stage.branches.map((_, i) => `$states.result[${i}].included`);
  return assigned(stage, place, given, `$merge([$${includedIn(place)}, ${inside.join(', ')}])`);
}

/** A branch that fails says which stage it was; whatever else fails here is the parallel stage's own. */
function branchFailure(stage: string): string {
  const { error, cause } = { error: '$states.errorOutput.Error', cause: '$states.errorOutput.Cause' };
  const told = `{"stage": $parse(${cause}).stage, "failure": {"Error": ${error}, "Cause": $parse(${cause}).message}}`;
  const own = `{"stage": "${stage}", "failure": $states.errorOutput}`;
  return `${isStageCause(cause)} ? ${told} : ${own}`;
}

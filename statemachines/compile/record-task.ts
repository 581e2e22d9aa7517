// The states of a stage that calls something, for one record: the task itself, two of them where a canary takes part of
// the records, and the circuit breaker around it.
import type { Canary, FunctionStage, InferenceStage, PayloadStage } from '../pipeline.ts';
import { expression, type State, type States } from './asl.ts';
import { breakerStates } from './breaker.ts';
import { policyOf } from './policies.ts';
import { type Call, callOf } from './record-calls.ts';
import { assigned, catchAll, comment, type Flow, outputWith, type Place } from './record-place.ts';
import { isUnder } from './shares.ts';

type TaskStage = FunctionStage | InferenceStage | PayloadStage;

export function callStates(stage: TaskStage, place: Place): Flow {
  return breakerStates(stage, place, (inner) => versionStates(stage, inner));
}

/** A stage with a canary is two tasks, and a Choice before them: which one answered shows in the execution. */
function versionStates(stage: TaskStage, place: Place): Flow {
  const { suffix } = place.setting;
  const name = stage.name + suffix;
  const current = { [name]: taskState(stage, place) };
  if (stage.kind !== 'inference' || stage.canary === undefined) return { start: name, states: current };
  const canaryName = `${stage.name}Canary${suffix}`;
  const choose = `Choose${stage.name}Version${suffix}`;
  const states: States = {
    [choose]: chooseState(stage, stage.canary, { current: name, canary: canaryName }),
    ...current,
    [canaryName]: {
      ...taskState(canaryOf(stage, stage.canary), place),
      // A failure is told of the version that failed.
      Catch: [catchAll({ ...stage, name: `${stage.name}Canary` }, place.failTo)],
    },
  };
  return { start: choose, states };
}

function chooseState(
  { name }: InferenceStage,
  { key, weight }: Canary,
  next: { readonly current: string; readonly canary: string },
): State {
  return {
    Type: 'Choice',
    Comment: `${Math.round(weight * 1e4) / 100} % of the keys go to the canary.`,
    Choices: [{ Condition: expression(isUnder(weight, { salt: name, key })), Next: next.canary }],
    Default: next.current,
  };
}

/** The stage as the canary has it; under its own name, which its times and outputs are told by. */
export function canaryOf(stage: InferenceStage, canary: Canary): InferenceStage {
  const { weight: _weight, key: _key, ...version } = canary;
  const { canary: _canary, ...current } = stage;
  return { ...current, ...version };
}

function taskState(stage: TaskStage, place: Place): State {
  return task(stage, place, callOf(stage, place.pipeline));
}

function task(stage: TaskStage, place: Place, { Resource, Arguments, given }: Call): State {
  return {
    Type: 'Task',
    ...comment(stage),
    Resource,
    Arguments,
    ...policyOf(stage),
    Catch: [catchAll(stage, place.failTo)],
    ...assigned(stage, place, given),
    Output: outputWith(place, given),
    Next: place.next,
  };
}

// The circuit breaker around a stage, as states: its object in S3 is read before the call (none: closed), a failed call
// is counted by the function `count-failure`, and a call that succeeds after failures removes the object. What cannot be
// read stops nothing. A stage without a breaker is its own states alone.
import type { Stage, StagePolicy } from '../pipeline.ts';
import { expression, functionPlaceholder, placeholder, type State } from './asl.ts';
import { LAMBDA_INVOKE } from './record-calls.ts';
import { type Flow, joinStates, type Place } from './record-place.ts';

/** The bucket that breakers live in; a forgotten one expires there with the claims. */
const BUCKET = placeholder('ClaimBucket');
const READ_SECONDS = 3;

/** Where the breaker of a stage is. */
export function breakerKey(pipeline: string, stage: string): string {
  return `breakers/${pipeline}/${stage}.json`;
}

export function breakerStates(stage: Stage & StagePolicy, place: Place, build: (place: Place) => Flow): Flow {
  if (stage.breaker === undefined) return build(place);
  const names = stateNames(stage, place);
  const inner = build({ ...place, next: names.settle, failTo: names.count });
  const states = {
    [names.read]: readState(stage, place, names),
    [names.check]: checkState(stage, place, { open: place.failTo, closed: inner.start }),
    [names.count]: countState(stage, place),
    [names.settle]: settleState(stage, place, names),
    [names.reset]: resetState(stage, place),
  };
  return { start: names.read, states: joinStates(place.pipeline, states, inner.states) };
}

type Names = ReturnType<typeof stateNames>;

function stateNames({ name }: Stage, { setting: { suffix } }: Place) {
  return {
    read: `Read${name}Breaker${suffix}`,
    check: `Check${name}Breaker${suffix}`,
    count: `Count${name}Failure${suffix}`,
    settle: `Settle${name}Breaker${suffix}`,
    reset: `Reset${name}Breaker${suffix}`,
  };
}

function readState(stage: Stage, place: Place, { check }: Names): State {
  const variable = breakerVariable(stage);
  return {
    Type: 'Task',
    Comment: `Whether ${stage.name} may be called. No object: it may.`,
    Resource: 'arn:aws:states:::aws-sdk:s3:getObject',
    Arguments: objectOf(stage, place),
    TimeoutSeconds: READ_SECONDS,
    Catch: [
      {
        ErrorEquals: ['States.ALL'],
        Assign: { [variable]: { failures: 0, openUntil: 0 } },
        Output: expression('$states.input'),
        Next: check,
      },
    ],
    Assign: { [variable]: expression('$parse($states.result.Body)') },
    Output: expression('$states.input'),
    Next: check,
  };
}

function checkState(
  stage: Stage,
  _place: Place,
  next: { readonly open: string; readonly closed: string },
): State {
  const until = `$${breakerVariable(stage)}.openUntil`;
  const Cause = `"The circuit breaker of the stage ${stage.name} is open until " & $fromMillis(${until}) & "."`;
  return {
    Type: 'Choice',
    Choices: [
      {
        Condition: expression(`${until} > $millis()`),
        Output: { stage: stage.name, failure: { Error: 'CircuitOpen', Cause: expression(Cause) } },
        Next: next.open,
      },
    ],
    Default: next.closed,
  };
}

/** Counts what says that the stage is unwell, and goes where the failure was bound for, counted or not. */
function countState(stage: Stage & StagePolicy, place: Place): State {
  const { Bucket, Key } = objectOf(stage, place);
  const passOn = { Output: expression('$states.input'), Next: place.failTo };
  return {
    Type: 'Task',
    Resource: LAMBDA_INVOKE,
    Arguments: {
      FunctionName: placeholder(functionPlaceholder('count-failure')),
      Payload: {
        breaker: { bucket: Bucket, key: Key, ...stage.breaker },
        stage: stage.name,
        failure: expression('$states.input.failure'),
      },
    },
    TimeoutSeconds: 10,
    Catch: [{ ErrorEquals: ['States.ALL'], ...passOn }],
    ...passOn,
  };
}

function settleState(stage: Stage, place: Place, { reset }: Names): State {
  return {
    Type: 'Choice',
    Choices: [{ Condition: expression(`$${breakerVariable(stage)}.failures > 0`), Next: reset }],
    Default: place.next,
  };
}

function resetState(stage: Stage, place: Place): State {
  const passOn = { Output: expression('$states.input'), Next: place.next };
  return {
    Type: 'Task',
    Comment: `${stage.name} has succeeded after failures.`,
    Resource: 'arn:aws:states:::aws-sdk:s3:deleteObject',
    Arguments: objectOf(stage, place),
    TimeoutSeconds: READ_SECONDS,
    Catch: [{ ErrorEquals: ['States.ALL'], ...passOn }],
    ...passOn,
  };
}

function objectOf(stage: Stage, { pipeline }: Place): { Bucket: string; Key: string } {
  return { Bucket: BUCKET, Key: breakerKey(pipeline.name, stage.name) };
}

function breakerVariable({ name }: Stage): string {
  return `breaker${name}`;
}

// Another pipeline as a stage: its real-time machine, started with one record and awaited. Stages run in Express
// executions, in a request's as in a batch's children, and those wait for another by StartSyncExecution;
// `states:startExecution.sync:2` is for Standard ones. It answers also for an execution that failed, so a Choice looks.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-nested-workflows.html
import type { NestedStage } from '../composition.ts';
import type { Pipeline } from '../pipeline.ts';
import { expression, functionPlaceholder, placeholder, type State } from './asl.ts';
import { breakerStates } from './breaker.ts';
import { resolveFields } from './expressions.ts';
import { policyOf, retryOf } from './policies.ts';
import { LAMBDA_INVOKE } from './record-calls.ts';
import { assigned, catchAll, comment, type Flow, fieldPath, outputWith, type Place } from './record-place.ts';
import { requiredFields } from './schema-fields.ts';
import { CHECK_RECORDS, isStageCause } from './stages.ts';

/** The placeholder's name for the ARN of a pipeline's real-time machine: `house-prices` → `HousePricesStateMachine`. */
export function machinePlaceholder(pipeline: string): string {
  const words = pipeline.split('-').map((word) => word[0]!.toUpperCase() + word.slice(1));
  return `${words.join('')}StateMachine`;
}

export function nestedStates(stage: NestedStage, place: Place): Flow {
  return breakerStates(stage, place, (inner) => startAndLook(stage, inner));
}

function startAndLook(stage: NestedStage, place: Place): Flow {
  const { suffix } = place.setting;
  const start = stage.name + suffix;
  const look = `Take${stage.name}Answer${suffix}`;
  const check = `Check${stage.name}Record${suffix}`;
  const states = { [start]: startState(stage, { ...place, next: look }), [look]: lookState(stage, place) };
  return readsItsRecords(stage.pipeline)
    ? { start, states }
    : { start: check, states: { [check]: checkState(stage, { ...place, next: start }), ...states } };
}

/** By its first function; `start-execution` and a batch read the records of any other, which a nested one passes by. */
function readsItsRecords({ stages, body }: Pipeline): boolean {
  return stages[0]!.kind === 'function' || body === 'payload';
}

/** The record as the other pipeline's schema reads it. */
function checkState(stage: NestedStage, place: Place): State {
  return {
    Type: 'Task',
    Comment: `Checks the record against the input of ${stage.pipeline.name}.`,
    Resource: LAMBDA_INVOKE,
    Arguments: {
      FunctionName: placeholder(functionPlaceholder(CHECK_RECORDS)),
      Payload: {
        stage: stage.name,
        pipeline: stage.pipeline.name,
        recordName: stage.pipeline.name,
        onRecordError: 'fail',
        records: [{ position: 0, value: expression(recordOf(stage)) }],
      },
    },
    TimeoutSeconds: 10,
    Retry: retryOf({ kind: 'function', name: stage.name, function: CHECK_RECORDS, gives: [] }),
    Catch: [catchAll(stage, place.failTo)],
    Assign: { [recordVariable(stage)]: expression('$states.result.Payload.records[0].value') },
    Output: expression('$states.input'),
    Next: place.next,
  };
}

function startState(stage: NestedStage, place: Place): State {
  const { Assign } = assigned(stage, place);
  const record = readsItsRecords(stage.pipeline) ? recordOf(stage) : `$${recordVariable(stage)}`;
  return {
    Type: 'Task',
    ...comment(stage),
    Resource: 'arn:aws:states:::aws-sdk:sfn:startSyncExecution',
    Arguments: {
      StateMachineArn: placeholder(machinePlaceholder(stage.pipeline.name)),
      Input: expression(`$string({"records": [{"position": 0, "value": ${record}}]})`),
    },
    ...policyOf(stage),
    Catch: [catchAll(stage, place.failTo)],
    Assign: { ...Assign, [executionVariable(stage)]: expression('$states.result') },
    Output: outputWith({ ...place, needed: without(place.needed, stage.into) }),
    Next: place.next,
  };
}

function lookState(stage: NestedStage, place: Place): State {
  const execution = `$${executionVariable(stage)}`;
  const given = { [stage.into]: answerOf(stage.pipeline, `$parse(${execution}.Output)`) };
  const { entered: _entered, ...Assign } = assigned(stage, place, given).Assign ?? {};
  return {
    Type: 'Choice',
    Choices: [
      {
        Condition: expression(`${execution}.Status != "SUCCEEDED"`),
        Output: { stage: stage.name, failure: failureOf(execution) },
        Next: place.failTo,
      },
      ...misfits(stage, given[stage.into]!, place),
    ],
    ...(Object.keys(Assign).length === 0 ? {} : { Assign }),
    Output: outputWith(place, given),
    Default: place.next,
  };
}

function recordOf({ record }: NestedStage): string {
  const fields = Object.entries(record).map(
    ([field, text]) => `${JSON.stringify(field)}: ${resolveFields(text, fieldPath)}`,
  );
  return `{${fields.join(', ')}}`;
}

/** The error of the stage that failed there, in its own words. */
function failureOf(execution: string): Record<string, string> {
  const cause = `${execution}.Cause`;
  return {
    Error: expression(`$exists(${execution}.Error) ? ${execution}.Error : "States.Timeout"`),
    Cause: expression(`${isStageCause(cause)} ? $parse(${cause}).message : $string(${cause})`),
  };
}

/** The output record of a pipeline's execution with one record; after an inference at the end it is put together here. */
function answerOf({ flow, stages }: Pipeline, output: string): string {
  const last = stages.at(-1)!;
  const value = `${output}.records[0].value`;
  if (flow === 'record' || last.kind !== 'inference') return value;
  const group = `${output}.answers.groups[0]`;
  const prediction = `$parse(${group}.body).predictions[0]`;
  if (last.into === undefined) return prediction;
  const model = last.targetModel === undefined ? '' : `, "targetModel": ${group}.targetModel`;
  return `$merge([${value}, {"${last.into}": {"prediction": ${prediction}${model}}}])`;
}

/** A prediction that is the answer, without what the other pipeline's output promises. */
function misfits({ name, pipeline }: NestedStage, answer: string, { failTo }: Place): object[] {
  const last = pipeline.stages.at(-1)!;
  const promised = requiredFields(pipeline.output) ?? [];
  const isPrediction = pipeline.flow !== 'record' && last.kind === 'inference' && last.into === undefined;
  if (!isPrediction || promised.length === 0) return [];
  const has = promised.map((field) => `"${field}" in $keys(${answer})`);
  const Cause = `What ${last.name} gave does not fit the output of ${pipeline.name}: expected ${promised.join(', ')}.`;
  return [
    {
      Condition: expression(`$not(${has.join(' and ')})`),
      Output: { stage: name, failure: { Error: 'ContractViolation', Cause } },
      Next: failTo,
    },
  ];
}

function recordVariable({ name }: NestedStage): string {
  return `record${name}`;
}

function executionVariable({ name }: NestedStage): string {
  return `execution${name}`;
}

function without(fields: ReadonlySet<string>, field: string): ReadonlySet<string> {
  return new Set([...fields].filter((one) => one !== field));
}

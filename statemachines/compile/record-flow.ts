// The states of a pipeline with `flow: 'record'`: each record goes through them by itself, the record's fields are the
// states' data, and a field that nothing later takes is left behind. The same for a request and within a batch's Map.
import type {
  CollectedAnswer,
  ExitStage,
  FunctionStage,
  InferenceStage,
  PayloadStage,
  Pipeline,
  Stage,
} from '../pipeline.ts';
import { expression, functionPlaceholder, placeholder, type State, type States } from './asl.ts';
import { type FieldPath, resolveFields, resolveTemplate } from './expressions.ts';
import { retryOf, timeoutOf } from './policies.ts';
import { fieldsGiven, fieldsNeededAfter } from './record-fields.ts';
import { FAILED, failedState } from './stages.ts';

/** What differs between a request and a batch's Map. */
export interface RecordSetting {
  /** Where the first stage finds a field of the record. */
  readonly first: FieldPath;
  readonly isBatch: boolean;
  readonly suffix: string;
}

/** The state that every record ends in which takes no exit. */
export const ANSWER = 'Answer';

/** Fields that a batch adds to each record, and to its answer. */
export const BATCH_FIELDS = ['key'] as const;

export function recordStates(pipeline: Pipeline, setting: RecordSetting): States {
  const states: Record<string, State> = {};
  pipeline.stages.forEach((stage, index) => {
    Object.assign(states, stageState(stage, { pipeline, setting, index }));
  });
  const last = { pipeline, setting, index: pipeline.stages.length };
  return {
    ...states,
    [ANSWER + setting.suffix]: answerState(pipeline.answer ?? {}, last),
    ...failure(setting),
  };
}

interface Place {
  readonly pipeline: Pipeline;
  readonly setting: RecordSetting;
  readonly index: number;
}

function stageState(stage: Stage, place: Place): States {
  const name = stage.name + place.setting.suffix;
  switch (stage.kind) {
    case 'function':
      return { [name]: task(stage, place, functionCall(stage, place)) };
    case 'inference':
      return { [name]: task(stage, place, inferenceCall(stage, place)) };
    case 'payload':
      return { [name]: task(stage, place, payloadCall(stage, place)) };
    case 'exit':
      return exitStates(stage, place);
  }
}

interface Call {
  readonly Resource: string;
  readonly Arguments: Record<string, unknown>;
  /** The fields that the stage gives, from `$states.result`. */
  readonly given: Readonly<Record<string, string>>;
}

function functionCall(stage: FunctionStage, place: Place): Call {
  const path = pathAt(place);
  const value = Object.fromEntries((stage.takes ?? []).map((field) => [field, expression(path(field))]));
  return {
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: placeholder(functionPlaceholder(stage.function)),
      Payload: { stage: stage.name, onRecordError: 'fail', records: [{ position: 0, value }] },
    },
    given: Object.fromEntries(
      stage.gives.map((field) => [field, `$states.result.Payload.records[0].value.${field}`]),
    ),
  };
}

/** A body of JSON is sent by Step Functions itself. */
function inferenceCall(stage: InferenceStage, place: Place): Call {
  const path = pathAt(place);
  const { targetModel, targetVariant, targetContainer } = stage;
  return {
    Resource: 'arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint',
    Arguments: {
      EndpointName: placeholder(stage.endpoint.placeholder),
      ContentType: 'application/json',
      Accept: 'application/json',
      ...(targetModel === undefined ? {} : { TargetModel: expression(resolveTemplate(targetModel, path)) }),
      ...(targetVariant === undefined ? {} : { TargetVariant: targetVariant }),
      ...(targetContainer === undefined ? {} : { TargetContainerHostname: targetContainer }),
      Body: { instances: [expression(resolveFields(stage.instance!, path))] },
    },
    given: { [stage.into!]: '$parse($states.result.Body).predictions[0]' },
  };
}

function payloadCall(stage: PayloadStage, place: Place): Call {
  const { payload, prediction, attributes = {}, collected = {} } = stage.answer;
  return {
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: placeholder(functionPlaceholder('invoke-endpoint')),
      Payload: {
        pipeline: place.pipeline.name,
        stage: stage.name,
        endpointName: placeholder(stage.endpoint.placeholder),
        accept: stage.accept,
        payload: expression(pathAt(place)(stage.payload)),
      },
    },
    given: {
      ...(payload === undefined ? {} : { [payload]: '$states.result.Payload.payload' }),
      ...(prediction === undefined
        ? {}
        : { [prediction]: '$parse($states.result.Payload.payload.text).predictions[0]' }),
      ...Object.fromEntries(
        Object.entries(attributes).map(([field, name]) => [
          field,
          `$number($states.result.Payload.attributes.${name})`,
        ]),
      ),
      ...Object.fromEntries(Object.entries(collected).map(([field, from]) => [field, collectedAnswer(from)])),
    },
  };
}

/** Of `{"predictions":[{"<stage>":{"prediction","attributes"}}]}`, which models in series answer together. */
function collectedAnswer({ stage, attribute }: CollectedAnswer): string {
  const all = `$parse($states.result.Payload.payload.text).predictions[0].${stage}`;
  return attribute === undefined ? `${all}.prediction` : `$number(${all}.attributes.${attribute})`;
}

function task(stage: Stage, place: Place, { Resource, Arguments, given }: Call): State {
  const { setting } = place;
  return {
    Type: 'Task',
    ...comment(stage),
    Resource,
    Arguments,
    TimeoutSeconds: timeoutOf(stage),
    Retry: retryOf(stage),
    Catch: [
      {
        ErrorEquals: ['States.ALL'],
        Output: { stage: stage.name, failure: expression('$states.errorOutput') },
        Next: FAILED + setting.suffix,
      },
    ],
    ...(setting.isBatch ? {} : { Assign: { entered: enteredNow(place) } }),
    Output: outputAfter(stage, place, given),
    Next: nextName(place),
  };
}

function outputAfter(stage: Stage, place: Place, given: Call['given']): Record<string, string> {
  const path = pathAt(place);
  const needed = [...fieldsNeededAfter(place.pipeline, place.index)];
  const fields = place.setting.isBatch ? [...BATCH_FIELDS, ...needed] : needed;
  const own = new Set(fieldsGiven(stage));
  return Object.fromEntries(
    fields.map((field) => [field, expression(own.has(field) ? given[field]! : path(field))]),
  );
}

/** A Choice, and the end that it leads to. */
function exitStates(stage: ExitStage, place: Place): States {
  const { suffix } = place.setting;
  const end = `${stage.name}Answer${suffix}`;
  const condition = expression(resolveFields(stage.when, pathAt(place)));
  return {
    [stage.name + suffix]: {
      Type: 'Choice',
      ...comment(stage),
      Choices: [{ Condition: condition, Next: end }],
      Default: nextName(place),
    },
    [end]: answerState(stage.answer, place),
  };
}

function answerState(answer: Readonly<Record<string, string>>, place: Place): State {
  const path = pathAt(place);
  const { isBatch } = place.setting;
  const value = Object.fromEntries([
    ...(isBatch ? BATCH_FIELDS.map((field) => [field, expression(path(field))]) : []),
    ...Object.entries(answer).map(([field, text]) => [field, expression(resolveFields(text, path))]),
  ]);
  const Output = isBatch
    ? { position: expression('$position'), value }
    : { records: [{ position: 0, value }], entered: expression('$entered') };
  return { Type: 'Pass', Output, End: true };
}

/** A failed record ends a request; in a batch it is kept, for `assemble-batch` to tell of. */
function failure({ isBatch, suffix }: RecordSetting): States {
  if (!isBatch) return { [FAILED]: failedState() };
  const Output = {
    position: expression('$position'),
    source: expression('$source'),
    stage: expression('$states.input.stage'),
    failure: expression('$states.input.failure'),
  };
  return { [FAILED + suffix]: { Type: 'Pass', Output, End: true } };
}

/** When each stage was entered, by its name, in their order. */
function enteredNow({ pipeline, index }: Place): unknown {
  const now = '$states.context.State.EnteredTime';
  const { name } = pipeline.stages[index]!;
  const isFirst = index === 0;
  return isFirst ? { [name]: expression(now) } : expression(`$merge([$entered, {"${name}": ${now}}])`);
}

function pathAt({ setting, index }: Place): FieldPath {
  return index === 0 ? setting.first : (field) => `$states.input.${field}`;
}

function nextName({ pipeline, setting, index }: Place): string {
  return (pipeline.stages[index + 1]?.name ?? ANSWER) + setting.suffix;
}

function comment({ description }: Stage): { Comment?: string } {
  return description === undefined ? {} : { Comment: description };
}

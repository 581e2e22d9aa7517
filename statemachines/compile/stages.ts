// The states of a pipeline's stages, the same for a request and for a batch's child; what differs is in `StageSetting`.
// A function stage hands its records on as `{records, groups?}`, an inference as `{records, answers}`: grouping and
// merging is the stage runtime's work (layers/seriatim), so that the expressions here stay plain paths.
import type { FunctionStage, InferenceStage, Pipeline, Stage } from '../pipeline.ts';
import {
  type Catcher,
  expression,
  functionPlaceholder,
  placeholder,
  type State,
  type States,
} from './asl.ts';
import { retryOf, timeoutOf } from './policies.ts';

/** What differs between the machines that run the same stages. */
export interface StageSetting {
  readonly onRecordError: 'fail' | 'keep';
  /** Where the first stage finds its records. */
  readonly recordsAt: string;
  /** Remember when each stage was entered, give the times with the output, and what the request asked to include. */
  readonly isRequest: boolean;
  /** After every state's name: names are unique in a whole state machine, children included. */
  readonly suffix: string;
}

/** The function that stands before an inference at the start when the records come from a file. */
export const CHECK_RECORDS = 'check-records';

/** The name of the one state that a failing stage ends in. */
export const FAILED = 'Failed';

export function stageStates(pipeline: Pipeline, setting: StageSetting): States {
  const states: Record<string, State> = {};
  pipeline.stages.forEach((stage, i) => {
    const place = { pipeline, setting, index: i };
    if (stage.kind === 'function') states[stage.name + setting.suffix] = functionState(stage, place);
    // Links are the work of `links.ts`.
    if (stage.kind !== 'inference' || stage.link !== undefined) return;
    const build = i === 0 ? wholeInferenceState : inferenceState;
    states[stage.name + setting.suffix] = build(stage, place);
  });
  return { ...states, [FAILED + setting.suffix]: failedState() };
}

export interface Place {
  readonly pipeline: Pipeline;
  readonly setting: StageSetting;
  readonly index: number;
}

function functionState(stage: FunctionStage, place: Place): State {
  return {
    Type: 'Task',
    ...comment(stage),
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: placeholder(functionPlaceholder(stage.function)),
      Payload: stageEvent(stage, place),
    },
    TimeoutSeconds: timeoutOf(stage),
    Retry: retryOf(stage),
    Catch: [catchAll(stage, place.setting)],
    ...handOver(place, { whole: '$states.result.Payload', records: '$states.result.Payload.records' }),
  };
}

/** The brackets make an empty list where the execution was started without it. */
const INCLUDE = expression('[$states.context.Execution.Input.include]');

/** The event of the stage runtime: `StageEvent` of layers/seriatim/records.ts. */
function stageEvent(stage: FunctionStage, { pipeline, setting, index }: Place): Record<string, unknown> {
  const before = pipeline.stages[index - 1];
  const after = pipeline.stages[index + 1];
  return {
    stage: stage.name,
    ...(stage.function === CHECK_RECORDS ? { pipeline: pipeline.name } : {}),
    onRecordError: setting.onRecordError,
    records: expression(index === 0 ? setting.recordsAt : '$states.input.records'),
    ...(before?.kind === 'inference' ? { answers: answersOf(before, '$states.input.answers') } : {}),
    ...(after?.kind === 'inference' ? { next: groupingOf(after) } : {}),
    ...(after === undefined && setting.onRecordError === 'keep' ? { isLast: true } : {}),
    ...(setting.isRequest ? { include: INCLUDE } : {}),
  };
}

export function answersOf(stage: InferenceStage, groups: string): Record<string, unknown> {
  return { ...answersHead(stage), groups: expression(groups) };
}

export function answersHead({ name, into }: InferenceStage): Record<string, unknown> {
  return { stage: name, ...(into === undefined ? {} : { into }) };
}

function groupingOf({ instance, targetModel }: InferenceStage): Record<string, unknown> {
  return {
    ...(instance === undefined ? {} : { instance }),
    ...(targetModel === undefined ? {} : { targetModel }),
  };
}

/**
 * An inference at the start of a pipeline: one call with all records as they came. The brackets make a list of what
 * JSONata gives as a single value when there is one record.
 */
function wholeInferenceState(stage: InferenceStage, place: Place): State {
  const { setting } = place;
  const records = setting.recordsAt;
  const group = { positions: expression(`[${records}.position]`), body: expression('$states.result.Body') };
  const { Output: _output, End: _end, ...task } = invokeState(stage, setting);
  return {
    ...comment(stage),
    ...task,
    Type: 'Task',
    Arguments: invokeArguments(stage, `[${records}.value]`),
    Catch: [catchAll(stage, setting)],
    ...handOver(place, {
      records: `[${records}.{"position": position}]`,
      extra: { answers: { ...answersHead(stage), groups: [group] } },
    }),
  };
}

/** One call per target model, side by side. */
function inferenceState(stage: InferenceStage, place: Place): State {
  const invoke = `Invoke${stage.name}${place.setting.suffix}`;
  const isLast = place.index === place.pipeline.stages.length - 1;
  return {
    Type: 'Map',
    ...comment(stage),
    Items: expression('$states.input.groups'),
    ...(stage.concurrency === undefined ? {} : { MaxConcurrency: stage.concurrency }),
    ItemProcessor: {
      ProcessorConfig: { Mode: 'INLINE' },
      StartAt: invoke,
      States: { [invoke]: invokeState(stage, place.setting), ...keepState(stage, place.setting) },
    },
    Catch: [catchAll(stage, place.setting)],
    ...handOver(place, {
      records: '$states.input.records',
      extra: { answers: isLast ? answersOf(stage, '$states.result') : expression('$states.result') },
    }),
  };
}

function invokeArguments(stage: InferenceStage, instances: string): Record<string, unknown> {
  const targetModel =
    stage.targetModel === undefined ? {} : { TargetModel: expression('$states.input.targetModel') };
  return {
    EndpointName: placeholder(stage.endpoint.placeholder),
    ContentType: 'application/json',
    Accept: 'application/json',
    ...targetModel,
    ...(stage.targetVariant === undefined ? {} : { TargetVariant: stage.targetVariant }),
    ...(stage.targetContainer === undefined ? {} : { TargetContainerHostname: stage.targetContainer }),
    Body: { instances: expression(instances) },
  };
}

function invokeState(stage: InferenceStage, setting: StageSetting): State {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint',
    Arguments: invokeArguments(stage, '$states.input.instances'),
    TimeoutSeconds: timeoutOf(stage),
    Retry: retryOf(stage),
    ...(setting.onRecordError === 'keep' ? { Catch: [keepCatcher(stage, setting)] } : {}),
    Output: { ...groupIdentity(stage), body: expression('$states.result.Body') },
    End: true,
  };
}

export function groupIdentity({ targetModel }: InferenceStage): Record<string, string> {
  const positions = expression('$states.input.positions');
  return targetModel === undefined
    ? { positions }
    : { targetModel: expression('$states.input.targetModel'), positions };
}

/** In a batch, the failure of one group leaves the others alone. */
export function keepCatcher(stage: InferenceStage, setting: StageSetting): Catcher {
  return {
    ErrorEquals: ['States.ALL'],
    Output: { ...groupIdentity(stage), failure: expression('$states.errorOutput') },
    Next: keepName(stage, setting),
  };
}

export function keepState(stage: InferenceStage, setting: StageSetting): States {
  return setting.onRecordError === 'keep' ? { [keepName(stage, setting)]: { Type: 'Pass', End: true } } : {};
}

export function keepName(stage: InferenceStage, { suffix }: StageSetting): string {
  return `Keep${stage.name}Failure${suffix}`;
}

export function catchAll(stage: Stage, { suffix }: StageSetting): Catcher {
  return {
    ErrorEquals: ['States.ALL'],
    Output: { stage: stage.name, failure: expression('$states.errorOutput') },
    Next: FAILED + suffix,
  };
}

/** The state's output, the time it was entered, and what comes next. */
export function handOver(
  { pipeline, setting, index }: Place,
  output: { readonly whole?: string; readonly records: string; readonly extra?: Record<string, unknown> },
): Record<string, unknown> {
  const next = pipeline.stages[index + 1];
  const parts = { records: expression(output.records), ...output.extra };
  if (next === undefined) {
    return {
      Output: { ...parts, ...(setting.isRequest ? { entered: enteredTimes(pipeline) } : {}) },
      End: true,
    };
  }
  return {
    ...(setting.isRequest ? { Assign: { [enteredVariable(pipeline.stages[index]!)]: ENTERED_NOW } } : {}),
    Output: output.whole === undefined ? parts : expression(output.whole),
    Next: next.name + setting.suffix,
  };
}

const ENTERED_NOW = expression('$states.context.State.EnteredTime');

function enteredTimes({ stages }: Pipeline): Record<string, string> {
  return Object.fromEntries(
    stages.map((stage, i) => [
      stage.name,
      i === stages.length - 1 ? ENTERED_NOW : expression(`$${enteredVariable(stage)}`),
    ]),
  );
}

function enteredVariable(stage: Stage): string {
  return `entered${stage.name}`;
}

/** The stage's error as the execution's, its cause as JSON {"stage","error","message"}. */
export function failedState(): State {
  return {
    Type: 'Fail',
    Error: expression('$states.input.failure.Error'),
    Cause: expression(
      '$string({"stage": $states.input.stage, "error": $states.input.failure.Error, "message": $states.input.failure.Cause})',
    ),
  };
}

/** Whether a cause was written by such a state. */
export function isStageCause(path: string): string {
  return `$substring(${path}, 0, 10) = "{\\"stage\\":\\""`;
}

export function comment({ description }: Stage): { Comment?: string } {
  return description === undefined ? {} : { Comment: description };
}

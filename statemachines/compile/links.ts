// The states of linked models: each an endpoint of its own, called with the answer of the one before as its body. JSON
// is handed on by Step Functions itself; any other content type travels as a payload through `invoke-endpoint`.
import { STATE_BYTES_LIMIT } from '../../layers/seriatim/payload.ts';
import type { InferenceStage, ModelLink, Pipeline } from '../pipeline.ts';
import { expression, functionPlaceholder, placeholder, type State, type States } from './asl.ts';
import { PAYLOAD_RETRY, retryOf, timeoutOf } from './policies.ts';
import {
  answersHead,
  answersOf,
  catchAll,
  comment,
  groupIdentity,
  handOver,
  keepCatcher,
  keepName,
  keepState,
  type Place,
  type StageSetting,
  stageStates,
} from './stages.ts';

const JSON_TYPE = 'application/json';

/** The last answer is read by expressions, so it stays inline; a state's output has its records beside it. */
const LAST_ANSWER_BYTES = (STATE_BYTES_LIMIT * 3) / 4;

type LinkStage = InferenceStage & { readonly link: ModelLink };

/** All states of a pipeline whose records go together, links among them. */
export function pipelineStates(pipeline: Pipeline, setting: StageSetting): States {
  const others = stageStates(pipeline, setting);
  const states: Record<string, State> = {};
  pipeline.stages.forEach((stage, index) => {
    const name = stage.name + setting.suffix;
    const place = { pipeline, setting, index };
    if (isLink(stage)) states[name] = linkState(stage, place);
    else if (others[name] !== undefined) states[name] = others[name];
  });
  return { ...states, ...others };
}

function isLink(stage: Pipeline['stages'][number]): stage is LinkStage {
  return stage.kind === 'inference' && stage.link !== undefined;
}

function linkState(stage: LinkStage, place: Place): State {
  const { stages } = place.pipeline;
  const isFirstStage = stages.slice(0, place.index + 1).every(isLink);
  return isFirstStage ? wholeState(stage, place) : mappedState(stage, place);
}

/** At the start of a pipeline: all records in one call. */
function wholeState(stage: LinkStage, place: Place): State {
  const { setting } = place;
  const { isFirst, isLast } = stage.link;
  const records = setting.recordsAt;
  const positions = expression(isFirst ? `[${records}.position]` : '$states.input.positions');
  const group = { positions, body: answerText(stage.link) };
  return {
    ...comment(stage),
    ...callOf(stage, place, `[${records}.value]`),
    Catch: [catchAll(stage, setting)],
    ...handOver(place, {
      records: withAnswer(
        stage,
        place,
        isFirst ? `[${records}.{"position": position}]` : '$states.input.records',
        () => shownAnswer(stage.link, '$states.result'),
      ),
      extra: isLast
        ? { answers: { ...answersHead(stage), groups: [group] } }
        : { positions, answer: answerOf(stage.link) },
    }),
  } as State;
}

/** After a function: one call per target model, side by side. */
function mappedState(stage: LinkStage, place: Place): State {
  const { setting, pipeline, index } = place;
  const { isFirst, isLast } = stage.link;
  const isEnd = index === pipeline.stages.length - 1;
  const answers = isLast && isEnd ? answersOf(stage, '$states.result') : expression('$states.result');
  return {
    Type: 'Map',
    ...comment(stage),
    Items: expression(isFirst ? '$states.input.groups' : '$states.input.answers'),
    ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...processor(stage, place) },
    Catch: [catchAll(stage, setting)],
    ...handOver(place, {
      records: withAnswer(
        stage,
        place,
        '$states.input.records',
        () => `$states.result[$position in positions].${keptAnswer(stage.link)}`,
      ),
      extra: { answers },
    }),
  };
}

/**
 * The records, each with what the model answered where the request asks for it. The last link's answer joins them as any
 * inference's does.
 */
function withAnswer(stage: LinkStage, { setting }: Place, records: string, answer: () => string): string {
  if (!setting.isRequest || stage.link.isLast) return records;
  const included = `{"included": $merge([included, {"${stage.name}": ${answer()}}])}`;
  const each = `[(${records}).($position := position; $merge([$, ${included}]))]`;
  return `"${stage.name}" in $states.context.Execution.Input.include ? ${each} : ${records}`;
}

/** JSON as a value; anything else as it travels, which is no record's alone. */
function shownAnswer(link: ModelLink, result: string): string {
  return isDirectCall(link) ? `$parse(${result}.Body)` : `${result}.Payload.payload`;
}

/** The same, of a group that has kept it as a payload. */
function keptAnswer(link: ModelLink): string {
  return isDirectCall(link) ? '($parse(answer.text))' : 'answer';
}

/** In a batch a group that failed at an earlier model goes past this one. */
function processor(stage: LinkStage, place: Place): { StartAt: string; States: States } {
  const { setting } = place;
  const invoke = `Invoke${stage.name}${setting.suffix}`;
  const skip = `Skip${stage.name}${setting.suffix}`;
  const keeps = setting.onRecordError === 'keep';
  const skipState: State = {
    Type: 'Choice',
    Choices: [{ Condition: expression('$exists($states.input.failure)'), Next: keepName(stage, setting) }],
    Default: invoke,
  };
  const skips = keeps && !stage.link.isFirst;
  const answer = stage.link.isLast ? { body: answerText(stage.link) } : { answer: answerOf(stage.link) };
  return {
    StartAt: skips ? skip : invoke,
    States: {
      ...(skips ? { [skip]: skipState } : {}),
      [invoke]: {
        ...callOf(stage, place, '$states.input.instances'),
        ...(keeps ? { Catch: [keepCatcher(stage, setting)] } : {}),
        Output: { ...groupIdentity(stage), ...answer },
        End: true,
      },
      ...keepState(stage, setting),
    },
  };
}

function callOf(stage: LinkStage, place: Place, instances: string): State {
  const isDirect = isDirectCall(stage.link);
  return {
    Type: 'Task',
    Resource: isDirect
      ? 'arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint'
      : 'arn:aws:states:::lambda:invoke',
    Arguments: isDirect ? directArguments(stage, instances) : functionArguments(stage, place, instances),
    TimeoutSeconds: timeoutOf(stage),
    Retry: isDirect ? retryOf(stage) : (stage.retry ?? PAYLOAD_RETRY),
  };
}

function directArguments(stage: LinkStage, instances: string): Record<string, unknown> {
  const { link, endpoint, targetVariant } = stage;
  return {
    EndpointName: placeholder(endpoint.placeholder),
    ContentType: JSON_TYPE,
    Accept: acceptFor(link),
    ...(isMultiModel(stage) ? { TargetModel: expression('$states.input.targetModel') } : {}),
    ...(targetVariant === undefined ? {} : { TargetVariant: targetVariant }),
    Body: link.isFirst
      ? { instances: expression(instances) }
      : expression('$parse($states.input.answer.text)'),
  };
}

function functionArguments(stage: LinkStage, place: Place, instances: string): Record<string, unknown> {
  const { link, endpoint, targetVariant } = stage;
  const first = { contentType: JSON_TYPE, text: expression(`$string({"instances": ${instances}})`) };
  return {
    FunctionName: placeholder(functionPlaceholder('invoke-endpoint')),
    Payload: {
      pipeline: place.pipeline.name,
      stage: stage.name,
      endpointName: placeholder(endpoint.placeholder),
      accept: acceptFor(link),
      ...(link.isLast ? { inlineBytes: LAST_ANSWER_BYTES } : {}),
      ...(isMultiModel(stage) ? { targetModel: expression('$states.input.targetModel') } : {}),
      ...(targetVariant === undefined ? {} : { targetVariant }),
      payload: link.isFirst ? first : expression('$states.input.answer'),
    },
  };
}

/** Between containers of an inference pipeline SageMaker leaves the format open; so does this. */
function acceptFor({ isLast }: ModelLink): string {
  return isLast ? JSON_TYPE : '*/*';
}

function isMultiModel({ endpoint }: InferenceStage): boolean {
  return endpoint.containers.some(({ mode }) => mode === 'MultiModel');
}

/** Step Functions sends JSON and reads JSON. */
function isDirectCall({ takes = JSON_TYPE, answers }: ModelLink): boolean {
  return takes === JSON_TYPE && answers === JSON_TYPE;
}

/** The answer as it travels to the next link: a payload, as `invoke-endpoint` takes and gives it. */
function answerOf(link: ModelLink): unknown {
  if (!isDirectCall(link)) return expression('$states.result.Payload.payload');
  return { contentType: JSON_TYPE, text: expression('$states.result.Body') };
}

/** The last link's answer, as the records' answers have it. */
function answerText(link: ModelLink): string {
  return expression(isDirectCall(link) ? '$states.result.Body' : '$states.result.Payload.payload.text');
}

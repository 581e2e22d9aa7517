// What the stages of a pipeline with `flow: 'record'` call, each for one record.
import type {
  CallStage,
  CollectedAnswer,
  FunctionStage,
  InferenceStage,
  PayloadStage,
  Pipeline,
} from '../pipeline.ts';
import { expression, functionPlaceholder, placeholder } from './asl.ts';
import { resolveFields, resolveTemplate } from './expressions.ts';
import { fieldPath } from './record-place.ts';

export interface Call {
  readonly Resource: string;
  readonly Arguments: Record<string, unknown>;
  /** The fields that the stage gives, from `$states.result`. */
  readonly given: Readonly<Record<string, string>>;
}

export const LAMBDA_INVOKE = 'arn:aws:states:::lambda:invoke';

export function callOf(stage: Exclude<CallStage, { kind: 'nested' }>, pipeline: Pipeline): Call {
  switch (stage.kind) {
    case 'function':
      return functionCall(stage);
    case 'inference':
      return inferenceCall(stage);
    case 'payload':
      return payloadCall(stage, pipeline);
  }
}

function functionCall(stage: FunctionStage): Call {
  const value = Object.fromEntries((stage.takes ?? []).map((field) => [field, expression(fieldPath(field))]));
  return {
    Resource: LAMBDA_INVOKE,
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
function inferenceCall(stage: InferenceStage): Call {
  const { targetModel, targetVariant, targetContainer } = stage;
  return {
    Resource: 'arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint',
    Arguments: {
      EndpointName: placeholder(stage.endpoint.placeholder),
      ContentType: 'application/json',
      Accept: 'application/json',
      ...(targetModel === undefined
        ? {}
        : { TargetModel: expression(resolveTemplate(targetModel, fieldPath)) }),
      ...(targetVariant === undefined ? {} : { TargetVariant: targetVariant }),
      ...(targetContainer === undefined ? {} : { TargetContainerHostname: targetContainer }),
      Body: { instances: [expression(resolveFields(stage.instance!, fieldPath))] },
    },
    given: { [stage.into!]: '$parse($states.result.Body).predictions[0]' },
  };
}

function payloadCall(stage: PayloadStage, pipeline: Pipeline): Call {
  const { payload, prediction, attributes = {}, collected = {} } = stage.answer;
  return {
    Resource: LAMBDA_INVOKE,
    Arguments: {
      FunctionName: placeholder(functionPlaceholder('invoke-endpoint')),
      Payload: {
        pipeline: pipeline.name,
        stage: stage.name,
        endpointName: placeholder(stage.endpoint.placeholder),
        accept: stage.accept,
        payload: expression(fieldPath(stage.payload)),
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

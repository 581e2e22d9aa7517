// A shadow stage: one asynchronous invocation of the function `compare-shadow`, which asks the shadow's endpoint and
// records how its answer compares. The record goes on as soon as Lambda has taken the event, and whatever fails.
import type { ShadowStage } from '../composition.ts';
import { expression, functionPlaceholder, placeholder, type State } from './asl.ts';
import { resolveFields, resolveTemplate } from './expressions.ts';
import { LAMBDA_INVOKE } from './record-calls.ts';
import { comment, type Flow, fieldPath, outputWith, type Place } from './record-place.ts';

/** Taking an event is a matter of milliseconds. */
const TAKE_SECONDS = 3;

/** Numbers are float32 in most models. */
const TOLERANCE = 1e-6;

export function shadowStates(stage: ShadowStage, place: Place): Flow {
  const start = stage.name + place.setting.suffix;
  const passOn = { Output: outputWith(place), Next: place.next };
  const state: State = {
    Type: 'Task',
    ...comment(stage),
    Resource: LAMBDA_INVOKE,
    Arguments: {
      FunctionName: placeholder(functionPlaceholder('compare-shadow')),
      InvocationType: 'Event',
      Payload: payloadOf(stage, place),
    },
    TimeoutSeconds: TAKE_SECONDS,
    Catch: [{ ErrorEquals: ['States.ALL'], ...passOn }],
    ...passOn,
  };
  return { start, states: { [start]: state } };
}

/** Where the comparison will be, in the batch bucket: by what of the execution's ARN names it, and the position. */
function recordKey({ name }: ShadowStage, pipeline: string): string {
  const execution = '$replace($join($split($states.context.Execution.Id, ":")[[6..8]], "."), "/", ".")';
  return `"${pipeline}/shadow/${name}/" & ${execution} & "-" & $string($position) & ".json"`;
}

function payloadOf(stage: ShadowStage, { pipeline }: Place): Record<string, unknown> {
  const { targetModel, targetVariant } = stage;
  return {
    pipeline: pipeline.name,
    stage: stage.name,
    executionArn: expression('$states.context.Execution.Id'),
    position: expression('$position'),
    record: expression(recordKey(stage, pipeline.name)),
    endpointName: placeholder(stage.endpoint.placeholder),
    ...(targetModel === undefined
      ? {}
      : { targetModel: expression(resolveTemplate(targetModel, fieldPath)) }),
    ...(targetVariant === undefined ? {} : { targetVariant }),
    instance: expression(resolveFields(stage.instance, fieldPath)),
    against: expression(resolveFields(stage.against, fieldPath)),
    tolerance: stage.tolerance ?? TOLERANCE,
  };
}

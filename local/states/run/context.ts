// The context object: `$$` of JSONPath, `$states.context` of JSONata.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
import type { Json } from '../json/text.ts';
import type { Execution } from './execution.ts';
import type { Frame } from './frame.ts';

export function contextObject(execution: Execution, frame: Frame): Json {
  const given = execution.engine.contextOverride?.(frame);
  if (given !== undefined) return given;
  return {
    Execution: executionPart(execution),
    StateMachine: { Id: execution.machine.contextArn, Name: execution.machine.name },
    State: statePart(frame),
    ...mapPart(frame),
    ...(frame.taskToken === undefined ? {} : { Task: { Token: frame.taskToken } }),
  };
}

function executionPart(execution: Execution): Json {
  return {
    Id: execution.arn,
    Input: execution.input,
    StartTime: isoTime(execution.startMs),
    Name: execution.name,
    RoleArn: execution.machine.roleArn,
    RedriveCount: execution.redriveCount,
    ...(execution.redriveMs === undefined ? {} : { RedriveTime: isoTime(execution.redriveMs) }),
  };
}

const RETRIED = new Set(['Task', 'Parallel', 'Map']);

function statePart(frame: Frame): Json {
  return {
    Name: frame.stateName,
    EnteredTime: isoTime(frame.enteredMs),
    ...(RETRIED.has(frame.state.type) ? { RetryCount: frame.retryCount } : {}),
  };
}

function mapPart(frame: Frame): { Map?: Json } {
  for (let at: Frame | undefined = frame; at !== undefined; at = at.parent) {
    if (at.item === undefined) continue;
    const { index, value, key, source } = at.item;
    return {
      Map: {
        Item: {
          Index: index,
          ...(key === undefined ? {} : { Key: key }),
          Value: value,
          ...(source === undefined ? {} : { Source: source }),
        },
      },
    };
  }
  return {};
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

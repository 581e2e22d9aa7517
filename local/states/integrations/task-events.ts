// The events of a task: three families, for a function called by its ARN, an activity, and everything else.
import type { Json } from '../json/text.ts';
import { failureDetails, inputDetails, outputDetails, parametersDetails } from '../run/events.ts';
import type { StateFailure } from '../run/failure.ts';
import type { TaskCall } from './integration.ts';

export interface TaskEvents {
  scheduled(): void;
  started(workerName?: string): void;
  /** The request went out; its completion is still to come. */
  submitted(output: Json): void;
  succeeded(output: Json): void;
  failed(failure: StateFailure): void;
  timedOut(failure: StateFailure): void;
}

export function taskEvents(call: TaskCall): TaskEvents {
  const { kind } = call.state.resource;
  if (kind === 'lambda') return directEvents(call, 'LambdaFunction');
  return kind === 'activity' ? directEvents(call, 'Activity') : integrationEvents(call);
}

function limits({ timeoutSeconds, heartbeatSeconds }: TaskCall): Record<string, number> {
  return {
    ...(timeoutSeconds === undefined ? {} : { timeoutInSeconds: timeoutSeconds }),
    ...(heartbeatSeconds === undefined ? {} : { heartbeatInSeconds: heartbeatSeconds }),
  };
}

function directEvents(call: TaskCall, family: 'LambdaFunction' | 'Activity'): TaskEvents {
  const { frame, state, parameters } = call;
  return {
    scheduled: () =>
      void frame.emit(`${family}Scheduled`, () =>
        inputDetails(parameters, { resource: state.resource.text, ...limits(call), ...credentials(call) }),
      ),
    started: (workerName) =>
      void frame.emit(`${family}Started`, family === 'Activity' ? () => worker(workerName) : undefined),
    submitted: () => {},
    succeeded: (output) => void frame.emit(`${family}Succeeded`, () => outputDetails(output)),
    failed: (failure) => void frame.emit(`${family}Failed`, () => failureDetails(failure)),
    timedOut: (failure) => void frame.emit(`${family}TimedOut`, () => failureDetails(failure)),
  };
}

function worker(workerName: string | undefined): Record<string, Json> {
  return workerName === undefined ? {} : { workerName };
}

function credentials(call: TaskCall): Record<string, Json> {
  const roleArn = (call.credentials as { RoleArn?: Json } | undefined)?.RoleArn;
  return roleArn === undefined ? {} : { taskCredentials: { roleArn } };
}

function integrationEvents(call: TaskCall): TaskEvents {
  const { frame, state, parameters } = call;
  const resource = { resource: state.resource.resourceName, resourceType: state.resource.resourceType };
  return {
    scheduled: () =>
      void frame.emit('TaskScheduled', () =>
        parametersDetails(parameters, {
          region: frame.execution.engine.place.region,
          ...resource,
          ...limits(call),
          ...credentials(call),
        }),
      ),
    started: () => void frame.emit('TaskStarted', () => resource),
    submitted: (output) => void frame.emit('TaskSubmitted', () => outputDetails(output, resource)),
    succeeded: (output) => void frame.emit('TaskSucceeded', () => outputDetails(output, resource)),
    failed: (failure) => void frame.emit('TaskFailed', () => ({ ...failureDetails(failure), ...resource })),
    timedOut: (failure) =>
      void frame.emit('TaskTimedOut', () => ({ ...failureDetails(failure), ...resource })),
  };
}

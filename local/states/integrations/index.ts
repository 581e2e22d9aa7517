// Which integration serves a resource. What is not here is refused when the state machine is created.
import type { Resource } from '../definition/types.ts';
import { StateFailure } from '../run/failure.ts';
import { activity } from './activity.ts';
import { awsSdk } from './aws-sdk.ts';
import { httpInvoke } from './http-invoke.ts';
import type { Integration } from './integration.ts';
import { lambdaDirect } from './lambda-direct.ts';
import { lambdaInvoke } from './lambda-invoke.ts';
import { isSagemakerJob, sagemaker } from './sagemaker.ts';
import { statesStart } from './states-start.ts';

const OPTIMISED: Readonly<Record<string, Integration>> = {
  'http:invoke': httpInvoke,
  'lambda:invoke': lambdaInvoke,
  'states:startExecution': statesStart,
};

/** @throws StateFailure for a resource that is not served */
export function integrationFor(resource: Resource): Integration {
  const integration = findIntegration(resource);
  if (integration !== undefined) return integration;
  const cause = `The integration ${resource.text} is not served here.`;
  throw new StateFailure('States.Runtime', cause, { isTerminal: true });
}

export function findIntegration(resource: Resource): Integration | undefined {
  if (resource.kind === 'lambda') return lambdaDirect;
  if (resource.kind === 'activity') return activity;
  if (resource.kind === 'sdk') return awsSdk;
  if (resource.service === 'sagemaker') return sagemaker;
  return OPTIMISED[`${resource.service}:${resource.operation}`];
}

/** The optimised integrations whose request may carry a task token. */
const TAKES_TOKEN = new Set(['lambda:invoke', 'states:startExecution']);

/** Whether an integration can be called in the way that its suffix asks for. */
export function takesPattern({ kind, service, operation, pattern }: Resource): boolean {
  const isStart = service === 'states' && operation === 'startExecution';
  switch (pattern) {
    case 'request':
      return true;
    case 'token':
      return kind === 'sdk' || TAKES_TOKEN.has(`${service}:${operation}`);
    case 'sync':
      return kind === 'optimised' && (isStart || (service === 'sagemaker' && isSagemakerJob(operation)));
    case 'sync:2':
      return kind === 'optimised' && isStart;
  }
}

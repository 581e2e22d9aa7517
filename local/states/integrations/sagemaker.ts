// `arn:aws:states:::sagemaker:<operation>` and its `.sync` form, which waits until the job has ended.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html

import type { SdkOperations } from '../../service.ts';
import { toAwsError } from '../../wire/errors.ts';
import { isObject, type Json, textOf } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';
import type { Integration, RunningCall } from './integration.ts';
import { optimisedFailure } from './service-errors.ts';

/** How each kind of job is asked after, and what it is called. */
const JOBS: Readonly<Record<string, { describe: string; name: string; status: string }>> = {
  createTransformJob: {
    describe: 'describeTransformJob',
    name: 'TransformJobName',
    status: 'TransformJobStatus',
  },
  createTrainingJob: {
    describe: 'describeTrainingJob',
    name: 'TrainingJobName',
    status: 'TrainingJobStatus',
  },
  createProcessingJob: {
    describe: 'describeProcessingJob',
    name: 'ProcessingJobName',
    status: 'ProcessingJobStatus',
  },
};

/** Whether a task may wait for what the operation begins. */
export function isSagemakerJob(operation: string): boolean {
  return Object.hasOwn(JOBS, operation);
}

const POLL_MS = 1000;
const RUNNING = new Set(['InProgress', 'Stopping']);

export const sagemaker: Integration = {
  async run(call) {
    const operations = call.frame.execution.engine.services.sagemaker;
    const { resource } = call.state;
    const operation = operations?.[resource.operation];
    if (operations === undefined || operation === undefined) {
      const cause = `The operation ${resource.operation} of the service sagemaker is not served here.`;
      throw new StateFailure('States.Runtime', cause, { isTerminal: true });
    }
    // A job that had begun before a restart is waited for; its name is taken.
    if (call.wasSubmitted) return completed(call, operations);
    call.events.started();
    const answer = await perform(() => operation(isObject(call.parameters) ? call.parameters : {}));
    if (resource.pattern === 'request') return answer;
    call.events.submitted(answer);
    call.frame.marker = { isSubmitted: true };
    call.frame.execution.changed(call.frame);
    return completed(call, operations);
  },
};

async function perform(operation: () => Promise<Record<string, unknown>>): Promise<Json> {
  try {
    return JSON.parse(JSON.stringify(await operation())) as Json;
  } catch (thrown) {
    throw optimisedFailure('SageMaker', 'AmazonSageMaker', toAwsError(thrown));
  }
}

async function completed(call: RunningCall, operations: SdkOperations): Promise<Json> {
  const job = JOBS[call.state.resource.operation];
  const describe = job === undefined ? undefined : operations[job.describe];
  const parameters = isObject(call.parameters) ? call.parameters : {};
  if (job === undefined || describe === undefined) return {};
  for (;;) {
    const description = await perform(() => describe({ [job.name]: parameters[job.name] }));
    const status = String((description as Record<string, Json>)[job.status]);
    if (!RUNNING.has(status)) return finish(description, status);
    await call.frame.sleepUntil(call.frame.execution.engine.clock.now() + POLL_MS);
  }
}

function finish(description: Json, status: string): Json {
  if (status === 'Completed') return description;
  throw new StateFailure('States.TaskFailed', textOf(description), { isTask: true });
}

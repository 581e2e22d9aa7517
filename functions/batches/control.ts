// `POST /batches/{id}/resume` and `/stop`. What a run has done stays when it is stopped, and is taken up again.
import { InvalidPayload, startRun, stopExecution } from '../../layers/seriatim/index.ts';
import type { BatchAnswer, BatchPlace } from './create.ts';
import { findById } from './find.ts';

/** @throws InvalidPayload for a run that went through, or still goes on */
export async function resumeRun(id: string, place: BatchPlace): Promise<BatchAnswer> {
  const { run, latest } = await findById(id, place);
  if (latest.status === 'RUNNING' || latest.status === 'SUCCEEDED')
    throw new InvalidPayload(`The run is ${latest.status}: there is nothing to resume.`);
  const { status, run: started, executionArn } = await startRun(run, { ...place, again: true });
  return {
    statusCode: 202,
    body: { id, pipeline: run.pipeline, status, attempt: started.attempt, executionArn },
  };
}

/** Stopping what has ended is no mistake. */
export async function stopRun(id: string, place: BatchPlace): Promise<BatchAnswer> {
  const { run, latest } = await findById(id, place);
  if (latest.status === 'RUNNING') await stopExecution(latest.arn, 'Stopped on request.');
  const status = latest.status === 'RUNNING' ? 'ABORTED' : latest.status;
  return { statusCode: 200, body: { id, pipeline: run.pipeline, status, attempt: latest.attempt } };
}

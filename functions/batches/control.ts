// `POST /batches/{id}/resume` and `/stop`. What a run has done stays when it is stopped, and is taken up again.
import * as v from 'valibot';
import {
  checkResumeOptions,
  checkValue,
  InvalidPayload,
  startRun,
  stopExecution,
} from '../../layers/seriatim/index.ts';
import type { BatchAnswer, BatchPlace } from './create.ts';
import { type FoundRun, findById } from './find.ts';

const ResumeSchema = v.strictObject({ options: v.optional(v.unknown()) });

/**
 * @param body options that the run goes on with: what it bears, how fast it goes
 * @throws InvalidPayload for a run that went through, or still goes on, or was refused
 */
export async function resumeRun(id: string, body: unknown, place: BatchPlace): Promise<BatchAnswer> {
  const { options } = checkValue(ResumeSchema, body, { path: '' });
  const given = options === undefined ? {} : checkResumeOptions(options);
  const found = await findById(id, place);
  const { run, latest } = found;
  if (latest.status === 'RUNNING' || latest.status === 'SUCCEEDED')
    throw new InvalidPayload(`The run is ${latest.status}: there is nothing to resume.`);
  if (run.refusal !== undefined)
    throw new InvalidPayload(
      `The run was refused: ${run.refusal.message.replace(/[.\s]*$/, '.')} Put the file again once that is mended.`,
    );
  const changed = { ...run, options: { ...run.options, ...given } };
  const { status, run: started, executionArn } = await startRun(changed, { ...place, again: true });
  return {
    statusCode: 202,
    body: { id, pipeline: run.pipeline, status, attempt: started.attempt, executionArn },
  };
}

/** What is wrong with the input, or with all of its records, is wrong the next time too. */
const FOR_GOOD = new Set([
  'InvalidPayload',
  'UnsupportedContentType',
  'AllRecordsFailed',
  'ClaimNotFound',
  'ClaimMismatch',
  'EmptyInput',
]);

/** Whether going on with the run may bring it further. */
export function isResumable({ run, latest }: FoundRun, code: string | undefined): boolean {
  if (latest.status === 'SUCCEEDED' || latest.status === 'RUNNING' || run.refusal !== undefined) return false;
  return code === undefined || !FOR_GOOD.has(code);
}

/** Stopping what has ended is no mistake. */
export async function stopRun(id: string, place: BatchPlace): Promise<BatchAnswer> {
  const { run, latest } = await findById(id, place);
  if (latest.status === 'RUNNING') await stopExecution(latest.arn, 'It was stopped on request.');
  const status = latest.status === 'RUNNING' ? 'ABORTED' : latest.status;
  return { statusCode: 200, body: { id, pipeline: run.pipeline, status, attempt: latest.attempt } };
}

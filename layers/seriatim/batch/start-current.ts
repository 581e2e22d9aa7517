// Starting a run whose results another input's or other options' have replaced since: what lies under the name must be
// of what was asked for last, so it is run once more, under an id that follows from the two runs.
import { identityOf } from './options.ts';
import { replacedBy } from './ownership.ts';
import { planAfter } from './plan.ts';
import { type BatchRun, runKeys } from './run.ts';
import { findRun, type Started, type StartOptions, startRun } from './start.ts';

/** As `startRun`; the run that it tells of is another one where the asked one's results were replaced. */
export async function startCurrent(run: BatchRun, options: StartOptions): Promise<Started> {
  const started = await startRun(run, options);
  if (started.status !== 'SUCCEEDED') return started;
  const other = await replacedBy({ bucket: run.bucket, key: runKeys(run).output }, run.id);
  if (other === undefined) return started;
  const theirs = await findRun(run.bucket, run.pipeline, other);
  if (theirs !== undefined && sameWork(theirs) === sameWork(run))
    return theirs.options.rerun?.toString().startsWith('after ') ? startRun(theirs, options) : started;
  return startRun(planAfter(run, other), options);
}

/** What both read and how, but for the word that makes one the other's rerun. */
function sameWork({ key, etag, format, options }: BatchRun): string {
  const { rerun: _rerun, ...identity } = identityOf(options);
  return JSON.stringify([key, etag, format, Object.entries(identity).sort()]);
}

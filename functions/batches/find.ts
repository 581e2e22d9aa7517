// A run by its id, in whichever pipeline it is.
import {
  type Attempt,
  type BatchRun,
  findRun,
  latestAttempt,
  PIPELINES,
  SeriatimError,
} from '../../layers/seriatim/index.ts';
import type { BatchPlace } from './create.ts';

export interface FoundRun {
  readonly run: BatchRun;
  readonly latest: Attempt;
}

const ID = /^[A-Za-z0-9-]{1,80}$/;

/** @throws SeriatimError RunNotFound */
export async function findById(id: string, { bucket, machinePrefix }: BatchPlace): Promise<FoundRun> {
  const names = Object.keys(PIPELINES);
  const found = ID.test(id) ? await Promise.all(names.map((name) => findRun(bucket, name, id))) : [];
  const run = found.find((one) => one !== undefined);
  const latest = run && (await latestAttempt(run, `${machinePrefix}${run.pipeline}-batch`));
  if (run === undefined || latest === undefined)
    throw new SeriatimError('RunNotFound', `There is no run "${id}", or it has expired.`);
  return { run: { ...run, attempt: latest.attempt }, latest };
}

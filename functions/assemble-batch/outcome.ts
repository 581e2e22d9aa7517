// Whether a run that has got to its end may end as one that went through: every part and record is there, no more of
// them failed than are tolerated, and some came through. Pure.
import {
  type BatchRun,
  ContractViolation,
  SeriatimError,
  type SplitSummary,
  toleratedCount,
} from '../../layers/seriatim/index.ts';
import type { Tally } from './tally.ts';

/** @throws ContractViolation when a part is missing */
export function checkParts(found: number, { chunks }: Pick<SplitSummary, 'chunks'>): void {
  if (found !== chunks) throw new ContractViolation(`${found} of ${chunks} parts are there.`);
}

/** @throws SeriatimError ContractViolation, TooManyFailures, AllRecordsFailed */
export function checkOutcome(run: BatchRun, summary: Pick<SplitSummary, 'records'>, tally: Tally): void {
  const { records, succeeded, failed } = tally.found().counts;
  if (records !== summary.records)
    throw new ContractViolation(`${records} of ${summary.records} records are there.`);
  const most = tally.commonestError();
  if (most === undefined) return;
  const told = `${most.count} with ${most.code}, the first of them: ${most.message}`;
  if (failed > toleratedCount(run.options, records)) {
    const message = `${failed} of ${records} records failed; ${run.options.toleratedFailures} are tolerated. ${told}`;
    throw new SeriatimError('TooManyFailures', message, { pipeline: run.pipeline });
  }
  if (succeeded > 0) return;
  const message = `None of ${records === 1 ? '1 record' : `${records} records`} came through: ${told}`;
  throw new SeriatimError('AllRecordsFailed', message, { pipeline: run.pipeline });
}

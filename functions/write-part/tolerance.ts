// Whether the run bears the records that have failed so far. Parts carry their number of failed records in their keys,
// so a listing is all it takes; in a large run only some of the chunks look.
import {
  type ChunkTask,
  failuresByPart,
  SeriatimError,
  sumOf,
  toleratedCount,
} from '../../layers/seriatim/index.ts';

/** A listing of all parts costs a request per thousand: about so many chunks of a run make one. */
const CHECKS_PER_RUN = 200;

/** @throws SeriatimError TooManyFailures */
export async function checkTolerance(
  { run, chunk, totals }: ChunkTask,
  { failed, errors }: { readonly failed: number; readonly errors: Readonly<Record<string, number>> },
): Promise<void> {
  const tolerated = toleratedCount(run.options, totals.records);
  if (tolerated === Number.POSITIVE_INFINITY) return;
  const isOver = failed > tolerated;
  if (!isOver && chunk.n % Math.ceil(totals.chunks / CHECKS_PER_RUN) !== 0) return;
  const found = isOver ? failed : sumOf(await failuresByPart(run));
  if (found <= tolerated) return;
  const codes = Object.entries(errors).map(([code, count]) => `${count} ${code}`);
  throw new SeriatimError(
    'TooManyFailures',
    `At least ${found} of ${totals.records} records failed; ${run.options.toleratedFailures} are tolerated. In records ${chunk.first} to ${chunk.first + chunk.count - 1}: ${codes.join(', ')}.`,
    { pipeline: run.pipeline },
  );
}

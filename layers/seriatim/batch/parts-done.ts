// Which chunks of a run are done, and how many of their records failed: both stand in the keys of the parts.
import { type ListedObject, listObjects } from '../objects.ts';
import { type BatchRun, readPartKey, runKeys } from './run.ts';

export interface DonePart {
  readonly n: number;
  readonly failed: number;
  readonly modifiedMs: number;
}

/** A part for each chunk that has one; of several, done twice, the one with fewer failed records counts. */
export async function donePartsOf(run: BatchRun): Promise<ReadonlyMap<number, DonePart & ListedObject>> {
  const best = new Map<number, DonePart & ListedObject>();
  for await (const object of listObjects(run.bucket, runKeys(run).parts)) {
    const part = readPartKey(object.key);
    if (part === undefined) continue;
    const other = best.get(part.n);
    if (other === undefined || part.failed < other.failed) best.set(part.n, { ...object, ...part });
  }
  return best;
}

/** Failed records by chunk. */
export async function failuresByPart(run: BatchRun): Promise<ReadonlyMap<number, number>> {
  return new Map([...(await donePartsOf(run)).values()].map(({ n, failed }) => [n, failed]));
}

export function sumOf(counts: ReadonlyMap<unknown, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

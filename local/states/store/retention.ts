// Finished executions go when they are older than the retention says, a few at a time.
import type { World } from '../operations/world.ts';

export const DEFAULT_RETENTION_MS = 90 * 86_400_000;

const SWEEP_EVERY_MS = 3_600_000;

/** Bounds the time of one transaction. */
const MOST_AT_ONCE = 1000;

/** Sweeps now and every hour. @returns what ends it */
export function sweepRegularly(world: World, retentionMs: number): () => void {
  let stop = (): void => {};
  const sweepAndWait = (): void => {
    const isDone = sweep(world, world.clock.now() - retentionMs);
    stop = world.clock.schedule(isDone ? SWEEP_EVERY_MS : 1000, sweepAndWait);
  };
  sweepAndWait();
  return () => stop();
}

/** @returns whether nothing old is left */
function sweep({ database, journal, shelves }: World, beforeMs: number): boolean {
  const old = database.all<{ seq: number; arn: string }>(
    `SELECT seq, arn FROM executions WHERE stop_ms IS NOT NULL AND stop_ms < ? LIMIT ${MOST_AT_ONCE}`,
    beforeMs,
  );
  if (old.length === 0) return true;
  for (const { seq } of old) journal.delete(seq);
  const arns = new Set(old.map(({ arn }) => arn));
  for (const { arn, executionArn } of shelves.mapRuns.values()) {
    if (arns.has(executionArn)) shelves.mapRuns.delete(arn);
  }
  return old.length < MOST_AT_ONCE;
}

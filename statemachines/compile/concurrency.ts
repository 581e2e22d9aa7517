// How many records of an execution are on their way at once, with `flow: 'record'`. A record is in one stage at a time, so
// the stage with the least concurrency decides.
import { allStages } from '../composition.ts';
import type { Pipeline } from '../pipeline.ts';

export function recordsAtOnce({ stages }: Pipeline, otherwise: number): number {
  const limits = allStages(stages).flatMap((stage) =>
    'concurrency' in stage && stage.concurrency !== undefined ? stage.concurrency : [],
  );
  return limits.length === 0 ? otherwise : Math.min(...limits);
}

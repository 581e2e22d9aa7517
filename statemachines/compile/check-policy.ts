// What can be checked of a stage's policy: its timeout, concurrency and circuit breaker.
import type { Stage, StagePolicy } from '../pipeline.ts';
import { PipelineDefinitionError } from './errors.ts';

/** A synchronous Express execution's: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const EXPRESS_SECONDS_LIMIT = 300;

/** The most iterations of an inline Map at once: the same page. */
const CONCURRENCY_LIMIT = 40;

/** @throws PipelineDefinitionError for the first thing that is wrong */
export function checkPolicy(pipeline: string, stage: Stage & Partial<StagePolicy>): void {
  const place = { pipeline, stage: stage.name };
  checkSeconds(pipeline, stage.name, stage.timeoutSeconds);
  checkCount(place, 'a concurrency', { value: stage.concurrency, most: CONCURRENCY_LIMIT });
  checkCount(place, 'breaker.failures', { value: stage.breaker?.failures, most: 1_000 });
  checkCount(place, 'breaker.openSeconds', { value: stage.breaker?.openSeconds, most: 86_400 });
}

function checkCount(
  place: { readonly pipeline: string; readonly stage: string },
  what: string,
  { value, most }: { readonly value: number | undefined; readonly most: number },
): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) return;
  throw new PipelineDefinitionError(place, `${what} of 1 to ${most}`, String(value));
}

export function checkSeconds(pipeline: string, stage: string | undefined, seconds: number | undefined): void {
  if (seconds === undefined) return;
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= EXPRESS_SECONDS_LIMIT) return;
  const place = stage === undefined ? { pipeline } : { pipeline, stage };
  throw new PipelineDefinitionError(
    place,
    `a timeout of 1 to ${EXPRESS_SECONDS_LIMIT} whole seconds`,
    String(seconds),
  );
}

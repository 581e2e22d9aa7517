// What a run costs on AWS, reckoned from what it did: requests, invocations, transitions at the list prices of
// us-east-1. The endpoint's instances are not in it: they are paid for by the hour, called or not. docs/scale.md has the
// arithmetic. Pure.
import type { Assembled } from './assemble.ts';

/** https://aws.amazon.com/step-functions/pricing/, https://aws.amazon.com/s3/pricing/, https://aws.amazon.com/lambda/pricing/ */
const USD = {
  expressRequest: 1 / 1_000_000,
  standardTransition: 25 / 1_000_000,
  lambdaRequest: 0.2 / 1_000_000,
  putRequest: 5 / 1_000_000,
  getRequest: 0.4 / 1_000_000,
} as const;

/** Of one chunk that goes through at once. */
const PER_CHUNK = { functions: 4, puts: 5, gets: 6 };

export interface Cost {
  readonly currency: 'USD';
  readonly estimate: number;
  readonly children: number;
  readonly functionInvocations: number;
  readonly objectRequests: number;
  readonly excludes: string;
}

export function costOf({ chunks }: Pick<Assembled, 'chunks'>): Cost {
  const functionInvocations = chunks * PER_CHUNK.functions + 2;
  const usd =
    chunks * USD.expressRequest +
    (5 + chunks) * USD.standardTransition +
    functionInvocations * USD.lambdaRequest +
    chunks * (PER_CHUNK.puts * USD.putRequest + PER_CHUNK.gets * USD.getRequest);
  return {
    currency: 'USD',
    estimate: Number(usd.toFixed(6)),
    children: chunks,
    functionInvocations,
    objectRequests: chunks * (PER_CHUNK.puts + PER_CHUNK.gets),
    excludes: 'Lambda and Express durations, storage, endpoint instances',
  };
}

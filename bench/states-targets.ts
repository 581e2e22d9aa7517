// The targets of the Step Functions bench: each is printed with what was measured, so that a miss is seen at once.

/** What the fastest peers do: aws-local-stepfunctions in process, without history; the fastest emulator at 8 clients. */
export const PEER = { chain: 9_300, functions: 52_000, wireChain: 48, wireFunctions: 49 } as const;

/** Standard is durable and may cost so many times as much as Express. */
export const MOST_TIMES_EXPRESS = 3;
/** JSONata may cost so many times as much as JSONPath. */
export const MOST_TIMES_JSONPATH = 2;
/** From the start of an execution to the answer that it has ended, at one client. */
export const MOST_START_TO_END_MS = 3;
/** Over the wire, of the fastest emulator. */
export const LEAST_TIMES_EMULATOR = 10;

interface Bound {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Prints one target. @param value in the unit that `what` names */
export function target(what: string, value: number, { atLeast, atMost }: Bound): void {
  const isMet =
    value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);
  const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  const shown = value >= 100 ? value.toFixed(0) : value.toFixed(2);
  console.log(`  ${isMet ? 'met   ' : 'MISSED'} ${what}: ${shown} (${bound})`);
}

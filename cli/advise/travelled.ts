// What travelled in one execution, read from its view with payloads: bytes between states, objects written and read as claims,
// and which calls were made. Pure.
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';

export interface Travelled {
  /** Each hop between states: the input of a stage, and the execution's output. */
  readonly hops: readonly Hop[];
  /** Payloads that went through S3: objects written, and times they were read. */
  readonly claimsWritten: number;
  readonly claimsRead: number;
  /** Bytes of the largest claim. */
  readonly claimBytes: number;
  /** Lambda invocations by the states, with the stage's time. */
  readonly functions: readonly { readonly stage: string; readonly durationMs: number }[];
  readonly executionMs: number;
}

export interface Hop {
  readonly to: string;
  readonly bytes: number;
}

export function travelledIn(view: ExecutionView): Travelled {
  const tasks = view.stages.filter(({ attempts }) => attempts.length > 0);
  const claims = claimsIn(view);
  const functions = tasks.flatMap(({ name, attempts }) =>
    attempts.filter(({ via }) => via === 'lambda').map(({ durationMs = 0 }) => ({ stage: name, durationMs })),
  );
  return {
    hops: [
      ...tasks.map(({ name, inputBytes = 0 }) => ({ to: name, bytes: inputBytes })),
      { to: 'the caller', bytes: view.outputBytes ?? 0 },
    ],
    claimsWritten: claims.size,
    claimsRead: tasks.filter(
      ({ input, attempts }) => attempts.some(({ via }) => via === 'lambda') && holdsClaim(input),
    ).length,
    claimBytes: Math.max(0, ...claims.values()),
    functions,
    executionMs: view.durationMs ?? 0,
  };
}

const CLAIM = /"bytes":(\d+),"contentType":"[^"]*","sha256":"([0-9a-f]{64})"/g;

/** Bytes by checksum: each is written once. */
function claimsIn(view: ExecutionView): Map<string, number> {
  const text = JSON.stringify([view.input, view.output, view.stages]);
  return new Map([...text.matchAll(CLAIM)].map(([, bytes, sha256]) => [sha256!, Number(bytes)]));
}

function holdsClaim(input: unknown): boolean {
  return JSON.stringify(input ?? null).includes('"claim":');
}

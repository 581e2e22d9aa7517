// Which ways the records of a Map took: after each choice inside it, the states that came next, with how many records
// came there. And whether a circuit breaker that was read had no object: it is closed, and nothing has failed.
import type { Frame } from './frames.ts';
import type { WaysView } from './view.ts';

/** Choices that the compiler puts beside a stage: what they decide is told otherwise. */
const OWN = /^((Check|Settle)\w+Breaker|Take\w+(Answer|Record)|TakeRecord)$/;

/** By the choice's name; undefined where there is none. */
export function waysIn(frame: Frame): WaysView | undefined {
  const ways: Record<string, Record<string, number>> = {};
  for (const { name, from } of framesIn(frame)) {
    if (from?.type !== 'Choice' || OWN.test(from.name)) continue;
    ways[from.name] ??= {};
    const counts = ways[from.name]!;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.keys(ways).length === 0 ? undefined : ways;
}

function* framesIn(frame: Frame): Generator<Frame> {
  for (const child of frame.children) {
    yield child;
    yield* framesIn(child);
  }
}

/** The state `Read<Stage>Breaker` of a stage that is well finds no object, catches that and goes on. */
export function isClosedBreaker({ name, failure, attempts }: Frame): boolean {
  const code = failure?.code ?? attempts.at(-1)?.error?.code ?? '';
  return /^Read\w+Breaker$/.test(name) && /\bNoSuchKey/.test(code);
}

// Where a shadow's answer differs from the one that was used. Pure.

export interface Difference {
  /** `$.labels[2]` */
  readonly path: string;
  readonly used: unknown;
  readonly shadow: unknown;
}

/** What is listed of a large difference. */
const LISTED = 20;

/** @param tolerance numbers that differ by less than this part of the larger one agree */
export function differencesOf(used: unknown, shadow: unknown, tolerance: number): Difference[] {
  return [...differences('$', { used, shadow }, tolerance)].slice(0, LISTED);
}

interface Pair {
  readonly used: unknown;
  readonly shadow: unknown;
}

function* differences(path: string, pair: Pair, tolerance: number): Generator<Difference> {
  const { used, shadow } = pair;
  if (isObject(used) && isObject(shadow) && Array.isArray(used) === Array.isArray(shadow)) {
    for (const key of new Set([...Object.keys(used), ...Object.keys(shadow)])) {
      const inner = Array.isArray(used) ? `${path}[${key}]` : `${path}.${key}`;
      yield* differences(inner, { used: used[key], shadow: shadow[key] }, tolerance);
    }
  } else if (!agree(pair, tolerance)) {
    // What is not there at all is told as null, so that it stands in JSON.
    yield { path, used: used ?? null, shadow: shadow ?? null };
  }
}

function agree({ used, shadow }: Pair, tolerance: number): boolean {
  if (typeof used !== 'number' || typeof shadow !== 'number') return used === shadow;
  return Math.abs(used - shadow) <= tolerance * Math.max(Math.abs(used), Math.abs(shadow));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

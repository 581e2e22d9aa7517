// The streams of a group, put together from its segments.
import type { LogGroup } from './group.ts';
import type { SegmentStream } from './segment.ts';

/** One entry per name; sorted by name. */
export function listStreams(group: LogGroup): SegmentStream[] {
  const byName = new Map<string, SegmentStream>();
  for (const segment of group.allSegments()) {
    for (const stream of segment.streams.values()) {
      if (!group.shows(stream.name, segment)) continue;
      const known = byName.get(stream.name);
      byName.set(stream.name, known === undefined ? { ...stream } : merge(known, stream));
    }
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function merge(a: SegmentStream, b: SegmentStream): SegmentStream {
  return {
    name: a.name,
    createdMs: Math.min(a.createdMs, b.createdMs),
    firstMs: pick(Math.min, a.firstMs, b.firstMs),
    lastMs: pick(Math.max, a.lastMs, b.lastMs),
    lastStoredMs: pick(Math.max, a.lastStoredMs, b.lastStoredMs),
  };
}

function pick(
  choose: (a: number, b: number) => number,
  a: number | undefined,
  b: number | undefined,
): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return choose(a, b);
}

// A log group in memory that answers as FilterLogEvents does, and counts what is read from it. The patterns are those
// of our readers: quoted phrases that must all be there, or words of which one must be (`?word`).
import type { LoggedEvent } from '../../layers/seriatim/inspection/history.ts';
import type { LogPage, LogPageQuery, ReadLogPage } from '../../layers/seriatim/inspection/log-scan.ts';

export interface MemoryLog {
  readonly read: ReadLogPage;
  linesRead(): number;
  pagesRead(): number;
}

/** @param events in any order */
export function memoryLog(events: readonly LoggedEvent[]): MemoryLog {
  const sorted = [...events].sort((a, b) => a.timeMs - b.timeMs);
  const times = sorted.map((event) => event.timeMs);
  let lines = 0;
  let pages = 0;

  async function read(query: LogPageQuery): Promise<LogPage> {
    const fits = matcher(query.pattern);
    const found: LoggedEvent[] = [];
    let at = query.token === undefined ? lowerBound(times, query.fromMs) : Number(query.token);
    for (; at < sorted.length && sorted[at]!.timeMs <= query.toMs; at += 1) {
      if (found.length === query.limit) break;
      if (fits(sorted[at]!)) found.push(sorted[at]!);
    }
    lines += found.length;
    pages += 1;
    const isDone = at >= sorted.length || sorted[at]!.timeMs > query.toMs;
    return { events: found, nextToken: isDone ? undefined : String(at) };
  }

  return { read, linesRead: () => lines, pagesRead: () => pages };
}

function matcher(pattern: string): (event: LoggedEvent) => boolean {
  const optional = [...pattern.matchAll(/\?(\w+)/g)].map((match) => match[1]!);
  const required = [...pattern.matchAll(/"([^"]+)"/g)].map((match) => match[1]!);
  return (event) => {
    const text = `${event.type} ${event.executionArn}`;
    return (
      required.every((word) => text.includes(word)) &&
      (optional.length === 0 || optional.includes(event.type))
    );
  };
}

function lowerBound(times: readonly number[], fromMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

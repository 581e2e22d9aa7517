// How busy the machine's processors are, whoever keeps them so. When none has time left, another environment only
// makes every one of them slower: each is compiled and warmed up for itself.
import { cpus } from 'node:os';

export interface ProcessorWatch {
  /** The share of all processors' time spent working since it was last looked at, 0 to 1. */
  busyShare(): number;
}

/** Shorter spans than this say more about chance than about the load; they repeat the last answer. */
const SHORTEST_SPAN_MS = 100;

export function watchProcessors(): ProcessorWatch {
  let last = readTimes();
  let lastAt = performance.now();
  let share = 0;
  return {
    busyShare() {
      if (performance.now() - lastAt < SHORTEST_SPAN_MS) return share;
      const now = readTimes();
      share = (now.busyMs - last.busyMs) / Math.max(1, now.totalMs - last.totalMs);
      last = now;
      lastAt = performance.now();
      return share;
    },
  };
}

interface Times {
  readonly busyMs: number;
  readonly totalMs: number;
}

function readTimes(): Times {
  let busyMs = 0;
  let idleMs = 0;
  for (const { times } of cpus()) {
    busyMs += times.user + times.sys + times.nice + times.irq;
    idleMs += times.idle;
  }
  return { busyMs, totalMs: busyMs + idleMs };
}

// How busy the machine's processors are, whoever keeps them so. When none has time left, another environment only
// makes every one of them slower: each is compiled and warmed up for itself.
import { cpus } from 'node:os';

export interface ProcessorWatch {
  /** The share of all processors' time spent working since the last call, 0 to 1. */
  busyShare(): number;
}

export function watchProcessors(): ProcessorWatch {
  let last = readTimes();
  return {
    busyShare() {
      const now = readTimes();
      const totalMs = now.totalMs - last.totalMs;
      const share = totalMs > 0 ? (now.busyMs - last.busyMs) / totalMs : 0;
      last = now;
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

// Time for everything in `local/`: the real clock, or one that a test turns by hand. Nothing in `local/` calls
// `Date.now` or `setTimeout` for behaviour that a caller can see.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `delayMs`; returns a function that cancels it. Never keeps the process alive by itself. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** setTimeout's longest delay; a longer one would fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const step = Math.min(leftMs, MAX_TIMEOUT_MS);
      timer = setTimeout(() => (leftMs > step ? arm(leftMs - step) : callback()), step);
      timer.unref();
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** A clock that stands still until it is turned. */
export interface TurnedClock extends Clock {
  /** Moves time forward, firing what falls due in order; lets pending promises settle between firings. */
  turn(ms: number): Promise<void>;
}

/** @param startMs the time it shows first, in milliseconds since the epoch */
export function turnedClock(startMs: number): TurnedClock {
  let nowMs = startMs;
  let waiting: { atMs: number; callback: () => void }[] = [];
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  return {
    now: () => nowMs,
    schedule(delayMs, callback) {
      const entry = { atMs: nowMs + Math.max(0, delayMs), callback };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((other) => other !== entry);
      };
    },
    async turn(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (;;) {
        const due = waiting.filter((entry) => entry.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        waiting = waiting.filter((entry) => entry !== due);
        nowMs = due.atMs;
        due.callback();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}

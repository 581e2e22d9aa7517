// The time one call may take, over however many hops: when it is up, the hop under way is aborted.
import type { Clock } from '../../clock.ts';

export class Deadline {
  isExpired = false;
  readonly #clock: Clock;
  #atMs: number;
  #cancelTimer: () => void;
  #abort: (() => void) | undefined;

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#atMs = clock.now() + lengthMs;
    this.#cancelTimer = clock.schedule(lengthMs, this.#expire);
  }

  /** What to abort when the time is up, until the next call or `release`. */
  guard(abort: () => void): void {
    this.#abort = abort;
    if (this.isExpired) abort();
  }

  release(): void {
    this.#abort = undefined;
  }

  /** Stands still until the returned function is called: time spent waiting for a model to load does not count. */
  pause(): () => void {
    const leftMs = Math.max(0, this.#atMs - this.#clock.now());
    this.#cancelTimer();
    return () => {
      this.#atMs = this.#clock.now() + leftMs;
      this.#cancelTimer = this.#clock.schedule(leftMs, this.#expire);
    };
  }

  end(): void {
    this.#abort = undefined;
    this.#cancelTimer();
  }

  readonly #expire = (): void => {
    this.isExpired = true;
    this.#abort?.();
  };
}

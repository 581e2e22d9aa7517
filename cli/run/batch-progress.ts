// How far a run is, on one line of a terminal that is written over and over, or a line now and then into a file.
import { progressText } from '../format/batch.ts';
import type { BatchView } from './batch-api.ts';

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Into a file, a line so often. */
const LINE_EVERY_MS = 5_000;

/** The rate is that of the last so many milliseconds. */
const RATE_OVER_MS = 10_000;

export class ProgressLine {
  readonly #output: Output;
  readonly #seen: { readonly atMs: number; readonly done: number }[];
  #writtenMs = Number.NEGATIVE_INFINITY;
  #width = 0;

  constructor(output: Output, nowMs: number) {
    this.#output = output;
    this.#seen = [{ atMs: nowMs, done: 0 }];
  }

  show(progress: BatchView['progress'], nowMs: number): void {
    this.#seen.push({ atMs: nowMs, done: progress.done });
    while (this.#seen.length > 2 && nowMs - this.#seen[0]!.atMs > RATE_OVER_MS) this.#seen.shift();
    const first = this.#seen[0]!;
    const perSecond = nowMs > first.atMs ? ((progress.done - first.done) / (nowMs - first.atMs)) * 1000 : 0;
    const text = progressText(progress, perSecond);
    if (this.#output.isTTY === true) this.#output.write(`\r${text.padEnd(this.#width)}`);
    else if (nowMs - this.#writtenMs >= LINE_EVERY_MS) {
      this.#output.write(`${text}\n`);
      this.#writtenMs = nowMs;
    }
    this.#width = text.length;
  }

  end(): void {
    if (this.#output.isTTY === true) this.#output.write('\n');
  }
}

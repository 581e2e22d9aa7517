// The executions that run, by their ARN. A table of our own: when a Map is much added to and deleted from, V8 makes its
// table anew again and again, and each old one that has grown old keeps the next one alive with all it held, so that
// the collector copied executions that were long over.
import type { Execution } from './run/execution.ts';

const BUCKETS = 16_384;

/** Where names differ: their end. */
const HASHED_CHARACTERS = 36;

export class RunningExecutions {
  private readonly buckets: Execution[][] = [];

  constructor() {
    for (let index = 0; index < BUCKETS; index += 1) this.buckets.push([]);
  }

  get(arn: string): Execution | undefined {
    return this.bucket(arn).find((execution) => execution.arn === arn);
  }

  has(arn: string): boolean {
    return this.get(arn) !== undefined;
  }

  add(execution: Execution): void {
    const bucket = this.bucket(execution.arn);
    if (!bucket.includes(execution)) bucket.push(execution);
  }

  delete(execution: Execution): void {
    const bucket = this.bucket(execution.arn);
    const at = bucket.indexOf(execution);
    if (at < 0) return;
    const last = bucket.pop()!;
    if (last !== execution) bucket[at] = last;
  }

  *values(): Generator<Execution> {
    for (const bucket of this.buckets) yield* bucket;
  }

  private bucket(arn: string): Execution[] {
    let hash = 0;
    for (let at = Math.max(0, arn.length - HASHED_CHARACTERS); at < arn.length; at += 1) {
      hash = (hash * 31 + arn.charCodeAt(at)) | 0;
    }
    return this.buckets[(hash ^ (hash >>> 15)) & (BUCKETS - 1)]!;
  }
}

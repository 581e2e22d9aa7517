// Rows of executions that are safe in the write log and may not be in the database yet. They are forgotten many at a
// time: a Map that is always deleted from keeps what it held alive for longer.
import type { ExecutionRow } from './execution-rows.ts';
import type { WriteLog } from './write-log.ts';

/** Rows that were written one after the other. */
interface Group {
  readonly rows: Map<string, ExecutionRow>;
  /** By which the log knows the last of them. */
  lastNumber: number;
}

const GROUP_ROWS = 512;

export class RecentRows {
  private readonly log: WriteLog | undefined;
  /** Oldest first. */
  private groups: Group[] = [];
  private batch: ExecutionRow[] = [];

  constructor(log: WriteLog | undefined) {
    this.log = log;
  }

  get(arn: string): ExecutionRow | undefined {
    for (let at = this.groups.length - 1; at >= 0; at -= 1) {
      const row = this.groups[at]!.rows.get(arn);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  beginBatch(): void {
    this.batch = [];
  }

  /** A row of the batch that is being written. */
  writing(row: ExecutionRow): void {
    if (this.log !== undefined) this.batch.push(row);
  }

  /** The batch is safe under that number. */
  wrote(number: number): void {
    if (this.batch.length > 0) {
      const group = this.latest(number);
      group.lastNumber = number;
      for (const row of this.batch) group.rows.set(row.arn, row);
      this.batch = [];
    }
    this.forgetApplied();
  }

  private latest(number: number): Group {
    const known = this.groups.at(-1);
    if (known !== undefined && known.rows.size < GROUP_ROWS) return known;
    const made: Group = { rows: new Map(), lastNumber: number };
    this.groups.push(made);
    return made;
  }

  private forgetApplied(): void {
    let count = 0;
    while (count < this.groups.length && this.log!.hasApplied(this.groups[count]!.lastNumber)) count += 1;
    if (count > 0) this.groups = this.groups.slice(count);
  }
}

// Rows of executions that are safe in the write log and may not be in the database yet.
import type { ExecutionRow } from './execution-rows.ts';
import type { WriteLog } from './write-log.ts';

interface Entry {
  readonly row: ExecutionRow;
  readonly number: number;
}

export class RecentRows {
  private readonly log: WriteLog | undefined;
  private readonly byArn = new Map<string, Entry>();
  private batch: ExecutionRow[] = [];

  constructor(log: WriteLog | undefined) {
    this.log = log;
  }

  get(arn: string): ExecutionRow | undefined {
    return this.byArn.get(arn)?.row;
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
    for (const row of this.batch) {
      // Entries stand in the order of their numbers.
      this.byArn.delete(row.arn);
      this.byArn.set(row.arn, { row, number });
    }
    this.batch = [];
    this.forgetApplied();
  }

  private forgetApplied(): void {
    for (const [arn, { number }] of this.byArn) {
      if (!this.log!.hasApplied(number)) return;
      this.byArn.delete(arn);
    }
  }
}

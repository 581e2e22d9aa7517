// Executions as rows of the database, and the questions asked of them.
import type { Database } from './database.ts';

/** One execution as kept. Texts are JSON texts as they came in or went out. */
export interface ExecutionRow {
  readonly seq: number;
  readonly arn: string;
  readonly machine_arn: string;
  readonly version_arn: string | null;
  readonly alias_arn: string | null;
  readonly map_run_arn: string | null;
  readonly name: string;
  readonly status: string;
  readonly start_ms: number;
  readonly stop_ms: number | null;
  readonly revision: string;
  readonly input: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly cause: string | null;
  /** JSON of `ExecutionMore`. */
  readonly more: string;
}

/** What is seldom asked for. */
export interface ExecutionMore {
  /** Always the first member, and only when it is not 0: lists are filtered by that. */
  readonly redriveCount?: number;
  readonly redriveMs?: number;
  readonly traceHeader?: string;
  readonly itemCount?: number;
  readonly mapIndex?: number;
  readonly item?: unknown;
  readonly eventCount?: number;
  readonly frameCount?: number;
  readonly rerunOf?: string;
}

export interface ExecutionQuery {
  readonly column: 'machine_arn' | 'version_arn' | 'alias_arn' | 'map_run_arn';
  readonly arn: string;
  readonly status: string | undefined;
  readonly redrive: 'REDRIVEN' | 'NOT_REDRIVEN' | undefined;
  readonly limit: number;
  /** Executions of an earlier state machine of the same name do not count. */
  readonly sinceMs: number;
  /** Rows after this one, newest first. */
  readonly before: { readonly startMs: number; readonly seq: number } | undefined;
}

/** @returns the new row's `seq`, under which its history and frames are kept */
export function insertExecution(database: Database, row: Omit<ExecutionRow, 'seq'>): number {
  return database.run(
    `INSERT INTO executions (arn, machine_arn, version_arn, alias_arn, map_run_arn, name, status, start_ms, stop_ms, revision, input, output, error, cause, more)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.arn,
    row.machine_arn,
    row.version_arn,
    row.alias_arn,
    row.map_run_arn,
    row.name,
    row.status,
    row.start_ms,
    row.stop_ms,
    row.revision,
    row.input,
    row.output,
    row.error,
    row.cause,
    row.more,
  );
}

/** What changes in a row after it was made. */
export function updateExecution(database: Database, seq: number, row: Omit<ExecutionRow, 'seq'>): void {
  database.run(
    'UPDATE executions SET status = ?, stop_ms = ?, output = ?, error = ?, cause = ?, more = ? WHERE seq = ?',
    row.status,
    row.stop_ms,
    row.output,
    row.error,
    row.cause,
    row.more,
    seq,
  );
}

/** The execution with its history and whatever was left to go on from. */
export function deleteExecution(database: Database, seq: number): void {
  database.run('DELETE FROM executions WHERE seq = ?', seq);
  database.run('DELETE FROM history WHERE seq = ?', seq);
  database.run('DELETE FROM frames WHERE seq = ?', seq);
}

export function findExecution(database: Database, arn: string): ExecutionRow | undefined {
  return database.get<ExecutionRow>('SELECT * FROM executions WHERE arn = ?', arn);
}

/** Newest first. */
export function listExecutions(database: Database, query: ExecutionQuery): ExecutionRow[] {
  const conditions = [`${query.column} = ?`, 'start_ms >= ?'];
  const values: (string | number)[] = [query.arn, query.sinceMs];
  if (query.status !== undefined) {
    // As the partial indexes say it, so that they are used.
    if (query.status === 'RUNNING') conditions.push("status = 'RUNNING'");
    else {
      conditions.push("status <> 'RUNNING'", 'status = ?');
      values.push(query.status);
    }
  }
  if (query.redrive !== undefined) {
    conditions.push(`more ${query.redrive === 'REDRIVEN' ? 'LIKE' : 'NOT LIKE'} '{"redriveCount"%'`);
  }
  if (query.before !== undefined) {
    conditions.push('(start_ms, seq) < (?, ?)');
    values.push(query.before.startMs, query.before.seq);
  }
  const sql = `SELECT * FROM executions WHERE ${conditions.join(' AND ')} ORDER BY start_ms DESC, seq DESC LIMIT ?`;
  return database.all<ExecutionRow>(sql, ...values, query.limit);
}

export function runningExecutions(database: Database): ExecutionRow[] {
  return database.all<ExecutionRow>("SELECT * FROM executions WHERE status = 'RUNNING' ORDER BY seq");
}

/** One child of a Map Run, without its data. */
export interface ChildRow {
  readonly arn: string;
  readonly status: string;
  /** Which item or batch it works on. */
  readonly position: number;
}

/** The finished and unfinished children of a Map Run. */
export function childrenOf(database: Database, mapRunArn: string): ChildRow[] {
  return database.all<ChildRow>(
    "SELECT arn, status, json_extract(more, '$.mapIndex') AS position FROM executions WHERE map_run_arn = ?",
    mapRunArn,
  );
}

// Executions as rows of the database, and the questions asked of them.
import { textOf } from '../json/text.ts';
import type { Execution } from '../run/execution.ts';
import type { Database } from './database.ts';

/** One execution as kept. Texts are JSON texts as they came in or went out. */
export interface ExecutionRow {
  readonly seq: number;
  readonly arn: string;
  readonly machine_arn: string;
  readonly version_arn: string | null;
  readonly alias_arn: string | null;
  readonly map_run_arn: string | null;
  /** Which item or batch of its Map Run it works on. */
  readonly map_index: number | null;
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
  readonly item?: unknown;
  /** Of a history that is too long to be gone on with by a redrive. */
  readonly eventCount?: number;
  readonly frameCount?: number;
  readonly rerunOf?: string;
}

/** A redrive adds to the history, which ends at 25,000 events. */
const MAX_EVENTS_TO_REDRIVE = 24_999;

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

/** The task tokens that were out when the process last ended, and whose they are. */
export function tokensOfRunning(database: Database): { token: string; arn: string }[] {
  const rows = database.all<{ arn: string; data: string }>(
    `SELECT arn, data FROM executions JOIN frames USING (seq) WHERE status = 'RUNNING' AND data LIKE '%"token":"%'`,
  );
  return rows.flatMap(({ arn, data }) => {
    const { marker } = JSON.parse(data) as { marker?: { token?: string } };
    return typeof marker?.token === 'string' ? [{ token: marker.token, arn }] : [];
  });
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
    'SELECT arn, status, map_index AS position FROM executions WHERE map_run_arn = ?',
    mapRunArn,
  );
}

/** The row of an execution as it is now. */
export function toRow(execution: Execution, seq: number): ExecutionRow {
  const { start } = execution;
  return {
    seq,
    arn: execution.arn,
    machine_arn: execution.machine.arn,
    version_arn: start.versionArn ?? null,
    alias_arn: start.aliasArn ?? null,
    map_run_arn: start.mapRun?.arn ?? null,
    map_index: start.mapRun?.index ?? null,
    name: execution.name,
    status: execution.status,
    start_ms: execution.startMs,
    stop_ms: execution.stopMs ?? null,
    revision: execution.machine.revisionId,
    input: execution.inputText,
    output: execution.output === undefined ? null : textOf(execution.output),
    error: execution.error ?? null,
    cause: execution.failureCause ?? null,
    more: moreText(execution),
  };
}

/** `redriveCount` stands first, if at all: lists are filtered by that. */
function moreText({ start, redriveCount, redriveMs, eventCount }: Execution): string {
  const { traceHeader, mapRun, rerunOf } = start;
  const isPlain = redriveCount === 0 && mapRun === undefined && eventCount < MAX_EVENTS_TO_REDRIVE;
  if (isPlain && traceHeader === undefined && rerunOf === undefined) return '{}';
  const more: ExecutionMore = {
    ...(redriveCount === 0 ? {} : { redriveCount }),
    ...(redriveMs === undefined ? {} : { redriveMs }),
    ...(traceHeader === undefined ? {} : { traceHeader }),
    ...(mapRun === undefined ? {} : { item: mapRun.item, itemCount: mapRun.itemCount }),
    ...(rerunOf === undefined ? {} : { rerunOf }),
    ...(eventCount < MAX_EVENTS_TO_REDRIVE ? {} : { eventCount }),
  };
  return JSON.stringify(more);
}

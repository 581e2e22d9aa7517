// What a list of executions becomes when its newest page is read again. Pure.
import type { ExecutionsPage } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionSummary } from '../../layers/seriatim/inspection/view.ts';

export interface ExecutionList {
  /** Newest start first. */
  readonly rows: readonly ExecutionSummary[];
  /** Where the list goes on; absent at its end. */
  readonly nextToken: string | undefined;
}

export function firstPage(page: ExecutionsPage): ExecutionList {
  return { rows: page.executions, nextToken: page.nextToken };
}

/** An execution that stands in both has been read twice, because its page begins where the one before ended. */
export function withNextPage({ rows }: ExecutionList, page: ExecutionsPage): ExecutionList {
  const known = new Set(rows.map(({ arn }) => arn));
  const added = page.executions.filter(({ arn }) => !known.has(arn));
  return { rows: [...rows, ...added], nextToken: page.nextToken };
}

/**
 * New executions go on top, those known get their present status. When none of the page is known, more have begun in
 * between than a page holds: the list begins anew, since a list with a gap would lie.
 */
export function withNewest(list: ExecutionList, newest: ExecutionsPage): ExecutionList {
  if (list.rows.length === 0) return firstPage(newest);
  const fresh = new Map(newest.executions.map((one) => [one.arn, one]));
  const isConnected = list.rows.some(({ arn }) => fresh.has(arn));
  if (!isConnected && newest.nextToken !== undefined) return firstPage(newest);
  const older = list.rows.filter(({ arn }) => !fresh.has(arn));
  return { rows: [...newest.executions, ...older], nextToken: list.nextToken };
}

/** As `withNewest`, for a reader who is further down: nothing moves, only statuses change. */
export function withPresentStatus(list: ExecutionList, newest: ExecutionsPage): ExecutionList {
  const fresh = new Map(newest.executions.map((one) => [one.arn, one]));
  return { ...list, rows: list.rows.map((row) => fresh.get(row.arn) ?? row) };
}

const MOST_ASKED = 5;

/** Executions that run and began before the newest page: their end is in no page that is read again. The oldest few. */
export function runningBefore({ rows }: ExecutionList, newest: ExecutionsPage): readonly string[] {
  const fresh = new Set(newest.executions.map(({ arn }) => arn));
  return rows
    .filter(({ arn, status }) => status === 'RUNNING' && !fresh.has(arn))
    .slice(-MOST_ASKED)
    .map(({ arn }) => arn);
}

/** How many of the page are not in the list. */
export function countNew({ rows }: ExecutionList, newest: ExecutionsPage): number {
  const known = new Set(rows.map(({ arn }) => arn));
  return newest.executions.filter(({ arn }) => !known.has(arn)).length;
}

// A list of Express executions: Step Functions keeps none, so it comes from the state machine's CloudWatch log group,
// which must be at level ALL to show those that succeeded.

import { uuid7TimeMs } from '../uuid7.ts';
import { isDerivedName, parseExecutionArn } from './arn.ts';
import type { BoundedMap } from './bounded-map.ts';
import { readFailure } from './failure.ts';
import { statusOf, summaryOf } from './fold.ts';
import { type LoggedEvent, textOf } from './history.ts';
import { newestFirst, type ReadLogPage } from './log-scan.ts';
import { iso, span } from './stages.ts';
import type { ExecutionStatus, ExecutionSummary } from './view.ts';

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
export const MAX_EXPRESS_MS = 5 * 60_000;
/** How much later than its event a log line may carry its time. */
export const SLACK_MS = 30_000;

export interface ExpressSource {
  readonly read: ReadLogPage;
  readonly pipeline: string;
  readonly stateMachineName: string;
  readonly logGroup: string;
  readonly nowMs: number;
  /** Of executions that failed, by ARN: how they started, looked for once. */
  readonly starts?: BoundedMap<LoggedEvent>;
}

export interface ListQuery {
  readonly status?: ExecutionStatus | undefined;
  readonly sinceMs: number;
  /** Only executions that started at or before this time. */
  readonly untilMs?: number | undefined;
  /** Whether each failed one is to say why. Express ones do anyway. */
  readonly wantsFailures?: boolean | undefined;
  /** How many will be asked for. */
  readonly limit?: number | undefined;
}

const FAILURES: Readonly<Partial<Record<ExecutionStatus, string>>> = {
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  ABORTED: 'ExecutionAborted',
};
const ENDS = '?ExecutionSucceeded ?ExecutionFailed ?ExecutionTimedOut ?ExecutionAborted';

/** Newest start first. Failures are found by their own lines, so that a few among many successes are quick. */
export async function* listExpress(
  source: ExpressSource,
  query: ListQuery,
): AsyncGenerator<ExecutionSummary> {
  const failures = failuresOf(query);
  const found = failures.length === 0 ? byStart(source, query) : byFailure(source, query, failures);
  for await (const summary of found) {
    if (query.status === undefined || query.status === summary.status) yield summary;
  }
}

/** The events that end what is asked for; none when it may have ended otherwise. */
function failuresOf({ status, wantsFailures }: ListQuery): string[] {
  if (status === undefined) return wantsFailures ? Object.values(FAILURES) : [];
  const failure = FAILURES[status];
  return failure === undefined ? [] : [failure];
}

async function* byStart(source: ExpressSource, query: ListQuery): AsyncGenerator<ExecutionSummary> {
  const ends = new Map<string, LoggedEvent>();
  const beforeMs = (query.untilMs ?? source.nowMs + SLACK_MS) + 1;
  const scan = {
    group: source.logGroup,
    pattern: `?ExecutionStarted ${ENDS}`,
    fromMs: earliest(source, query),
    beforeMs,
    // Two lines each.
    ...(query.limit === undefined ? {} : { wantedLines: query.limit * 2 }),
  };
  for await (const { events } of newestFirst(source.read, scan)) {
    const own = events.filter((event) => isOwn(source, event));
    for (const event of own) if (isEnd(event)) ends.set(event.executionArn, event);
    const starts = own.filter((event) => event.type === 'ExecutionStarted');
    if (query.untilMs !== undefined) await findLaterEnds(source, starts, { ends, afterMs: beforeMs });
    for (const start of starts) {
      yield summarise(source, start, ends.get(start.executionArn));
      ends.delete(start.executionArn);
    }
  }
  // Their starts are not in the log: it is at level ERROR, or cut off by its retention.
  for (const end of ends.values()) yield summarise(source, undefined, end);
}

/** What runs has started within the longest time that one may run. */
function earliest(source: ExpressSource, query: ListQuery): number {
  if (query.status !== 'RUNNING') return query.sinceMs;
  return Math.max(query.sinceMs, source.nowMs - MAX_EXPRESS_MS - SLACK_MS);
}

/** Executions that were running at the time from which a later page goes on: their ends lie after it. */
async function findLaterEnds(
  { read, logGroup }: ExpressSource,
  starts: readonly LoggedEvent[],
  { ends, afterMs }: { ends: Map<string, LoggedEvent>; afterMs: number },
): Promise<void> {
  const missing = new Set(starts.map((start) => start.executionArn).filter((arn) => !ends.has(arn)));
  const toMs = afterMs + MAX_EXPRESS_MS + SLACK_MS;
  const query = { group: logGroup, pattern: ENDS, fromMs: afterMs, toMs, limit: 1000 };
  let token: string | undefined;
  for (let pages = 0; missing.size > 0 && pages < 5; pages += 1) {
    const page = await read({ ...query, token });
    for (const event of page.events) {
      if (isEnd(event) && missing.delete(event.executionArn)) ends.set(event.executionArn, event);
    }
    token = page.nextToken;
    if (token === undefined) break;
  }
}

async function* byFailure(
  source: ExpressSource,
  query: ListQuery,
  failures: readonly string[],
): AsyncGenerator<ExecutionSummary> {
  const untilMs = query.untilMs ?? source.nowMs;
  const beforeMs = Math.min(source.nowMs + SLACK_MS, untilMs + MAX_EXPRESS_MS + SLACK_MS) + 1;
  const pattern = failures.length === 1 ? `"${failures[0]}"` : failures.map((type) => `?${type}`).join(' ');
  const scan = { group: source.logGroup, pattern, fromMs: query.sinceMs, beforeMs };
  let held: ExecutionSummary[] = [];
  for await (const { events, sinceMs } of newestFirst(source.read, scan)) {
    const ends = events.filter((event) => failures.includes(event.type) && isOwn(source, event));
    held.push(...(await summariseAll(source, ends)));
    held = held.filter((summary) => orderMs(summary) <= untilMs).sort((a, b) => orderMs(b) - orderMs(a));
    // What ended before this window cannot have started within it.
    const ready = held.filter((summary) => orderMs(summary) >= sinceMs);
    held = held.slice(ready.length);
    yield* ready;
  }
  yield* held;
}

/** How many starts are looked up at once: a log group allows some calls a second. */
const LOOKUPS = 8;

async function summariseAll(
  source: ExpressSource,
  ends: readonly LoggedEvent[],
): Promise<ExecutionSummary[]> {
  const found: ExecutionSummary[] = [];
  for (let at = 0; at < ends.length; at += LOOKUPS) {
    const some = ends.slice(at, at + LOOKUPS);
    const starts = await Promise.all(some.map((end) => knownStart(source, end)));
    found.push(...some.map((end, n) => summarise(source, starts[n], end)));
  }
  return found;
}

async function knownStart(source: ExpressSource, end: LoggedEvent): Promise<LoggedEvent | undefined> {
  const known = source.starts?.get(end.executionArn);
  if (known !== undefined) return known;
  const found = await findStart(source, end);
  // Without its payload: nothing but the time is asked of it.
  if (found !== undefined) source.starts?.set(end.executionArn, { ...found, details: {} });
  return found;
}

/** How far from what its name says an execution's start may be logged: mostly it follows at once, and clocks differ. */
const NEAR_MS: readonly { readonly before: number; readonly after: number }[] = [
  { before: 20, after: 200 },
  { before: 2_000, after: 2_000 },
];

/** A name that is a version 7 UUID says when; otherwise it is looked for through the time that one may last. */
async function findStart(source: ExpressSource, end: LoggedEvent): Promise<LoggedEvent | undefined> {
  const named = uuid7TimeMs(parseExecutionArn(end.executionArn)?.id ?? '');
  for (const { before, after } of named === undefined ? [] : NEAR_MS) {
    const near = await startWithin(source, end, { fromMs: named! - before, beforeMs: named! + after });
    if (near !== undefined) return near;
  }
  return startWithin(source, end, {
    fromMs: end.timeMs - MAX_EXPRESS_MS - SLACK_MS,
    beforeMs: end.timeMs + 1,
  });
}

const FIRST_WINDOW_MS = 4_000;

async function startWithin(
  source: ExpressSource,
  end: LoggedEvent,
  { fromMs, beforeMs }: { readonly fromMs: number; readonly beforeMs: number },
): Promise<LoggedEvent | undefined> {
  const id = parseExecutionArn(end.executionArn)?.id ?? end.executionArn;
  const pattern = `"${id}" "ExecutionStarted"`;
  const scan = { group: source.logGroup, pattern, fromMs, beforeMs, firstWindowMs: FIRST_WINDOW_MS };
  for await (const { events } of newestFirst(source.read, scan)) {
    const start = events.find(
      (event) => event.type === 'ExecutionStarted' && event.executionArn === end.executionArn,
    );
    if (start !== undefined) return start;
  }
  return undefined;
}

function summarise(
  source: ExpressSource,
  start: LoggedEvent | undefined,
  end: LoggedEvent | undefined,
): ExecutionSummary {
  const arn = (start ?? end)!.executionArn;
  const startMs = start?.timeMs;
  return {
    id: parseExecutionArn(arn)?.id ?? arn,
    arn,
    pipeline: source.pipeline,
    type: 'EXPRESS',
    status: expressStatus(end, startMs, source.nowMs),
    ...failureOf(end),
    ...(startMs === undefined ? {} : { start: iso(startMs), ...span(startMs, end?.timeMs) }),
    ...(startMs === undefined && end !== undefined ? { end: iso(end.timeMs) } : {}),
  };
}

function failureOf(end: LoggedEvent | undefined): Pick<ExecutionSummary, 'failure'> {
  if (end === undefined || end.type === 'ExecutionSucceeded') return {};
  const error =
    textOf(end.details, 'error') ?? (end.type === 'ExecutionTimedOut' ? 'States.Timeout' : undefined);
  if (error === undefined) return {};
  return { failure: summaryOf(readFailure(error, textOf(end.details, 'cause'))) };
}

/** What has no end is running only as long as an Express execution may. */
export function expressStatus(
  end: { readonly type: string } | undefined,
  startMs: number | undefined,
  nowMs: number,
): ExecutionStatus {
  const isOver = startMs !== undefined && nowMs - startMs > MAX_EXPRESS_MS + SLACK_MS;
  return end === undefined && isOver ? 'UNKNOWN' : statusOf(end);
}

function isEnd(event: LoggedEvent): boolean {
  return /^Execution(Succeeded|Failed|TimedOut|Aborted)$/.test(event.type);
}

/** A log group may be shared, and holds the children of Map Runs beside the executions that were started. */
function isOwn(source: ExpressSource, event: LoggedEvent): boolean {
  const arn = parseExecutionArn(event.executionArn);
  return (
    arn?.type === 'EXPRESS' &&
    (arn.stateMachineName === source.stateMachineName ||
      isDerivedName(arn.stateMachineName, source.stateMachineName)) &&
    arn.mapRunLabel === undefined
  );
}

/** What lists are ordered by: the start, or the end where the start is not known. */
function orderMs(summary: ExecutionSummary): number {
  return Date.parse(summary.start ?? summary.end ?? '');
}

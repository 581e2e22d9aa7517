// One Express execution: its events are the lines of the state machine's log group that bear its ARN. Lines are read
// backwards from now until the one that says it started; an id that is a version 7 UUID tells when that was.

import { uuid7TimeMs } from '../uuid7.ts';
import { type ExecutionArn, parseExecutionArn } from './arn.ts';
import { expressStatus, MAX_EXPRESS_MS, SLACK_MS } from './express-list.ts';
import type { LoggedEvent } from './history.ts';
import { newestFirst, type ReadLogPage } from './log-scan.ts';
import type { ExecutionRecord } from './record.ts';

export interface ExpressLog {
  readonly read: ReadLogPage;
  readonly pipeline: string;
  readonly logGroup: string;
  readonly nowMs: number;
  /** How far back to look. */
  readonly sinceMs: number;
}

/** @param asked an execution's name, or its ARN */
export async function readExpress(log: ExpressLog, asked: string): Promise<ExecutionRecord | undefined> {
  const arn = parseExecutionArn(asked);
  const id = arn?.id ?? asked;
  const startedMs = uuid7TimeMs(id);
  const hinted = startedMs === undefined ? [] : await findStarted(log, { id, arn }, startedMs);
  const events =
    hinted.length > 0
      ? hinted
      : await findEvents(log, { id, arn, fromMs: log.sinceMs, beforeMs: log.nowMs + SLACK_MS });
  return events.length === 0 ? undefined : recordOf(log, events);
}

function recordOf(log: ExpressLog, events: readonly LoggedEvent[]): ExecutionRecord {
  const arn = parseExecutionArn(events[0]!.executionArn)!;
  const started = events.find((event) => event.type === 'ExecutionStarted');
  const ended = events.find((event) => /^Execution(?!Started|Redriven)/.test(event.type));
  const description = {
    id: arn.id,
    arn: arn.arn,
    type: arn.type,
    stateMachineName: arn.stateMachineName,
    pipeline: log.pipeline,
    logGroup: log.logGroup,
    status: expressStatus(ended, started?.timeMs, log.nowMs),
  };
  return { events, description, mapRuns: [] };
}

/** How far around its start an execution is looked for: most end within seconds, and clocks differ by little. */
const WINDOWS_MS: readonly { readonly before: number; readonly after: number }[] = [
  { before: 50, after: 500 },
  { before: 1_000, after: 3_000 },
  { before: SLACK_MS, after: MAX_EXPRESS_MS + SLACK_MS },
];

/** A version 7 UUID says when: only that stretch of the log is read, however old it is. */
async function findStarted(
  log: ExpressLog,
  wanted: Pick<Wanted, 'id' | 'arn'>,
  startedMs: number,
): Promise<LoggedEvent[]> {
  let found: LoggedEvent[] = [];
  for (const { before, after } of WINDOWS_MS) {
    const fromMs = startedMs - before;
    const beforeMs = Math.min(startedMs + after, log.nowMs + SLACK_MS);
    found = await findEvents(log, { ...wanted, fromMs, beforeMs, isWhole: true });
    const isComplete = found.some((event) =>
      /^Execution(Succeeded|Failed|TimedOut|Aborted)$/.test(event.type),
    );
    if (isComplete && found.some((event) => event.type === 'ExecutionStarted')) return found;
  }
  return found;
}

interface Wanted {
  readonly id: string;
  readonly arn: ExecutionArn | undefined;
  readonly fromMs: number;
  readonly beforeMs: number;
  /** The window is read as one piece: it is known to hold little that is asked for. */
  readonly isWhole?: boolean;
}

async function findEvents(log: ExpressLog, wanted: Wanted): Promise<LoggedEvent[]> {
  const found: LoggedEvent[] = [];
  const scan = {
    group: log.logGroup,
    pattern: `"${wanted.id}"`,
    fromMs: wanted.fromMs,
    beforeMs: wanted.beforeMs,
    // Only this execution's lines come back, however long the log is.
    lineBudget: 200_000,
    ...(wanted.isWhole ? { firstWindowMs: wanted.beforeMs - wanted.fromMs } : {}),
  };
  for await (const { events } of newestFirst(log.read, scan)) {
    for (const event of events) if (isWanted(event, wanted)) found.push(event);
    if (found.some((event) => event.type === 'ExecutionStarted')) break;
  }
  return found;
}

function isWanted(event: LoggedEvent, { id, arn }: Wanted): boolean {
  if (arn !== undefined) return event.executionArn === arn.arn;
  const own = parseExecutionArn(event.executionArn);
  return own?.type === 'EXPRESS' && own.id === id;
}

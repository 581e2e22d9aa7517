// One Express execution: its events are the lines of the state machine's log group that bear its ARN. Lines are read
// backwards from now until the one that says it started; an id that is a version 7 UUID tells when that was.
import { type ExecutionArn, parseExecutionArn } from './arn.ts';
import { expressStatus, MAX_EXPRESS_MS, SLACK_MS } from './express-list.ts';
import { foldExecution } from './fold.ts';
import type { LoggedEvent } from './history.ts';
import { newestFirst, type ReadLogPage } from './log-scan.ts';
import type { ExecutionView } from './view.ts';

export interface ExpressLog {
  readonly read: ReadLogPage;
  readonly pipeline: string;
  readonly logGroup: string;
  readonly nowMs: number;
  /** How far back to look. */
  readonly sinceMs: number;
}

/** @param asked an execution's name, or its ARN */
export async function readExpress(log: ExpressLog, asked: string): Promise<ExecutionView | undefined> {
  const arn = parseExecutionArn(asked);
  const id = arn?.id ?? asked;
  const startedMs = uuid7TimeMs(id);
  const hinted = startedMs === undefined ? [] : await findEvents(log, { id, arn, ...around(startedMs) });
  const events =
    hinted.length > 0
      ? hinted
      : await findEvents(log, { id, arn, fromMs: log.sinceMs, beforeMs: log.nowMs + SLACK_MS });
  return events.length === 0 ? undefined : foldLines(log, events);
}

function foldLines(log: ExpressLog, events: readonly LoggedEvent[]): ExecutionView {
  const arn = parseExecutionArn(events[0]!.executionArn)!;
  const started = events.find((event) => event.type === 'ExecutionStarted');
  const ended = events.find((event) => /^Execution(?!Started|Redriven)/.test(event.type));
  return foldExecution(events, {
    id: arn.id,
    arn: arn.arn,
    type: arn.type,
    stateMachineName: arn.stateMachineName,
    pipeline: log.pipeline,
    status: expressStatus(ended, started?.timeMs, log.nowMs),
  });
}

interface Wanted {
  readonly id: string;
  readonly arn: ExecutionArn | undefined;
  readonly fromMs: number;
  readonly beforeMs: number;
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

function around(startedMs: number): { fromMs: number; beforeMs: number } {
  return { fromMs: startedMs - SLACK_MS, beforeMs: startedMs + MAX_EXPRESS_MS + SLACK_MS };
}

/** RFC 9562: a version 7 UUID begins with its time in 48 bits. */
function uuid7TimeMs(id: string): number | undefined {
  const isVersion7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(id);
  return isVersion7 ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

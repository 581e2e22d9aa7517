// Reading a CloudWatch log group from its newest line backwards. FilterLogEvents only reads forwards, so this asks
// for windows of time, the newest first: each four times as long as the one before it while lines are few, and cut
// down to what the lines' density allows when a window holds too many. A list of the newest 50 executions therefore
// costs about the same with a hundred executions in the log and with a hundred thousand.
import { type CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { fromLogLine, type LoggedEvent } from './history.ts';

/** One page of FilterLogEvents. Both times are included; an unknown group has no lines. */
export type ReadLogPage = (query: LogPageQuery) => Promise<LogPage>;

export interface LogPageQuery {
  readonly group: string;
  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html */
  readonly pattern: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
  readonly token?: string | undefined;
}

/** Lines that are not Step Functions events are left out. */
export interface LogPage {
  readonly events: readonly LoggedEvent[];
  readonly nextToken: string | undefined;
}

export interface LogScan {
  readonly group: string;
  readonly pattern: string;
  readonly fromMs: number;
  /** Not included. */
  readonly beforeMs: number;
  /** The scan ends early once it has read this many lines; 40,000 unless told. */
  readonly lineBudget?: number;
  /** How many lines will do: windows are cut to hold a few times as many. 2,000 unless told. */
  readonly wantedLines?: number;
  /** The length of the first window; a second unless told. */
  readonly firstWindowMs?: number;
}

/** The Step Functions events of one window, newest first; everything at or after `sinceMs` has now been seen. */
export interface LogWindow {
  readonly events: readonly LoggedEvent[];
  readonly sinceMs: number;
}

const LINE_BUDGET = 40_000;
const FIRST_WINDOW_MS = 1000;
const WINDOW_GROWTH = 4;
/** More lines than this in one window, and a shorter one is asked for: what was read of it was read in vain. */
const WINDOW_LINES = { least: 500, most: 2000 };

export async function* newestFirst(read: ReadLogPage, scan: LogScan): AsyncGenerator<LogWindow> {
  let endMs = scan.beforeMs;
  let widthMs = scan.firstWindowMs ?? FIRST_WINDOW_MS;
  let budget = scan.lineBudget ?? LINE_BUDGET;
  /** From here to `endMs` there are more lines than a window may hold. */
  let crowdedFromMs = endMs;
  while (endMs > scan.fromMs && budget > 0) {
    const startMs = Math.max(scan.fromMs, endMs - widthMs);
    const found = await readWindow(read, scan, startMs, endMs);
    budget -= found.events.length;
    if (found.isCut) {
      crowdedFromMs = startMs;
      widthMs = shorter(startMs, endMs, found.events.at(-1)?.timeMs ?? endMs);
      continue;
    }
    yield { events: found.events.sort(byTimeThenId), sinceMs: startMs };
    endMs = startMs;
    widthMs = longer(widthMs, endMs - crowdedFromMs);
  }
}

/** @param crowdedMs how much is left of a window that held too much; half of that is worth a try, more is not */
function longer(widthMs: number, crowdedMs: number): number {
  const longerMs = widthMs * WINDOW_GROWTH;
  return crowdedMs > 0 ? Math.max(widthMs, Math.min(longerMs, Math.ceil(crowdedMs / 2))) : longerMs;
}

/** What lies after the last line seen, or what its density would fill to half: whichever is shorter. */
function shorter(startMs: number, endMs: number, lastSeenMs: number): number {
  const unseenMs = endMs - 1 - lastSeenMs;
  return Math.max(1, Math.min(unseenMs, Math.floor((lastSeenMs - startMs) / 2)));
}

async function readWindow(
  read: ReadLogPage,
  { group, pattern, wantedLines = WINDOW_LINES.most }: LogScan,
  startMs: number,
  endMs: number,
): Promise<{ events: LoggedEvent[]; isCut: boolean }> {
  const limit = Math.max(WINDOW_LINES.least, Math.min(WINDOW_LINES.most, wantedLines * 2));
  const query = { group, pattern, fromMs: startMs, toMs: endMs - 1, limit };
  const events: LoggedEvent[] = [];
  let token: string | undefined;
  do {
    const page = await read({ ...query, token });
    for (const event of page.events) events.push(event);
    token = page.nextToken;
    // A single millisecond cannot be divided further.
    if (token !== undefined && events.length >= limit && endMs - startMs > 1) return { events, isCut: true };
  } while (token !== undefined);
  return { events, isCut: false };
}

function byTimeThenId(a: LoggedEvent, b: LoggedEvent): number {
  return b.timeMs - a.timeMs || b.id - a.id;
}

export function logPageReader(logs: CloudWatchLogsClient): ReadLogPage {
  return async ({ group, pattern, fromMs, toMs, limit, token }) => {
    try {
      const page = await logs.send(
        new FilterLogEventsCommand({
          logGroupName: group,
          filterPattern: pattern,
          startTime: fromMs,
          endTime: toMs,
          limit,
          nextToken: token,
        }),
      );
      const events = (page.events ?? []).map((event) => fromLogLine(event.message ?? ''));
      return { events: events.filter((event) => event !== undefined), nextToken: page.nextToken };
    } catch (thrown) {
      // The group is made with the first execution's first line.
      if (thrown instanceof Error && thrown.name === 'ResourceNotFoundException') return NO_LINES;
      throw thrown;
    }
  };
}

const NO_LINES: LogPage = { events: [], nextToken: undefined };

// The history of a Standard execution, by GetExecutionHistory: a long one from both of its ends at once, since each page
// is only to be had after the one before it; of one that was read before, what has come since.
import { GetExecutionHistoryCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { fromSfn, type HistoryEvent } from './history.ts';

const PAGE = 1000;
/** New events are asked for at once; more than that many since the last time take a second request. */
const NEWEST = 200;

interface Page {
  readonly events: readonly HistoryEvent[];
  readonly nextToken: string | undefined;
}

interface Asked {
  readonly isBackward: boolean;
  readonly size: number;
  readonly token: string | undefined;
}

type ReadPage = (asked: Asked) => Promise<Page>;

function pageReader(sfn: SFNClient, executionArn: string): ReadPage {
  return async ({ isBackward, size, token }) => {
    const asked = { executionArn, reverseOrder: isBackward, maxResults: size, nextToken: token };
    const { events = [], nextToken } = await sfn.send(new GetExecutionHistoryCommand(asked));
    return { events: events.map(fromSfn), nextToken };
  };
}

/** Oldest first. */
export async function readHistory(sfn: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const read = pageReader(sfn, executionArn);
  const first = await read({ isBackward: false, size: PAGE, token: undefined });
  if (first.nextToken === undefined) return [...first.events];
  const met: Met = { oldest: lastIdOf(first), newest: Number.POSITIVE_INFINITY };
  const [forward, backward] = await Promise.all([
    walk(read, { met, isBackward: false, token: first.nextToken }),
    walk(read, { met, isBackward: true, token: undefined }),
  ]);
  const byId = new Map(
    [...first.events, ...forward, ...backward.reverse()].map((event) => [event.id, event]),
  );
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

/** How far the two have come: events are numbered without gaps. */
interface Met {
  /** The last of what has been read from the beginning. */
  oldest: number;
  /** The first of what has been read from the end. */
  newest: number;
}

interface Way {
  readonly met: Met;
  readonly isBackward: boolean;
  readonly token: string | undefined;
}

async function walk(read: ReadPage, { met, isBackward, token: first }: Way): Promise<HistoryEvent[]> {
  const found: HistoryEvent[] = [];
  let token = first;
  while (met.newest - met.oldest > 1) {
    const page = await read({ isBackward, size: PAGE, token });
    found.push(...page.events);
    if (isBackward) met.newest = Math.min(met.newest, lastIdOf(page));
    else met.oldest = Math.max(met.oldest, lastIdOf(page));
    token = page.nextToken;
    if (token === undefined) break;
  }
  return found;
}

function lastIdOf({ events }: Page): number {
  return events.at(-1)?.id ?? 0;
}

/** What is known and what has come since; the same array when nothing has. */
export async function readOn(
  sfn: SFNClient,
  executionArn: string,
  known: readonly HistoryEvent[],
): Promise<readonly HistoryEvent[]> {
  const read = pageReader(sfn, executionArn);
  const lastId = known.reduce((most, { id }) => Math.max(most, id), 0);
  const found: HistoryEvent[] = [];
  let token: string | undefined;
  do {
    const page = await read({ isBackward: true, size: NEWEST, token });
    const newer = page.events.filter(({ id }) => id > lastId);
    found.push(...newer);
    token = newer.length < page.events.length ? undefined : page.nextToken;
  } while (token !== undefined);
  return found.length === 0 ? known : [...known, ...found.reverse()];
}

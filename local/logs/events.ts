// Operations on log events: putting, reading one stream, searching a group.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
import type { SdkOperations, SdkValues } from '../service.ts';
import { AwsError } from '../wire/errors.ts';
import type { LogEvent } from './api.ts';
import { parseFilterPattern } from './filter-pattern.ts';
import type { LogGroup } from './group.ts';
import { streamMissing } from './groups.ts';
import { groupName, invalid, optionalNumber, optionalText, requiredText } from './input.ts';
import { pageSize } from './pages.ts';
import { type Cursor, type ReadQuery, readEvents, type StoredEvent } from './read.ts';
import type { LogStore } from './store.ts';
import { listStreams } from './streams.ts';

interface Parts {
  readonly store: LogStore;
  readonly now: () => number;
}

const MAX_EVENTS = 10_000;
const MAX_PAGE_BYTES = 1024 * 1024;
const MAX_EVENT_BYTES = 1024 * 1024;
/** What CloudWatch Logs counts for an event besides its text. */
const EVENT_OVERHEAD_BYTES = 26;
const TOO_OLD_MS = 14 * 86_400_000;
const TOO_NEW_MS = 2 * 3_600_000;

export function eventOperations(parts: Parts): SdkOperations {
  return {
    putLogEvents: async (input) => putLogEvents(parts, input),
    getLogEvents: (input) => getLogEvents(parts, input),
    filterLogEvents: (input) => filterLogEvents(parts, input),
  };
}

function putLogEvents({ store, now }: Parts, input: SdkValues): SdkValues {
  const group = store.group(groupName(input));
  const streamName = requiredText(input, 'logStreamName');
  if (!group.hasOpenStream(streamName) && !listStreams(group).some((stream) => stream.name === streamName))
    throw streamMissing();
  const events = checkEvents(input.logEvents);
  const oldestMs = now() - TOO_OLD_MS;
  const firstKept = events.findIndex((event) => event.timestamp >= oldestMs);
  const start = firstKept < 0 ? events.length : firstKept;
  const firstNew = events.findIndex((event) => event.timestamp > now() + TOO_NEW_MS);
  const end = firstNew < 0 ? events.length : firstNew;
  if (end > start) store.write(group.settings.name, streamName, events.slice(start, end));
  const rejected = {
    ...(start > 0 ? { tooOldLogEventEndIndex: start } : {}),
    ...(firstNew >= 0 ? { tooNewLogEventStartIndex: firstNew } : {}),
  };
  return {
    nextSequenceToken: '1',
    ...(Object.keys(rejected).length === 0 ? {} : { rejectedLogEventsInfo: rejected }),
  };
}

function checkEvents(value: unknown): LogEvent[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_EVENTS)
    throw invalid(
      `Value at 'logEvents' failed to satisfy constraint: Member must have length between 1 and ${MAX_EVENTS}`,
    );
  let bytes = 0;
  let previousMs = Number.NEGATIVE_INFINITY;
  for (const event of value as LogEvent[]) {
    if (typeof event?.timestamp !== 'number' || typeof event.message !== 'string')
      throw invalid("Value null at 'logEvents.member' failed to satisfy constraint: Member must not be null");
    if (event.timestamp < previousMs)
      throw new AwsError(
        'InvalidParameterException',
        'Log events in a single PutLogEvents request must be in chronological order.',
      );
    previousMs = event.timestamp;
    const size = Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    bytes += size;
    if (size > MAX_EVENT_BYTES || bytes > MAX_PAGE_BYTES)
      throw new AwsError(
        'InvalidParameterException',
        `Upload too large: ${bytes} bytes exceeds limit of ${MAX_PAGE_BYTES}`,
      );
  }
  return value as LogEvent[];
}

async function getLogEvents({ store, now }: Parts, input: SdkValues): Promise<SdkValues> {
  const group = store.group(groupName(input));
  const streamName = requiredText(input, 'logStreamName');
  if (!listStreams(group).some((stream) => stream.name === streamName)) throw streamMissing();
  const token = optionalText(input, 'nextToken');
  const cursor = token === undefined ? undefined : decodeStreamToken(token);
  const isForward = token === undefined ? input.startFromHead === true : token.startsWith('f/');
  const { events } = await readPage(group, {
    query: {
      direction: isForward ? 'forward' : 'backward',
      from: cursor,
      ...timeRange(group, input, now()),
      isWantedStream: (name) => name === streamName,
    },
    limit: pageSize(input, MAX_EVENTS),
    matches: () => true,
  });
  if (!isForward) events.reverse();
  return {
    events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
    nextForwardToken: `f/${encodeCursor(events.at(-1) ?? cursor ?? START)}`,
    nextBackwardToken: `b/${encodeCursor(events[0] ?? cursor ?? START)}`,
  };
}

async function filterLogEvents({ store, now }: Parts, input: SdkValues): Promise<SdkValues> {
  const group = store.group(groupName(input));
  const token = optionalText(input, 'nextToken');
  const { matches, anyOf } = parseFilterPattern(optionalText(input, 'filterPattern') ?? '');
  const { events, hasMore } = await readPage(group, {
    query: {
      direction: 'forward',
      from: token === undefined ? undefined : decodeCursor(token),
      ...timeRange(group, input, now()),
      isWantedStream: streamFilter(input),
      anyOf,
    },
    limit: pageSize(input, MAX_EVENTS),
    matches,
  });
  return {
    events: events.map((event) => ({
      logStreamName: event.stream,
      timestamp: event.timestamp,
      message: event.message,
      ingestionTime: event.ingestionTime,
      eventId: encodeCursor(event),
    })),
    searchedLogStreams: [],
    ...(hasMore ? { nextToken: encodeCursor(events.at(-1)!) } : {}),
  };
}

function streamFilter(input: SdkValues): ((name: string) => boolean) | undefined {
  const prefix = optionalText(input, 'logStreamNamePrefix');
  const names = input.logStreamNames as readonly string[] | undefined;
  if (prefix !== undefined && names !== undefined)
    throw new AwsError(
      'InvalidParameterException',
      'logStreamNamePrefix and logStreamNames cannot both be specified',
    );
  if (names !== undefined) return (name) => names.includes(name);
  return prefix === undefined ? undefined : (name) => name.startsWith(prefix);
}

/** `endTime` is inclusive in a search and exclusive in reading a stream; both are served as exclusive of the next. */
function timeRange(group: LogGroup, input: SdkValues, nowMs: number): Pick<ReadQuery, 'fromMs' | 'toMs'> {
  const fromMs = Math.max(optionalNumber(input, 'startTime') ?? 0, group.oldestMs(nowMs));
  const endMs = optionalNumber(input, 'endTime');
  const isSearch = input.logStreamName === undefined;
  return { fromMs, toMs: endMs === undefined ? undefined : isSearch ? endMs + 1 : endMs };
}

interface PageRequest {
  readonly query: ReadQuery;
  readonly limit: number;
  readonly matches: (message: string) => boolean;
}

async function readPage(
  group: LogGroup,
  { query, limit, matches }: PageRequest,
): Promise<{ events: StoredEvent[]; hasMore: boolean }> {
  const events: StoredEvent[] = [];
  let bytes = 0;
  for await (const event of readEvents(group, query)) {
    if (!matches(event.message)) continue;
    bytes += Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    if (events.length === limit || (events.length > 0 && bytes > MAX_PAGE_BYTES))
      return { events, hasMore: true };
    events.push(event);
  }
  return { events, hasMore: false };
}

const START: Cursor = { timestamp: 0, position: '0'.repeat(30) };

/** 43 digits, as numbers that sort like the events: the time, then the position. */
function encodeCursor({ timestamp, position }: Cursor): string {
  return String(timestamp).padStart(13, '0') + position;
}

function decodeCursor(token: string): Cursor {
  if (!/^\d{43,}$/.test(token))
    throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
  return { timestamp: Number(token.slice(0, -30)), position: token.slice(-30) };
}

function decodeStreamToken(token: string): Cursor {
  if (!/^[fb]\//.test(token))
    throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
  return decodeCursor(token.slice(2));
}

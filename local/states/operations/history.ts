// GetExecutionHistory, DescribeStateMachineForExecution.
import type { SdkOperations, SdkValues } from '../../service.ts';
import type { Json } from '../json/text.ts';
import { detailsMember } from '../run/events.ts';
import { invalidArn } from './api-errors.ts';
import { findRow } from './executions.ts';
import { decodeToken, encodeToken, readIncluded, readPage, requiredText } from './input.ts';
import { revisionView } from './machines.ts';
import type { KeptEvent, World } from './world.ts';

export function historyOperations(world: World): SdkOperations {
  return {
    getExecutionHistory: (input) => getHistory(world, input),
    describeStateMachineForExecution: async (input) => describeForExecution(world, input),
  };
}

/** All events of an execution. */
export function eventsOf(world: World, seq: number): KeptEvent[] {
  return readEvents(world, seq, { from: 1, isReverse: false, limit: Number.POSITIVE_INFINITY });
}

/** About what a chunk holds, when its events are small. */
const CHUNK_EVENTS = 100;

/** Chunks read at once. */
const MOST_CHUNKS = 8;

async function getHistory(world: World, input: SdkValues): Promise<SdkValues> {
  const arn = requiredText(input, 'executionArn');
  if (!arn.startsWith('arn:')) throw invalidArn(`Invalid ARN prefix: ${arn}`);
  const row = findRow(world, input);
  const page = readPage(input);
  await world.journal.whenReadable();
  const isReverse = input.reverseOrder === true;
  const start = isReverse ? Number.MAX_SAFE_INTEGER : 1;
  const listing = `history ${arn} ${isReverse}`;
  const from = page.token === undefined ? start : decodeToken<number>(page.token, listing);
  const events = readEvents(world, row.seq, { from, isReverse, limit: page.limit + 1 });
  const shown = events.slice(0, page.limit);
  const next = events[page.limit];
  return {
    events: shown.map((event) => toApi(event, input.includeExecutionData !== false)),
    ...(next === undefined ? {} : { nextToken: encodeToken(next.id, listing) }),
  };
}

interface EventQuery {
  readonly from: number;
  readonly isReverse: boolean;
  readonly limit: number;
}

function readEvents(world: World, seq: number, { from, isReverse, limit }: EventQuery): KeptEvent[] {
  const events: KeptEvent[] = [];
  let at = from;
  while (events.length < limit) {
    const chunks = readChunks(world, seq, { from: at, isReverse, limit: limit - events.length });
    if (chunks.length === 0) break;
    for (const chunk of chunks) {
      if (events.length >= limit) break;
      const inside = (JSON.parse(chunk.events) as KeptEvent[]).filter((event) =>
        isReverse ? event.id <= at : event.id >= at,
      );
      events.push(...(isReverse ? inside.reverse() : inside));
    }
    const last = chunks.at(-1)!;
    at = isReverse ? last.first - 1 : last.last + 1;
  }
  return events.slice(0, limit);
}

interface Chunk {
  readonly first: number;
  readonly last: number;
  readonly events: string;
}

const BACKWARDS = `SELECT first, last, events FROM history WHERE seq = ? AND first <= ?
  ORDER BY first DESC LIMIT ?`;
/** From the chunk that holds the event: found by the key, however long the history before it is. */
const FORWARDS = `SELECT first, last, events FROM history WHERE seq = ?
  AND first >= (SELECT coalesce(max(first), 0) FROM history WHERE seq = ? AND first <= ?) AND last >= ? ORDER BY first LIMIT ?`;

function readChunks({ database }: World, seq: number, { from, isReverse, limit }: EventQuery): Chunk[] {
  const count = Math.min(MOST_CHUNKS, 1 + Math.ceil(limit / CHUNK_EVENTS));
  return isReverse
    ? database.all<Chunk>(BACKWARDS, seq, from, count)
    : database.all<Chunk>(FORWARDS, seq, seq, from, from, count);
}

const DATA = new Set(['input', 'output', 'parameters', 'assignedVariables', 'cause']);

function toApi(event: KeptEvent, hasData: boolean): SdkValues {
  const details = event.details === undefined || hasData ? event.details : withoutData(event.details);
  return {
    timestamp: new Date(event.timestampMs),
    type: event.type,
    id: event.id,
    previousEventId: event.previousEventId,
    ...(details === undefined ? {} : { [detailsMember(event.type)]: details }),
  };
}

function withoutData(details: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(details).filter(([name]) => !DATA.has(name)));
}

function describeForExecution(world: World, input: SdkValues): SdkValues {
  const row = findRow(world, input);
  const revision = world.shelves.revisions.get(row.revision);
  if (revision === undefined) throw invalidArn(`Invalid ARN: ${row.arn}`);
  const label = world.shelves.mapRuns.get(row.map_run_arn ?? '')?.label;
  return {
    ...revisionView(revision, readIncluded(input)),
    ...(label === undefined ? {} : { label }),
    stateMachineArn: row.machine_arn,
    updateDate: new Date(revision.createdMs),
    ...(row.map_run_arn === null ? {} : { mapRunArn: row.map_run_arn }),
  };
}

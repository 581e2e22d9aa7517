// Lists and views of Express executions from the lines of their log group.
import { describe, expect, it } from 'vitest';
import { listExpress } from '../../layers/seriatim/inspection/express-list.ts';
import { readExpress as readRecord } from '../../layers/seriatim/inspection/express-read.ts';
import type { LoggedEvent } from '../../layers/seriatim/inspection/history.ts';
import { newestFirst } from '../../layers/seriatim/inspection/log-scan.ts';
import { viewOf } from '../../layers/seriatim/inspection/record.ts';
import type {
  ExecutionStatus,
  ExecutionSummary,
  ExecutionView,
} from '../../layers/seriatim/inspection/view.ts';
import { housePricesHistory } from './house-prices.ts';
import { type MemoryLog, memoryLog } from './memory-log.ts';

/** The record that is found, as its view. */
async function readExpress(...asked: Parameters<typeof readRecord>): Promise<ExecutionView | undefined> {
  const record = await readRecord(...asked);
  return record && viewOf(record);
}

const NOW = Date.parse('2026-11-22T18:00:00.000Z');
const DAY = 86_400_000;
const MACHINE = 'seriatim-dev-house-prices';

function arnOf(id: string, machine = MACHINE): string {
  return `arn:aws:states:us-east-1:000000000000:express:${machine}:${id}:11111111-1111-4111-8111-111111111111`;
}

function line(id: string, type: string, timeMs: number, machine = MACHINE): LoggedEvent {
  const executionArn = arnOf(id, machine);
  return { id: type === 'ExecutionStarted' ? 1 : 9, previousId: 0, type, timeMs, details: {}, executionArn };
}

/** One execution's first and last line. */
function execution(id: string, startMs: number, lengthMs: number, end = 'ExecutionSucceeded'): LoggedEvent[] {
  return [line(id, 'ExecutionStarted', startMs), line(id, end, startMs + lengthMs)];
}

function source(log: MemoryLog) {
  const { read } = log;
  return { read, pipeline: 'house-prices', stateMachineName: MACHINE, logGroup: 'group', nowMs: NOW };
}

async function list(
  log: MemoryLog,
  limit: number,
  query: { status?: ExecutionStatus; untilMs?: number } = {},
): Promise<ExecutionSummary[]> {
  const found: ExecutionSummary[] = [];
  for await (const summary of listExpress(source(log), { sinceMs: NOW - 14 * DAY, ...query })) {
    found.push(summary);
    if (found.length === limit) break;
  }
  return found;
}

describe('a list of Express executions', () => {
  it('has the newest start first, with status and duration', async () => {
    const log = memoryLog([
      ...execution('a', NOW - 3 * DAY, 10),
      ...execution('b', NOW - 5000, 20, 'ExecutionFailed'),
      line('c', 'ExecutionStarted', NOW - 100),
    ]);

    expect(await list(log, 10)).toMatchObject([
      { id: 'c', status: 'RUNNING', type: 'EXPRESS', pipeline: 'house-prices' },
      { id: 'b', status: 'FAILED', durationMs: 20 },
      { id: 'a', status: 'SUCCEEDED', durationMs: 10 },
    ]);
  });

  it('leaves out other state machines and the children of Map Runs', async () => {
    const log = memoryLog([
      line('other', 'ExecutionStarted', NOW - 10, 'seriatim-dev-photos'),
      line('child', 'ExecutionStarted', NOW - 10, `${MACHINE}/Records`),
      line('own', 'ExecutionStarted', NOW - 10),
    ]);

    expect((await list(log, 10)).map(({ id }) => id)).toEqual(['own']);
  });

  it('says UNKNOWN of one without an end that cannot be running any more', async () => {
    const log = memoryLog([line('lost', 'ExecutionStarted', NOW - DAY)]);

    expect(await list(log, 10)).toMatchObject([{ id: 'lost', status: 'UNKNOWN' }]);
    expect(await list(log, 10, { status: 'RUNNING' })).toEqual([]);
  });

  it('reads under a tenth of the lines for the newest 50 of a hundred thousand', async () => {
    const busy = Array.from({ length: 100_000 }, (_, i) => execution(`e${i}`, NOW - 120_000 + i, 3));
    const log = memoryLog(busy.flat());

    const found = await list(log, 50);

    expect(found.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, i) => `e${99_999 - i}`));
    expect(log.linesRead()).toBeLessThan(20_000);
  });

  it('goes on from a time with the ends of what was running then', async () => {
    const log = memoryLog([...execution('long', NOW - 10_000, 8000), ...execution('short', NOW - 9000, 5)]);

    expect(await list(log, 10, { untilMs: NOW - 9500 })).toMatchObject([
      { id: 'long', status: 'SUCCEEDED', durationMs: 8000 },
    ]);
  });

  it('finds a few failures among many successes without reading those', async () => {
    const busy = Array.from({ length: 20_000 }, (_, i) => execution(`e${i}`, NOW - 100_000 + i * 4, 3));
    const failed = [
      ...execution('first', NOW - 90_000, 70_000, 'ExecutionFailed'),
      ...execution('second', NOW - 50_000, 5, 'ExecutionFailed'),
    ];
    const log = memoryLog([...busy.flat(), ...failed]);

    const found = await list(log, 10, { status: 'FAILED' });

    expect(found).toMatchObject([
      { id: 'second', durationMs: 5 },
      { id: 'first', durationMs: 70_000 },
    ]);
    expect(log.linesRead()).toBeLessThan(20);
  });

  it('shows ends without starts, as a log at level ERROR has them', async () => {
    const log = memoryLog([line('ended', 'ExecutionFailed', NOW - 1000)]);

    expect(await list(log, 10)).toMatchObject([{ id: 'ended', status: 'FAILED', end: expect.any(String) }]);
  });
});

describe('one Express execution', () => {
  const history = housePricesHistory(NOW - 2000).map((event) => ({
    ...event,
    executionArn: arnOf('wanted'),
  }));
  const neighbours = execution('wanted-too', NOW - 1500, 4);

  function read(id: string) {
    const { read } = memoryLog([...history, ...neighbours]);
    return readExpress(
      { read, pipeline: 'house-prices', logGroup: 'group', nowMs: NOW, sinceMs: NOW - DAY },
      id,
    );
  }

  it('is found by its name and by its ARN', async () => {
    const byName = await read('wanted');

    expect(byName).toMatchObject({ id: 'wanted', status: 'SUCCEEDED', eventCount: history.length });
    expect(await read(arnOf('wanted'))).toEqual(byName);
  });

  it('is undefined when no line is its own', async () => {
    expect(await read('want')).toBeUndefined();
  });

  it('is found at once by an id that carries its time', async () => {
    const id = '019ab000-0000-7000-8000-000000000001';
    const startMs = 0x019ab0000000;
    const log = memoryLog(execution(id, startMs, 5));

    const view = await readExpress(
      { read: log.read, pipeline: 'p', logGroup: 'g', nowMs: startMs + 10 * DAY, sinceMs: startMs - DAY },
      id,
    );

    expect(view).toMatchObject({ id, status: 'SUCCEEDED' });
    expect(log.pagesRead()).toBeLessThan(8);
  });
});

describe('a scan of a log', () => {
  it('sees every line once, however they lie', async () => {
    const clumps = [0, 1, 1, 5000, 80_000, 80_000, 3 * DAY].flatMap((agoMs, clump) =>
      Array.from({ length: clump === 5 ? 5000 : 40 }, (_, i) =>
        line(`${clump}-${i}`, 'ExecutionStarted', NOW - agoMs),
      ),
    );
    const { read } = memoryLog(clumps);
    const seen: LoggedEvent[] = [];

    const scan = { group: 'g', pattern: '?ExecutionStarted', fromMs: NOW - 14 * DAY, beforeMs: NOW + 1 };
    for await (const window of newestFirst(read, scan)) seen.push(...window.events);

    expect(new Set(seen.map(({ executionArn }) => executionArn)).size).toBe(clumps.length);
    expect(seen.length).toBe(clumps.length);
    expect(seen.map(({ timeMs }) => timeMs)).toEqual(seen.map(({ timeMs }) => timeMs).sort((a, b) => b - a));
  });
});

// What the page makes of the API's answers before it draws them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareDone, sizeIn } from '../../console/execution/batch-size.ts';
import { eventRows, filterRows, missingPage } from '../../console/execution/event-rows.ts';
import { placeStates } from '../../console/execution/graph-layout.ts';
import { waterfallOf } from '../../console/execution/rows.ts';
import { countCacheEvents, countEvictions } from '../../console/hosting/cache-buckets.ts';
import {
  countNew,
  runningBefore,
  withNewest,
  withNextPage,
  withPresentStatus,
} from '../../console/list/live.ts';
import { purposeOf } from '../../console/list/purpose.ts';
import { alignSeries } from '../../console/metrics/series.ts';
import { labelsOf } from '../../console/payload/labels.ts';
import { bytesText, dollarsText, lengthText, tookMs } from '../../console/ui/format.ts';
import { rangeOf } from '../../console/ui/visible-range.ts';
import type { EventView, MetricSeries } from '../../layers/seriatim/inspection/api.ts';
import type {
  AttemptView,
  ExecutionStatus,
  ExecutionSummary,
  ExecutionView,
  GraphView,
  StageView,
} from '../../layers/seriatim/inspection/view.ts';

function summary(at: number, status: ExecutionStatus = 'SUCCEEDED'): ExecutionSummary {
  return { id: `e${at}`, arn: `arn:e${at}`, pipeline: 'p', type: 'EXPRESS', status };
}

const listOf = (...rows: ExecutionSummary[]) => ({ rows, nextToken: 'older' });

describe('a list that is followed', () => {
  it('gets new executions on top and the present status of those it has', () => {
    const list = listOf(summary(2, 'RUNNING'), summary(1));

    const next = withNewest(list, { executions: [summary(3), summary(2)], nextToken: 't' });

    expect(next).toEqual(listOf(summary(3), summary(2), summary(1)));
  });

  it('begins anew when more have begun than a page holds, since a gap would be a lie', () => {
    const next = withNewest(listOf(summary(1)), { executions: [summary(9), summary(8)], nextToken: 't' });

    expect(next).toEqual({ rows: [summary(9), summary(8)], nextToken: 't' });
  });

  it('does not move under a reader who is further down', () => {
    const list = listOf(summary(2, 'RUNNING'), summary(1));
    const newest = { executions: [summary(3), summary(2)] };

    expect(withPresentStatus(list, newest)).toEqual(listOf(summary(2), summary(1)));
    expect(countNew(list, newest)).toBe(1);
  });

  it('asks for those that run and that no page it reads again has', () => {
    const list = listOf(summary(4, 'RUNNING'), summary(3, 'RUNNING'), summary(2), summary(1, 'RUNNING'));

    expect(runningBefore(list, { executions: [summary(4, 'RUNNING')] })).toEqual(['arn:e3', 'arn:e1']);
  });

  it('has no execution twice', () => {
    const next = withNextPage(listOf(summary(3), summary(2)), { executions: [summary(2), summary(1)] });

    expect(next).toEqual({ rows: [summary(3), summary(2), summary(1)], nextToken: undefined });
  });
});

describe('what an execution is for', () => {
  const of = (machine: string, kind = 'execution') => purposeOf(`arn:aws:states:r:1:${kind}:${machine}:id`);

  it('stands in the name of its state machine', () => {
    expect(of('seriatim-dev-house-prices', 'express')).toBe('request');
    expect(of('seriatim-dev-house-prices-batch')).toBe('batch');
    expect(of('seriatim-dev-house-prices-batch/Chunks')).toBe('batch');
    expect(of('seriatim-dev-house-prices-batch-rerun-00ab12cd')).toBe('rerun');
  });
});

describe('the rows of a history', () => {
  const event = (id: number): EventView => ({
    id,
    previousId: id - 1,
    type: id === 700 ? 'TaskFailed' : 'TaskStarted',
    time: '2026-01-01T00:00:00.000Z',
    offsetMs: id,
    details: {},
  });
  const page = (number: number) => Array.from({ length: 500 }, (_, at) => event(number * 500 + at + 1));

  it('stand where they belong, read or not', () => {
    const rows = eventRows(new Map([[1, page(1)]]), 1200);

    expect(rows).toHaveLength(1200);
    expect(rows[0]).toEqual({ at: 0, event: undefined });
    expect(rows[700]!.event!.id).toBe(701);
    expect(filterRows(rows, ' failed')).toEqual([{ at: 699, event: event(700) }]);
  });

  it('are asked for by the first page of them that is missing', () => {
    const pages = new Map([[1, page(1)]]);

    expect(missingPage(pages, 1200, { start: 600, end: 640 })).toBeUndefined();
    expect(missingPage(pages, 1200, { start: 990, end: 1030 })).toBe(2);
    expect(missingPage(pages, 1200, { start: 0, end: Number.POSITIVE_INFINITY })).toBe(0);
    expect(missingPage(new Map([[0, page(0).slice(0, 20)]]), 21, { start: 0, end: 30 })).toBe(0);
  });
});

describe('what is in view of a long list', () => {
  it('is all that can be seen, and little more', () => {
    const input = [fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 0, max: 7_000_000 })] as const;
    fc.assert(
      fc.property(...input, (count, top) => {
        const { start, end } = rangeOf(count, 32, { top, height: 640 });
        const lastSeen = Math.min(count, Math.ceil((top + 640) / 32));

        expect(start).toBeLessThanOrEqual(Math.floor(top / 32));
        expect(end).toBeGreaterThanOrEqual(lastSeen);
        expect(end - start).toBeLessThanOrEqual(40);
      }),
    );
  });
});

const START = '2026-01-01T00:00:00.000Z';
const at = (ms: number): string => new Date(Date.parse(START) + ms).toISOString();

function stage(name: string, from: number, more: Partial<StageView> = {}): StageView {
  return {
    name,
    visit: 1,
    kind: 'inference',
    status: 'SUCCEEDED',
    start: at(from),
    end: at(from + 10),
    durationMs: 10,
    attempts: [],
    ...more,
  };
}

function execution(...stages: StageView[]): ExecutionView {
  const base = { ...summary(1), start: START, end: at(100), stages, links: {}, eventCount: 0 };
  return base;
}

describe('the waterfall', () => {
  it('has the attempts of a stage below it where there were several, each with its own address', () => {
    const attempt = (number: number): AttemptView => ({ number, status: 'FAILED', start: at(1), end: at(2) });
    const tried = stage('Estimate', 1, { attempts: [{ ...attempt(1), waitMs: 1000 }, attempt(2)] });

    const { rows, totalMs } = waterfallOf(execution(stage('Preprocess', 0), tried), 0);

    expect(totalMs).toBe(100);
    expect(rows.map(({ address: { name, attempt }, title, note }) => [name, attempt, title, note])).toEqual([
      ['Preprocess', undefined, 'Preprocess', ''],
      ['Estimate', undefined, 'Estimate', '1 retry'],
      ['Estimate', 1, 'attempt 1', 'then waits 1000 ms'],
      ['Estimate', 2, 'attempt 2', ''],
    ]);
  });

  it('draws what runs up to now', () => {
    const { end: _end, ...running } = stage('Estimate', 40, { status: 'RUNNING' });
    const { end: _executionEnd, ...all } = execution(running);

    const { rows, totalMs } = waterfallOf({ ...all, status: 'RUNNING' }, Date.parse(START) + 75);

    expect(rows[0]!.endMs).toBe(Date.parse(START) + 75);
    expect(totalMs).toBe(75);
  });

  it('says of what runs how long it has been running, and its axis reaches to now between two stages too', () => {
    const { end: _end, durationMs: _took, ...running } = stage('Estimate', 40, { status: 'RUNNING' });
    const { end: _executionEnd, ...all } = { ...execution(running), status: 'RUNNING' as const };
    const nowMs = Date.parse(START) + 75;

    expect(waterfallOf(all, nowMs).rows[0]!.durationMs).toBe(35);
    expect(waterfallOf({ ...all, stages: [stage('Preprocess', 0)] }, nowMs).totalMs).toBe(75);
    expect(tookMs(all, nowMs)).toBe(75);
    expect(tookMs({ status: 'UNKNOWN', start: START }, nowMs)).toBeUndefined();
  });

  it('ends with its execution what no event ended', () => {
    const { end: _end, durationMs: _took, ...left } = stage('Estimate', 40, { status: 'ABORTED' });

    expect(waterfallOf(execution(left), Date.parse(at(9000))).rows[0]!.endMs).toBe(Date.parse(at(100)));
  });
});

describe('a batch', () => {
  const none = { total: 0, pending: 0, running: 0, succeeded: 0, failed: 0, timedOut: 0, aborted: 0 };
  const items = { ...none, total: 4, running: 2, succeeded: 1, failed: 1 };
  const split = { totals: { records: 50_000, chunks: 10 }, todo: { count: 8 } };
  const whole = {
    kind: 'json',
    path: '$',
    contentType: 'application/json',
    bytes: 1,
    isFolded: false,
  } as const;

  it('is as large as its split counted it', () => {
    expect(sizeIn({ parts: [{ ...whole, value: split }] })).toEqual({ records: 50_000, chunks: 8 });
    expect(sizeIn({ parts: [{ ...whole, value: { other: 1 } }] })).toBeUndefined();
  });

  it('says no share of a total that still grows, and one of the chunks that were counted', () => {
    expect(shareDone({ status: 'RUNNING', items }, undefined)).toBeUndefined();
    expect(shareDone({ status: 'RUNNING', items }, { records: 50_000, chunks: 8 })).toBe(0.25);
    expect(shareDone({ status: 'FAILED', items }, undefined)).toBe(0.5);
    expect(shareDone({ status: 'SUCCEEDED', items: none }, undefined)).toBe(1);
  });
});

describe('the graph', () => {
  const graph: GraphView = {
    startAt: 'Split',
    nodes: [
      { id: 'Split', type: 'Map' },
      { id: 'One', type: 'Task', parent: 'Split' },
      { id: 'Two', type: 'Task', parent: 'Split' },
      { id: 'End', type: 'Pass' },
    ],
    edges: [
      { from: 'Split', to: 'One', kind: 'start' },
      { from: 'One', to: 'Two', kind: 'next' },
      { from: 'Split', to: 'End', kind: 'next' },
    ],
  };

  it('gives a Map the room of the states in it, and keeps them there', () => {
    const [split, one, two, end] = placeStates(graph).map((placed) => ({ ...placed, id: placed.node.id }));

    expect([split!.id, one!.id, two!.id, end!.id]).toEqual(['Split', 'One', 'Two', 'End']);
    expect(split!.isGroup).toBe(true);
    for (const inner of [one!, two!]) {
      expect(inner.x).toBeGreaterThanOrEqual(0);
      expect(inner.x + inner.width).toBeLessThanOrEqual(split!.width);
      expect(inner.y + inner.height).toBeLessThanOrEqual(split!.height);
    }
    expect(two!.y).toBeGreaterThan(one!.y + one!.height);
    expect(end!.y).toBeGreaterThan(split!.y + split!.height);
  });
});

describe('metrics over time', () => {
  it('stand on an even axis, a rate of none where nothing happened', () => {
    const point = { count: 4, errors: 1, p50Ms: 2, p90Ms: 3, p99Ms: 4, cacheHitRate: 0.5 };
    const series: MetricSeries = {
      name: 'a',
      kind: 'inference',
      total: point,
      points: [{ ...point, time: at(60_000) }],
    };

    const aligned = alignSeries(series, { since: START, until: at(120_000), bucketMs: 30_000 });

    expect(aligned.rate).toEqual([0, 0, 8, 0, 0]);
    expect(aligned.errors).toEqual([0, 0, 2, 0, 0]);
    expect(aligned.p90).toEqual([null, null, 3, null, null]);
    expect(aligned.times[2]).toBe(Date.parse(START) + 75_000);
  });

  it('count every load and every eviction once', () => {
    const load = (ms: number, evicted: string[]) =>
      ({ time: at(ms), what: 'load', targetModel: 'm', evicted }) as const;

    const { loads, evictions, bucketMs } = countCacheEvents(
      [load(9000, ['a', 'b']), load(0, [])],
      Date.parse(at(250_000)),
    );
    expect(bucketMs).toBe(10_000);

    expect(loads.reduce((sum, one) => sum + one)).toBe(2);
    expect(evictions.reduce((sum, one) => sum + one)).toBe(2);

    const unload = { time: at(9000), what: 'unload', targetModel: 'a' } as const;
    expect(countEvictions([load(9000, ['a']), unload])).toBe(1);
  });
});

describe('words', () => {
  it('beside a picture are what its payload says in short', () => {
    const value = {
      records: [{ position: 0, value: { labels: ['a', 'b'], theme: 't', quality: 0.5, photo: {} } }],
    };
    const part = {
      kind: 'json',
      path: '$',
      contentType: 'application/json',
      bytes: 1,
      value,
      isFolded: false,
    } as const;

    expect(labelsOf({ side: 'out', bytes: 1, parts: [part], redacted: [] })).toEqual([
      ['labels', 'a, b'],
      ['theme', 't'],
      ['quality', '0.5'],
    ]);
  });

  it.each([
    [0.42, '0.4 ms'],
    [7, '7 ms'],
    [830, '830 ms'],
    [1000, '1 s'],
    [2803, '2.8 s'],
    [200_000, '3 min 20 s'],
    [119_700, '2 min'],
    [3_600_000, '1 h'],
    [undefined, '–'],
  ])('%s ms is %s', (ms, text) => {
    expect(lengthText(ms)).toBe(text);
  });

  it('keep three digits of a cost and one of a size', () => {
    expect([0.000000157109, 0.000157109, 0.0123, 1.5].map(dollarsText)).toEqual([
      '$0.000000157',
      '$0.000157',
      '$0.0123',
      '$1.50',
    ]);
    expect(bytesText(61_808)).toBe('61.8 kB');
  });
});

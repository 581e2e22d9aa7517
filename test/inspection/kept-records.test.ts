// Records of executions that are read again and again: what is asked for anew, and what is not.
import { describe, expect, it } from 'vitest';
import { createKeptRecords, FRESH_MS } from '../../layers/seriatim/inspection/kept-records.ts';
import type { ExecutionRecord } from '../../layers/seriatim/inspection/record.ts';
import type { ExecutionStatus, ExecutionType } from '../../layers/seriatim/inspection/view.ts';

interface Had {
  readonly type?: ExecutionType;
  readonly status?: ExecutionStatus;
  readonly events?: readonly string[];
}

function record({
  type = 'STANDARD',
  status = 'RUNNING',
  events = ['ExecutionStarted'],
}: Had): ExecutionRecord {
  return {
    events: events.map((type, at) => ({ id: at + 1, previousId: at, type, timeMs: at, details: {} })),
    description: { id: 'a', arn: 'a', type, status, stateMachineName: 'm' },
    mapRuns: [],
  };
}

function setUp(found: ExecutionRecord | undefined) {
  const clock = { ms: 0 };
  const known: (ExecutionRecord | undefined)[] = [];
  const kept = createKeptRecords(() => clock.ms);
  const get = () =>
    kept.get('a', async (before) => {
      known.push(before);
      return found;
    });
  return { clock, known, get };
}

describe('a record of an execution', () => {
  it('that runs is read once for all who ask within a quarter of a second', async () => {
    const { clock, known, get } = setUp(record({}));

    await Promise.all([get(), get(), get()]);
    clock.ms += FRESH_MS - 1;
    await get();
    expect(known).toHaveLength(1);

    clock.ms += 1;
    await get();
    expect(known[1]).toMatchObject({ description: { id: 'a' } });
  });

  it('that is Express and ended is never read again, unless a line is missing', async () => {
    const whole = setUp(
      record({ type: 'EXPRESS', status: 'SUCCEEDED', events: ['ExecutionStarted', 'ExecutionSucceeded'] }),
    );
    const ended = record({
      type: 'EXPRESS',
      status: 'SUCCEEDED',
      events: ['ExecutionStarted', 'X', 'ExecutionSucceeded'],
    });
    const broken = setUp({ ...ended, events: ended.events.filter(({ type }) => type !== 'X') });

    for (const { get, clock } of [whole, broken]) {
      await get();
      clock.ms += 60_000;
      await get();
    }

    expect([whole.known.length, broken.known.length]).toEqual([1, 2]);
  });

  it('that is Standard and ended is asked for each time, since it may be redriven', async () => {
    const { known, get } = setUp(record({ status: 'FAILED' }));

    await get();
    await get();

    expect(known).toHaveLength(2);
  });

  it('that is not there is looked for again', async () => {
    const { known, get } = setUp(undefined);

    await get();
    await get();

    expect(known).toEqual([undefined, undefined]);
  });
});

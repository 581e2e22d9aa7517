// What holds of the fold for every history.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldExecution } from '../../layers/seriatim/inspection/fold.ts';
import type { HistoryEvent } from '../../layers/seriatim/inspection/history.ts';
import { readMarks } from '../../layers/seriatim/inspection/marks.ts';
import { failedHistory, housePricesHistory } from './house-prices.ts';
import { DESCRIPTION, RECORDED_NAMES, recorded } from './recorded.ts';

const HISTORIES: readonly (readonly HistoryEvent[])[] = [
  ...RECORDED_NAMES.map((name) => recorded(name).events),
  housePricesHistory(),
  failedHistory(),
];

const history = fc.constantFrom(...HISTORIES);

describe('foldExecution', () => {
  it.each(HISTORIES.map((events, index) => [index, events] as const))(
    'folds every prefix of history %i to a running view that only grows',
    (_index, events) => {
      let stages = 0;
      for (let length = 0; length < events.length; length += 1) {
        const view = foldExecution(events.slice(0, length), DESCRIPTION);

        expect(view.status).toBe('RUNNING');
        expect(view.error).toBeUndefined();
        expect(view.stages.length).toBeGreaterThanOrEqual(stages);
        stages = view.stages.length;
      }
    },
  );

  it('does not depend on the order in which events arrive', () => {
    const shuffled = history.chain((events) =>
      fc.tuple(fc.constant(events), fc.shuffledSubarray([...events], { minLength: events.length })),
    );
    fc.assert(
      fc.property(shuffled, ([events, mixed]) => {
        expect(foldExecution(mixed, DESCRIPTION)).toEqual(foldExecution(events, DESCRIPTION));
      }),
    );
  });

  it('folds what is left when log lines were lost', () => {
    const thinned = history.chain((events) => fc.subarray([...events]));
    fc.assert(
      fc.property(thinned, (events) => {
        const view = foldExecution(events, DESCRIPTION);

        expect(view.eventCount).toBe(events.length);
        expect(() => JSON.stringify(view)).not.toThrow();
      }),
    );
  });

  it('takes events of any shape', () => {
    const types = fc.constantFrom(...new Set(HISTORIES.flat().map((event) => event.type)), 'Novel');
    const event = fc.record({
      id: fc.integer({ min: 0, max: 30 }),
      previousId: fc.integer({ min: -1, max: 30 }),
      type: types,
      timeMs: fc.integer({ min: 0, max: 4e12 }),
      details: fc.dictionary(
        fc.constantFrom('name', 'index', 'input', 'output', 'error', 'cause', 'parameters', 'resourceType'),
        fc.oneof(fc.json(), fc.constantFrom('A', 'B', 'aws-sdk:sagemakerruntime', 3, null)),
      ),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        expect(foldExecution(events, DESCRIPTION).stages.length).toBeLessThanOrEqual(events.length);
      }),
    );
  });
});

describe('readMarks', () => {
  it('takes any text', () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(readMarks(text))));
  });

  it('reads back what a container reported', () => {
    const mark = fc.record({
      model: fc.stringMatching(/^[\w.-]{1,20}$/),
      load: fc.constantFrom('cold' as const, 'warm' as const),
      queueMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      batch: fc.integer({ min: 1, max: 64 }),
    });
    fc.assert(
      fc.property(fc.array(mark, { minLength: 1, maxLength: 15 }), (marks) => {
        const text = marks.map(
          ({ model, load, queueMs, batch }) =>
            `model=${model};load=${load};queue-ms=${queueMs};batch=${batch}`,
        );

        expect(readMarks(text.join(','))).toEqual(
          marks.map((each) => ({ ...each, queueMs: each.queueMs + 0 })),
        );
      }),
    );
  });

  it('keeps attributes it does not know', () => {
    expect(readMarks('trace-id=abc;load=cold')).toEqual([{ load: 'cold', other: { 'trace-id': 'abc' } }]);
  });
});

// A chunk's records out of its slices, as `write-part` goes through them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyRecord } from '../../functions/write-part/every-record.ts';
import type { ChunkTask, RecordEnvelope } from '../../layers/seriatim/index.ts';

const FIRST = 40;

function inChunk(count: number, slices: readonly (readonly RecordEnvelope[])[]): RecordEnvelope[] {
  const chunk = { n: 1, first: FIRST, count, from: 0, to: 1 } satisfies ChunkTask['chunk'];
  const iterators = slices.map((slice) => slice.values());
  return [...everyRecord(iterators, { chunk })];
}

const live = (place: number): RecordEnvelope => ({ position: FIRST + place, value: place });

describe('the records of a chunk', () => {
  it('are in order whatever the order of their slices, with an error where a stage lost one', () => {
    const slices = fc.array(fc.uniqueArray(fc.boolean(), { minLength: 1, maxLength: 2 }), { maxLength: 8 });
    const property = fc.property(slices, fc.infiniteStream(fc.nat(99)), (shape, weights) => {
      let place = 0;
      const made = shape.map((kept) => kept.map((isKept) => ({ place: place++, isKept })));
      const expected = made.flat().map(({ isKept }) => isKept);
      const shuffled = made
        .map((slice) => ({ slice, weight: weights.next().value as number }))
        .sort((a, b) => a.weight - b.weight)
        .map(({ slice }) => slice.filter(({ isKept }) => isKept).map((one) => live(one.place)));

      const records = inChunk(place, shuffled);

      expect(records.map(({ position }) => position)).toEqual(expected.map((_, i) => FIRST + i));
      expect(records.map((record) => 'value' in record)).toEqual(expected);
    });
    fc.assert(property);
  });

  it('come once, and none from beyond the chunk', () => {
    const records = inChunk(2, [
      [live(0), live(1)],
      [live(1), live(2)],
    ]);

    expect(records).toEqual([live(0), live(1)]);
  });
});

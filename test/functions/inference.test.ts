// Predictions that become the records' values.
import { describe, expect, it } from 'vitest';
import { mergeAnswers } from '../../layers/seriatim/index.ts';

describe('mergeAnswers without "into"', () => {
  it('puts each prediction in the place of its record’s value', () => {
    const records = [
      { position: 0, value: { a: 1 } },
      { position: 1, value: { a: 2 } },
    ];
    const groups = [{ positions: [1, 0], body: '{"predictions":[{"b":20},{"b":10}]}' }];

    expect(mergeAnswers(records, { stage: 'Predict', groups })).toEqual([
      { position: 0, value: { b: 10 } },
      { position: 1, value: { b: 20 } },
    ]);
  });
});

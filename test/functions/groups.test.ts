// A batch's records grouped by a field of theirs.
import { describe, expect, it } from 'vitest';
import { createGroups } from '../../functions/assemble-batch/groups.ts';
import type { RecordEnvelope } from '../../layers/seriatim/index.ts';

async function* records(): AsyncGenerator<RecordEnvelope> {
  yield { position: 0, value: { key: 'a.png', theme: 'sports' } };
  yield { position: 1, error: { stage: 'S', code: 'StageFailed', message: 'no' } };
  yield { position: 2, value: { key: 'b.png', rejected: 'poor' } };
  yield { position: 3, value: { theme: 'animals' } };
  yield { position: 4, value: { key: 'c.png', theme: 'sports' } };
}

describe('createGroups', () => {
  it('lists keys by group in their order, what was turned away apart, and what failed not at all', async () => {
    const groups = createGroups('theme');

    const passed: number[] = [];
    for await (const { position } of groups.watch(records())) passed.push(position);

    expect(passed).toEqual([0, 1, 2, 3, 4]);
    expect(groups.found()).toEqual({ animals: [3], rejected: ['b.png'], sports: ['a.png', 'c.png'] });
  });
});

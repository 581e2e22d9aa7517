// A bucket that has no room ends a run under that name, wherever it is met.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { handler as writePart } from '../../functions/write-part/index.ts';
import { caughtError } from '../../layers/seriatim/index.ts';
import { type BatchSystem, startSystem } from './system.ts';

let system: BatchSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

it('a part that cannot be written is a failure of the storage', async () => {
  const plan = await system.plan('full.csv', 'id\n1');
  const task = {
    run: { ...plan, bucket: 'nowhere' },
    reading: { format: 'csv', encoding: 'utf-8', columns: ['id'] },
    chunk: { n: 0, first: 0, count: 1, from: 3, to: 4 },
    totals: { records: 1, chunks: 1 },
  } as const;

  const written = writePart({ task, kept: [{ records: [{ position: 0, value: { price: 1 } }] }] });

  await expect(written).rejects.toMatchObject({
    name: 'StorageFailed',
    message: expect.stringContaining('NoSuchBucket'),
  });
});

it('a full disk has that name from functions that give it none', () => {
  const message = JSON.stringify({
    errorType: 'InternalError',
    errorMessage: 'ENOSPC: no space left on device',
  });

  const error = caughtError({ error: 'InternalError', message }, { stage: 'AssembleResults' });

  expect(error).toMatchObject({ code: 'StorageFailed', message: 'ENOSPC: no space left on device' });
});

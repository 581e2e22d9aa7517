// What Lambda and people may do to a run: call a function twice, at once or late; resume with what was kept; run the same
// name again with other options or content.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AssembleEvent, handler as assemble } from '../../functions/assemble-batch/index.ts';
import { handler as split } from '../../functions/split-batch/index.ts';
import type { BatchRun } from '../../layers/seriatim/index.ts';
import { type BatchSystem, startSystem } from './system.ts';

let system: BatchSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());
beforeEach(() => {
  system.calls.length = 0;
  system.sabotage = () => undefined;
});

const HEADER = 'id,city,yearBuilt,squareFeet,bedrooms,bathrooms,lotAcres,garageSpaces,frontPorch,deck';
const csv = (records: number, bad: readonly number[] = []): string =>
  [
    HEADER,
    ...Array.from(
      { length: records },
      (_, i) => `${i},Rome,1990,${bad.includes(i) ? 'many' : 1000 + i},3,2,0.5,1,y,n`,
    ),
  ].join('\n');
const limits = { maxRecords: 5_000, maxBytes: 4_194_304, concurrency: 4 };
const eventOf = (run: BatchRun, startedAt = new Date().toISOString()): AssembleEvent => ({
  run,
  executionArn: `arn:aws:states:us-east-1:000000000000:execution:batch:${run.id}-r${run.attempt}`,
  startedAt,
});
const manifestAt = async (key: string) => JSON.parse(await system.text(key)) as Record<string, unknown>;
const outOf = (name: string) => system.text(`house-prices/out/${name}.out`);

describe('a function that is called again', () => {
  it('at the end of a run that is over says what it came to and leaves the results alone', async () => {
    const plan = await system.plan('twice.csv', csv(30));
    await system.run(plan);
    const [out, manifest] = [await outOf('twice.csv'), await manifestAt(`${plan.workPrefix}manifest.json`)];

    const again = await assemble(eventOf(plan, manifest.startedAt as string));
    const failure = { ...eventOf(plan), failure: { Error: 'x', Cause: 'y' }, stage: 'AssembleResults' };
    const late = await assemble(failure);

    expect([again, late]).toMatchObject([
      { status: 'SUCCEEDED', counts: { records: 30 } },
      { status: 'SUCCEEDED', counts: { records: 30 } },
    ]);
    expect(await outOf('twice.csv')).toBe(out);
    expect(await manifestAt(`${plan.workPrefix}manifest.json`)).toEqual(manifest);
  });

  it('at the start of a run that is over finds nothing to do', async () => {
    const plan = await system.plan('again.csv', csv(30));
    await system.run(plan);

    const { todo, totals } = await split({ run: plan, limits });

    expect({ todo: todo.count, totals }).toEqual({ todo: 0, totals: { records: 30, chunks: 0 } });
  });

  it('twice at once comes to one result', async () => {
    const plan = await system.plan('both.csv', csv(30), { recordsPerBatch: 10 });
    const second: Promise<unknown>[] = [];
    system.sabotage = (name, payload) => {
      const copy = name === 'assemble-batch' ? assemble : name === 'split-batch' ? split : undefined;
      if (copy !== undefined) second.push(copy(JSON.parse(payload) as never));
    };

    const status = await system.run(plan);

    expect(status).toBe('SUCCEEDED');
    const outcomes = await Promise.all(second);
    expect(outcomes).toHaveLength(2);
    expect(outcomes[1]).toMatchObject({ status: 'SUCCEEDED', counts: { records: 30 } });
    expect((await outOf('both.csv')).split('\n')).toHaveLength(32);
  });

  it('never takes work that is gone for an empty input', async () => {
    const plan = await system.plan('lost.csv', csv(30));

    await expect(assemble(eventOf(plan))).rejects.toMatchObject({ name: 'ClaimNotFound' });

    await expect(outOf('lost.csv')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });
});

describe('failures in parts that are kept', () => {
  it('count when the run is taken up again, and are borne when it bears more', async () => {
    const options = { toleratedFailures: 0, recordsPerBatch: 10, concurrency: 1 };
    const plan = await system.plan('kept.csv', csv(40, [3]), options);

    const first = await system.run(plan);
    system.calls.length = 0;
    const second = await system.run({ ...plan, attempt: 2 });
    const told = await manifestAt(`${plan.workPrefix}manifest.json`);
    const done = [...system.calls];
    const third = await system.run({ ...plan, attempt: 3, options: { ...options, toleratedFailures: 1 } });

    expect([first, second, third]).toEqual(['FAILED', 'FAILED', 'SUCCEEDED']);
    expect(told).toMatchObject({ error: { stage: 'SplitInput', code: 'TooManyFailures' } });
    expect(done).toEqual(['split-batch', 'assemble-batch']);
    expect(await manifestAt(`${plan.workPrefix}manifest.json`)).toMatchObject({
      counts: { records: 40, failed: 1 },
    });
  });

  it('are counted once more at the end, where chunks look at their own', async () => {
    const plan = await system.plan('spread.csv', csv(40, [3, 13, 23]), {
      toleratedFailures: 2,
      recordsPerBatch: 10,
      concurrency: 4,
    });

    const status = await system.run(plan);

    expect(status).toBe('FAILED');
    await expect(outOf('spread.csv')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });
});

describe('runs of one name', () => {
  it('that end in the order of their starts leave the last one’s results', async () => {
    const first = await system.plan('name.csv', csv(10));
    await system.run(first);
    const second = await system.plan('name.csv', csv(20));
    await system.run(second);

    expect((await outOf('name.csv')).split('\n')).toHaveLength(22);
    const { metadata } = await system.s3.headObject({
      bucket: second.bucket,
      key: 'house-prices/out/name.csv.out',
    });
    expect(metadata['seriatim-run']).toBe(second.id);
  });

  it('of which the earlier ends late keep the later one’s', async () => {
    const earlier = await system.plan('late.csv', csv(10, [1]), { rerun: 1 });
    const later = await system.plan('late.csv', csv(10, [2, 3]), { rerun: 2 });
    await system.put('late.csv', csv(10, [2, 3]));
    await system.run(later);
    const [out, errors] = [
      await outOf('late.csv'),
      await system.text('house-prices/errors/late.csv.errors.jsonl'),
    ];
    await system.put('late.csv', csv(10, [1]));
    system.sabotage = (name) => {
      if (name === 'assemble-batch') throw Object.assign(new Error('away'), { name: 'Runtime.ExitError' });
    };
    await system.run(earlier);

    const ended = await assemble(eventOf(earlier, '2000-01-01T00:00:00.000Z'));

    expect(ended.status).toBe('SUCCEEDED');
    expect(await outOf('late.csv')).toBe(out);
    expect(await system.text('house-prices/errors/late.csv.errors.jsonl')).toBe(errors);
    expect(await manifestAt('house-prices/out/late.csv.manifest.json')).toMatchObject({ id: later.id });
    expect(await manifestAt(`${earlier.workPrefix}manifest.json`)).toMatchObject({
      status: 'SUCCEEDED',
      replacedBy: later.id,
    });
  });
});

describe('a run that was refused', () => {
  it('fails with the reason', async () => {
    const plan = await system.plan('refused.csv', csv(1));
    const refusal = { code: 'UnsupportedContentType', message: 'no' } as const;

    const status = await system.run({ ...plan, refusal });

    expect(status).toBe('FAILED');
    expect(await manifestAt('house-prices/out/refused.csv.manifest.json')).toMatchObject({
      status: 'FAILED',
      error: { stage: 'StartBatch', ...refusal },
    });
  });
});

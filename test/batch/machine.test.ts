// The batch machine: what becomes of a chunk that fails, of a model that fails, and what a second start does again.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BatchSystem, startSystem } from './system.ts';

let system: BatchSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());
beforeEach(() => {
  system.calls.length = 0;
  system.model = () => undefined;
  system.sabotage = () => undefined;
  system.attributes = 'model=a;sha256=ab12;load=warm';
});

const HEADER = 'id,city,yearBuilt,squareFeet,bedrooms,bathrooms,lotAcres,garageSpaces,frontPorch,deck';
const csv = (records: number): string =>
  [
    HEADER,
    ...Array.from(
      { length: records },
      (_, i) => `${i},${i % 3 ? 'Rome' : 'Oslo'},1990,${1000 + i},3,2,0.5,1,y,n`,
    ),
  ].join('\n');

interface Manifest {
  readonly status: string;
  readonly error?: { readonly stage: string; readonly code: string; readonly message: string };
  readonly counts: { readonly records: number; readonly failed: number };
  readonly models: readonly { readonly targetModel: string; readonly records: number }[];
}

const manifestOf = async (name: string): Promise<Manifest> =>
  JSON.parse(await system.text(`house-prices/out/${name}.manifest.json`)) as Manifest;
const outOf = async (name: string): Promise<string[]> =>
  (await system.text(`house-prices/out/${name}.out`)).trimEnd().split('\n').slice(1);
const errorsOf = async (
  name: string,
): Promise<{ position: number; id: string; error: { stage: string; code: string } }[]> =>
  (await system.text(`house-prices/errors/${name}.errors.jsonl`))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const prices = (lines: readonly string[]): number[] => lines.map((line) => Number(line.split(',')[0]));

/** The position of a record's slice in a stage's event, as the first stage gets it. */
const sliceIn = (payload: string): { first: number; from: number; to: number } => {
  const { records } = JSON.parse(payload) as {
    records: { task: { chunk: { first: number } }; slice: { from: number; to: number } };
  };
  return { first: records.task.chunk.first, ...records.slice };
};

describe('a run', () => {
  it('puts the records of mixed models back in order, one call per model and chunk', async () => {
    const asked: string[] = [];
    system.model = (targetModel) => void asked.push(targetModel);
    const plan = await system.plan('mixed.csv', csv(30), { recordsPerBatch: 10 });

    const status = await system.run(plan);

    expect(status).toBe('SUCCEEDED');
    expect(prices(await outOf('mixed.csv'))).toEqual(Array.from({ length: 30 }, (_, i) => 1000 + i));
    expect(asked.sort()).toEqual(
      ['Oslo', 'Oslo', 'Oslo', 'Rome', 'Rome', 'Rome'].map((city) => `${city}.tar.gz`),
    );
    expect(
      (await manifestOf('mixed.csv')).models.map(({ targetModel, records }) => [targetModel, records]),
    ).toEqual([
      ['Oslo.tar.gz', 10],
      ['Rome.tar.gz', 20],
    ]);
  });

  it('splits a chunk on which a stage dies, down to the records at fault', async () => {
    const poison = [17, 62];
    system.sabotage = (name, payload) => {
      if (name !== 'preprocess-house') return;
      const { first, from, to } = sliceIn(payload);
      const isHit = poison.some((position) => position >= first + from && position < first + to);
      if (isHit) throw Object.assign(new Error('exit status 134'), { name: 'Runtime.ExitError' });
    };
    const plan = await system.plan('poison.csv', csv(100), { recordsPerBatch: 50 });

    await system.run(plan);

    expect((await manifestOf('poison.csv')).counts).toMatchObject({ records: 100, failed: 2 });
    expect(await errorsOf('poison.csv')).toMatchObject(
      poison.map((position) => ({
        position,
        id: String(position),
        error: { stage: 'Preprocess', code: 'StageFailed' },
      })),
    );
    const found = prices(await outOf('poison.csv'));
    expect(found.filter((_, i) => !poison.includes(i))).toEqual(
      Array.from({ length: 100 }, (_, i) => 1000 + i).filter((_, i) => !poison.includes(i)),
    );
  });

  it('asks a model that fails on a batch once more, then for its halves', async () => {
    let calls = 0;
    system.model = (_, instances) => {
      calls++;
      const isBad = instances.some(({ numeric }) => numeric[1] === 1005);
      return isBad ? { status: 500, message: 'Received server error (500) from primary' } : undefined;
    };
    const plan = await system.plan('model.csv', csv(40));

    await system.run(plan);

    expect(await errorsOf('model.csv')).toMatchObject([
      { position: 5, error: { stage: 'Estimate', code: 'ModelFailed' } },
    ]);
    expect((await manifestOf('model.csv')).counts.failed).toBe(1);
    expect(calls).toBeLessThan(30);
  });

  it('gives up halving a chunk on which everything fails', async () => {
    system.sabotage = (name) => {
      if (name === 'preprocess-house') throw Object.assign(new Error('no'), { name: 'Runtime.ExitError' });
    };
    const plan = await system.plan('hopeless.csv', csv(1_000));

    const status = await system.run(plan);

    expect(status).toBe('FAILED');
    expect(await manifestOf('hopeless.csv')).toMatchObject({
      error: {
        code: 'AllRecordsFailed',
        message: expect.stringMatching(
          /^None of 1000 records came through: 1000 with StageFailed, the first of them: .*no$/,
        ),
      },
      counts: { records: 1_000, failed: 1_000 },
    });
    expect(await errorsOf('hopeless.csv')).toHaveLength(1_000);
    await expect(outOf('hopeless.csv')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(system.calls.filter((name) => name === 'preprocess-house').length).toBeLessThan(140);
  });

  it('ends when its input is replaced under way, says so, and keeps what is done for a second start', async () => {
    const plan = await system.plan('moved.csv', csv(60), { recordsPerBatch: 10, concurrency: 1 });
    let parts = 0;
    system.sabotage = async (name) => {
      if (name === 'write-part' && ++parts === 3) await system.put('moved.csv', 'something else');
    };

    const first = await system.run(plan);
    const told = JSON.parse(await system.text(`${plan.workPrefix}manifest.json`)) as Manifest;
    await system.put('moved.csv', csv(60));
    system.sabotage = () => undefined;
    system.calls.length = 0;
    const second = await system.run({ ...plan, attempt: 2 });

    expect([first, second]).toEqual(['FAILED', 'SUCCEEDED']);
    expect(told).toMatchObject({
      status: 'FAILED',
      error: { stage: 'Preprocess', code: 'ClaimMismatch' },
      counts: { records: 30 },
    });
    expect(system.calls.filter((name) => name === 'preprocess-house')).toHaveLength(3);
    expect(prices(await outOf('moved.csv'))).toEqual(Array.from({ length: 60 }, (_, i) => 1000 + i));
  });

  it('ends when its input is gone', async () => {
    const plan = await system.plan('gone.csv', csv(5));
    await system.s3.deleteObject({ bucket: plan.bucket, key: plan.key });

    const status = await system.run(plan);

    expect(status).toBe('FAILED');
    expect((await manifestOf('gone.csv')).error).toMatchObject({
      stage: 'SplitInput',
      code: 'ClaimNotFound',
    });
  });
});

describe('models in the manifest', () => {
  it('are told apart by the artefact that was loaded, also where one is replaced under its name', async () => {
    const city = (i: number) => `${i},Rome,1990,1000,3,2,0.5,1,y,n`;
    const body = [HEADER, ...Array.from({ length: 20 }, (_, i) => city(i))].join('\n');
    let calls = 0;
    system.model = () => {
      system.attributes = `model=Rome;sha256=${++calls === 1 ? 'aa' : 'bb'};load=warm`;
      return undefined;
    };
    const plan = await system.plan('versions.csv', body, { recordsPerBatch: 10, concurrency: 1 });

    await system.run(plan);

    expect((await manifestOf('versions.csv')).models).toEqual(
      ['aa', 'bb'].map((checksum) =>
        expect.objectContaining({ records: 10, artefacts: [{ model: 'Rome', checksum }] }),
      ),
    );
  });
});

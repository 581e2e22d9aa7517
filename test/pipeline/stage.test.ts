// The stage runtime: one function over one record, lifted over many.
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  type GroupAnswer,
  isFailed,
  type LiveRecord,
  ModelFailed,
  type RecordEnvelope,
  type StageEvent,
  stage,
} from '../../layers/seriatim/index.ts';

const double = stage({
  input: v.object({ n: v.number('expected a number') }),
  run: ({ n }) => {
    if (n < 0) throw new ModelFailed(`no ${n}`);
    if (n > 100) throw new Error('too much');
    return { n: n * 2 };
  },
});

const event = (values: readonly unknown[], more: Partial<StageEvent> = {}): StageEvent => ({
  stage: 'Double',
  onRecordError: 'keep',
  records: values.map((value, position) => ({ position, value })),
  ...more,
});

describe('a stage', () => {
  it('keeps the order and the positions of its records', async () => {
    const { records } = await double(event([{ n: 1 }, { n: 2 }, { n: 3 }]));

    expect(records.map((record) => (record as LiveRecord).value)).toEqual([{ n: 2 }, { n: 4 }, { n: 6 }]);
    expect(records.map(({ position }) => position)).toEqual([0, 1, 2]);
  });

  it('turns a failing record into an error record and lets the others through', async () => {
    const { records } = await double(event([{ n: 1 }, { n: 'x' }, { n: -1 }, { n: 101 }, { n: 4 }]));

    expect(records.map((record) => (isFailed(record) ? record.error.code : 'live'))).toEqual([
      'live',
      'InvalidPayload',
      'ModelFailed',
      'StageFailed',
      'live',
    ]);
    expect(records[1]).toEqual({
      position: 1,
      error: {
        stage: 'Double',
        code: 'InvalidPayload',
        message: 'records[1].n: expected a number',
        record: { n: 'x' },
      },
    });
  });

  it('fails as a whole on the first failing record in real time, under the code as its name', async () => {
    const run = double(event([{ n: 1 }, { n: 'x' }], { onRecordError: 'fail' }));

    await expect(run).rejects.toMatchObject({
      name: 'InvalidPayload',
      message: 'instances[1].n: expected a number',
      httpStatus: 400,
    });
  });

  it('passes on what failed before it', async () => {
    const failed = { position: 0, error: { stage: 'Before', code: 'ModelFailed', message: 'no' } };

    expect((await double(event([], { records: [failed] }))).records).toEqual([failed]);
    await expect(double(event([], { records: [failed], onRecordError: 'fail' }))).rejects.toMatchObject({
      name: 'ModelFailed',
    });
  });

  it('carries the record as it came until the last stage', async () => {
    const carried = await double(event([{ n: 1 }]));
    const again = await double(event([], { records: carried.records }));
    const last = await double(event([], { records: again.records, isLast: true }));

    expect(again.records).toEqual([{ position: 0, value: { n: 4 }, source: { n: 1 } }]);
    expect(last.records).toEqual([{ position: 0, value: { n: 8 } }]);
  });

  it('gives the record as it came with an error of a later stage', async () => {
    const records = [{ position: 0, value: { n: -1 }, source: { n: 7 } }];

    expect((await double(event([], { records }))).records[0]).toMatchObject({ error: { record: { n: 7 } } });
  });
});

const route = stage({
  input: v.object({ kind: v.string(), row: v.array(v.number()) }),
  run: (value) => value,
});
const collect = stage({ input: v.object({ kind: v.string(), guess: v.any() }), run: (value) => value });

const answers = (groups: readonly GroupAnswer[]) => ({ stage: 'Guess', into: 'guess', groups });

describe('records around an inference', () => {
  const next = { instance: 'row', targetModel: '{kind}.tar.gz' };

  it('are grouped by target model; the sent field leaves the record', async () => {
    const values = [
      { kind: 'a', row: [1] },
      { kind: 'b', row: [2] },
      { kind: 'a', row: [3] },
    ];
    const result = await route(event(values, { next, onRecordError: 'fail' }));

    expect(result.groups).toEqual([
      { targetModel: 'a.tar.gz', positions: [0, 2], instances: [[1], [3]] },
      { targetModel: 'b.tar.gz', positions: [1], instances: [[2]] },
    ]);
    expect(result.records[1]).toEqual({ position: 1, value: { kind: 'b' } });
  });

  it('each get their own prediction back, whatever the grouping', async () => {
    const kinds = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(kinds, async (drawn) => {
        const values = drawn.map((kind, i) => ({ kind, row: [i] }));
        const sent = await route(event(values, { next, onRecordError: 'fail' }));
        const groups = sent.groups!.map((group) => ({
          targetModel: group.targetModel!,
          positions: group.positions,
          body: JSON.stringify({ predictions: group.instances }),
        }));
        const given = { records: sent.records, answers: answers(groups), onRecordError: 'fail' as const };
        const { records } = await collect(event([], given));

        expect(records.map((record) => (record as LiveRecord).value)).toEqual(
          drawn.map((kind, i) => ({ kind, guess: { prediction: [i], targetModel: `${kind}.tar.gz` } })),
        );
      }),
    );
  });

  const sent: RecordEnvelope[] = [
    { position: 0, value: { kind: 'a' } },
    { position: 1, value: { kind: 'b' } },
  ];

  it('become error records where their group failed, and only there', async () => {
    const failure = {
      Error: 'SageMakerRuntime.ValidationErrorException',
      Cause:
        'Failed to download model data (bucket: m, key: p/a.tar.gz). (Service: SageMakerRuntime, Status Code: 400, Request ID: 1)',
    };
    const groups = [
      { positions: [0], failure },
      { positions: [1], body: '{"predictions":[5]}' },
    ];
    const { records } = await collect(event([], { records: sent, answers: answers(groups) }));

    expect(records[0]).toMatchObject({
      error: { stage: 'Guess', code: 'ModelNotFound', message: 'There is no model for "a" (a.tar.gz).' },
    });
    expect(records[1]).toMatchObject({ value: { kind: 'b', guess: { prediction: 5 } } });
  });

  it.each([
    ['that is not JSON', 'oops'],
    ['without predictions', '{"instances":[]}'],
    ['with too few predictions', '{"predictions":[1]}'],
  ])('violate the contract on an answer %s', async (_, body) => {
    const groups = [{ positions: [0, 1], body }];
    const run = collect(event([], { records: sent, answers: answers(groups), onRecordError: 'fail' }));

    await expect(run).rejects.toMatchObject({ name: 'ContractViolation', httpStatus: 502 });
  });
});

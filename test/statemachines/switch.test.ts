// A switch, an early exit and a request's include, each record on its own way, in real executions.
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waterfall } from '../../cli/format/waterfall.ts';
import { switchStage } from '../../statemachines/composition.ts';
import { exitStage, functionStage, inferenceStage, pipeline } from '../../statemachines/pipeline.ts';
import { type ComposedSystem, startComposedSystem } from './composed-system.ts';
import { single } from './endpoints.ts';

const fruits = pipeline({
  name: 'fruits',
  description: 'Weighs a fruit by the model of its kind.',
  input: v.object({ kind: v.string(), size: v.number() }),
  output: v.object({ weight: v.any() }),
  flow: 'record',
  stages: [
    switchStage({
      name: 'ChooseKind',
      cases: [
        {
          when: '{kind} = "apple"',
          stages: [
            inferenceStage({
              name: 'WeighApple',
              endpoint: single('Apple'),
              instance: '{"size": {size}}',
              into: 'weight',
            }),
          ],
        },
        {
          when: '{kind} = "plum" or {kind} = "damson"',
          stages: [
            functionStage({
              name: 'DoubleSize',
              function: 'double-size',
              takes: ['size'],
              gives: ['doubled'],
            }),
            inferenceStage({
              name: 'WeighPlum',
              endpoint: single('Plum'),
              instance: '{"size": {doubled}}',
              into: 'weight',
            }),
          ],
        },
      ],
      otherwise: [exitStage({ name: 'LeaveStrangeFruit', answer: { weight: 'null', strange: '{kind}' } })],
    }),
    functionStage({ name: 'AddUnit', function: 'add-unit', takes: ['weight', 'kind'], gives: ['labelled'] }),
  ],
  answer: { weight: '{weight}', labelled: '{labelled}' },
});

let system: ComposedSystem;

beforeAll(async () => {
  system = await startComposedSystem({
    pipelines: [fruits],
    functions: {
      'double-size': 'return { doubled: value.size * 2 };',
      'add-unit': 'return { labelled: value.kind + " by " + value.weight.by };',
    },
  });
}, 60_000);

afterAll(() => system.close());

describe('a switch', () => {
  it('lets each record take its own way, and answers in the order of the request', async () => {
    const kinds = ['plum', 'apple', 'damson', 'quince', 'apple'];

    const { predictions } = await system.ask(
      'fruits',
      kinds.map((kind, i) => ({ kind, size: i })),
    );

    expect(predictions).toMatchObject([
      { labelled: 'plum by Plum', weight: { size: 0 } },
      { labelled: 'apple by Apple', weight: { size: 1 } },
      { labelled: 'damson by Plum', weight: { size: 4 } },
      { weight: null, strange: 'quince' },
      { labelled: 'apple by Apple', weight: { size: 4 } },
    ]);
  });

  it('shows in the execution which way a record took', async () => {
    const asked = await system.ask('fruits', [{ kind: 'plum', size: 1 }]);

    expect(await asked.states()).toEqual([
      'EachRecord',
      'TakeRecord',
      'ChooseKind',
      'DoubleSize',
      'WeighPlum',
      'AddUnit',
      'Answer',
    ]);
    expect(asked.serverTiming).toMatch(/^DoubleSize;dur=\d+, WeighPlum;dur=\d+, AddUnit;dur=\d+$/);
  });

  it('shows how many of several records took which way', async () => {
    const kinds = ['plum', 'apple', 'damson', 'quince', 'apple', 'plum', 'plum'];
    const asked = await system.ask(
      'fruits',
      kinds.map((kind, size) => ({ kind, size })),
    );

    const view = await asked.view();

    expect(view.stages[0]!.ways).toEqual({
      ChooseKind: { DoubleSize: 4, WeighApple: 2, LeaveStrangeFruit: 1 },
    });
    expect(waterfall(view)).toMatch(/ChooseKind: .*DoubleSize 4/);
    expect(waterfall(view)).toMatch(/… and \d+ more attempts/);
    expect(waterfall(view, { allAttempts: true })).not.toContain('more attempts');
  });

  it('gives the output of a stage that was asked for, of the records that came through it', async () => {
    const records = [
      { kind: 'plum', size: 3 },
      { kind: 'apple', size: 1 },
    ];

    const { predictions } = await system.ask('fruits', records, ['DoubleSize', 'AddUnit']);

    expect(predictions.map(({ included }) => included)).toEqual([
      { DoubleSize: { doubled: 6 }, AddUnit: { labelled: 'plum by Plum' } },
      { AddUnit: { labelled: 'apple by Apple' } },
    ]);
  });

  it('does the same in a batch, where a record that fails leaves the others alone', async () => {
    const records = [
      { kind: 'plum', size: 1 },
      { kind: 'quince', size: 2 },
      { kind: 'apple', size: 3 },
    ];

    const lines = await system.batch('fruits', records);

    expect(lines).toMatchObject([
      { labelled: 'plum by Plum' },
      { weight: null, strange: 'quince' },
      { labelled: 'apple by Apple' },
    ]);
  });
});

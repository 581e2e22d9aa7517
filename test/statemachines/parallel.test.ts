// Parallel branches, merged by name, with hard and soft dependence, in real executions.
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectPayload } from '../../layers/seriatim/inspection/payloads/select.ts';
import { parallelStage } from '../../statemachines/composition.ts';
import { functionStage, pipeline } from '../../statemachines/pipeline.ts';
import { type ComposedSystem, startComposedSystem } from './composed-system.ts';
import { asking } from './endpoints.ts';

const views = pipeline({
  name: 'views',
  description: 'Asks two models side by side.',
  input: v.object({ ask: v.any() }),
  output: v.object({ must: v.any(), may: v.any() }),
  flow: 'record',
  stages: [
    parallelStage({
      name: 'AskBoth',
      branches: [
        {
          name: 'Sure',
          stages: [
            asking('Must'),
            functionStage({ name: 'Round', function: 'round', takes: ['must'], gives: ['rounded'] }),
          ],
          gives: ['must', 'rounded'],
        },
        { name: 'Extra', stages: [asking('May')], gives: ['may'], dependence: 'soft' },
      ],
    }),
    asking('Last'),
  ],
  answer: {
    must: '{must}.by',
    rounded: '{rounded}',
    may: '{may}.by',
    failure: '{ExtraFailure}',
    last: '{last}.by',
  },
});

let system: ComposedSystem;

beforeAll(async () => {
  system = await startComposedSystem({
    pipelines: [views],
    functions: { round: 'return { rounded: "by " + value.must.by };' },
  });
}, 60_000);

afterAll(() => system.close());

describe('parallel branches', () => {
  it('join the record by the names of what they gave', async () => {
    const asked = await system.ask('views', [{ ask: {} }]);

    expect(asked.predictions).toEqual([
      { must: 'Must', rounded: 'by Must', may: 'May', failure: null, last: 'Last' },
    ]);
    const states = await asked.states();
    expect(states).toEqual(expect.arrayContaining(['AskMust', 'Round', 'GiveSure', 'AskMay', 'GiveExtra']));
    expect(states.slice(-2)).toEqual(['AskLast', 'Answer']);
    expect(asked.serverTiming).toMatch(/^AskBoth;dur=\d+, AskLast;dur=\d+$/);
  });

  it('show in the view of the execution, the failed one with what was caught', async () => {
    const asked = await system.ask('views', [{ ask: { fail: 400, whom: 'May' } }]);

    const { stages } = await asked.view();

    expect(stages.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      'TakeRecord: pass',
      'AskBoth: parallel',
      'AskLast: inference',
      'Answer: pass',
    ]);
    const attempts = stages[1]!.attempts.map(({ state, status }) => `${state}: ${status}`);
    expect(attempts.toSorted()).toEqual(['AskMay: FAILED', 'AskMust: SUCCEEDED', 'Round: SUCCEEDED']);
  });

  it('give the payloads of a stage inside them by its name', async () => {
    const view = await (await system.ask('views', [{ ask: { tag: 7 } }])).view();

    expect(selectPayload(view, { stage: 'AskMay', side: 'in' })).toMatchObject({ instances: [{ tag: 7 }] });
    expect(selectPayload(view, { stage: 'AskMay', side: 'out' })).toMatchObject({
      predictions: [{ by: 'May' }],
    });
    expect(() => selectPayload(view, { stage: 'AskNot', side: 'out' })).toThrow(
      /there are .*AskBoth.*AskMay/,
    );
  });

  it('are under way at the same time', async () => {
    const asked = await system.ask('views', [{ ask: { waitMs: 30 } }]);

    const events = await asked.events();
    const last = Math.max(events.indexOf('+AskMust'), events.indexOf('+AskMay'));
    expect(last).toBeGreaterThan(0);
    expect(events.slice(0, last)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^-Ask/)]));
  });

  it('go on without a soft one that failed, and tell why', async () => {
    const asked = await system.ask('views', [{ ask: { fail: 400, whom: 'May' } }]);

    expect(asked.predictions).toMatchObject([
      {
        must: 'Must',
        may: null,
        failure: { stage: 'AskMay', error: expect.stringMatching(/^SageMakerRuntime\.ModelError/) },
        last: 'Last',
      },
    ]);
    expect(await asked.states()).toContain('LeaveExtra');
  });

  it('fail the record with a hard one, by the name of the stage that failed in it', async () => {
    const { error, states } = await system.ask('views', [{ ask: { fail: 400, whom: 'Must' } }]);

    expect(error).toMatchObject({ code: 'ModelFailed', stage: 'AskMust' });
    expect(await states()).not.toContain('AskLast');
  });

  it('in a batch spoil one record only', async () => {
    const records = [{ ask: { fail: 400, whom: 'Must' } }, { ask: { fail: 400, whom: 'May' } }, { ask: {} }];

    const lines = await system.batch('views', records);

    expect(lines).toMatchObject([
      { error: { stage: 'AskMust', code: 'ModelFailed' } },
      { must: 'Must', may: null, failure: { stage: 'AskMay' } },
      { must: 'Must', may: 'May', failure: null },
    ]);
  });

  it('give what was asked for of a stage inside them', async () => {
    const { predictions } = await system.ask('views', [{ ask: {} }], ['AskMay', 'AskBoth', 'Round']);

    expect(predictions[0]!.included).toMatchObject({
      AskMay: { may: { by: 'May' } },
      Round: { rounded: 'by Must' },
      AskBoth: { rounded: 'by Must', may: { by: 'May' }, ExtraFailure: null },
    });
  });
});

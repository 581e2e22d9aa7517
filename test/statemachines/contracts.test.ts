// What composed stages compile to is valid, and what cannot work is refused by pipeline and stage before it runs.
import aslValidator from 'asl-validator';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { State, StateMachine } from '../../statemachines/compile/asl.ts';
import { checkMachine } from '../../statemachines/compile/check-machine.ts';
import { compilePipeline } from '../../statemachines/compile/compile.ts';
import {
  nestedStage,
  parallelStage,
  shadowStage,
  splitStage,
  switchStage,
} from '../../statemachines/composition.ts';
import {
  exitStage,
  functionStage,
  inferenceStage,
  type Pipeline,
  pipeline,
  type Stage,
} from '../../statemachines/pipeline.ts';
import { asking, multiModel, single } from './endpoints.ts';

const of = (stages: readonly Stage[], more: Partial<Pipeline> = {}): Pipeline =>
  pipeline({
    name: 'some',
    description: 'Some.',
    input: v.object({ ask: v.any(), kind: v.string() }),
    output: v.object({ by: v.any() }),
    flow: 'record',
    stages,
    answer: { by: '{kind}' },
    ...more,
  });

const other = of([asking('Other')], { name: 'other' });
const branch = (name: string, stages: readonly Stage[], gives: string[]) => ({ name, stages, gives });
const both = (first: object, second: object) =>
  parallelStage({
    name: 'Both',
    branches: [
      { ...branch('First', [asking('One')], ['one']), ...first },
      { ...branch('Second', [asking('Two')], ['two']), ...second },
    ],
  });

const everything = of(
  [
    switchStage({
      name: 'Choose',
      cases: [{ when: '{kind} = "a"', stages: [asking('One')] }],
      otherwise: [
        splitStage({
          name: 'Share',
          key: '{kind}',
          branches: [
            { weight: 9, stages: [asking('Two', { into: 'one', breaker: { failures: 3, openSeconds: 9 } })] },
            { weight: 1, stages: [exitStage({ name: 'Leave', answer: { by: 'null' } })] },
          ],
        }),
      ],
    }),
    parallelStage({
      name: 'Both',
      branches: [
        branch('First', [asking('Three')], ['three']),
        {
          ...branch(
            'Second',
            [
              asking('Four'),
              parallelStage({
                name: 'Inner',
                branches: [
                  branch('Left', [asking('Five')], ['five']),
                  branch('Right', [asking('Six')], ['six']),
                ],
              }),
            ],
            ['four', 'five', 'six'],
          ),
          dependence: 'soft' as const,
        },
      ],
    }),
    asking('Seven', {
      canary: { weight: 0.1, key: '{kind}', endpoint: single('Eight') },
      breaker: { failures: 1, openSeconds: 1 },
      concurrency: 3,
    }),
    shadowStage({
      name: 'Try',
      endpoint: multiModel('Nine'),
      targetModel: '{kind}.tar.gz',
      instance: '{ask}',
      against: '{seven}',
    }),
    nestedStage({ name: 'Nest', pipeline: other, record: { ask: '{six}', kind: '{kind}' }, into: 'nested' }),
  ],
  { answer: { by: '{nested}', four: '{four}.x' } },
);

describe('a pipeline with every kind of composition', () => {
  it.each(Object.entries(compilePipeline(everything)))('compiles %s to valid states', (_, machine) => {
    const { isValid, errors } = aslValidator(structuredClone(machine));

    expect(errors).toEqual([]);
    expect(isValid).toBe(true);
  });

  it('carries a field through branches as long as something later takes it', () => {
    const { States } = compilePipeline(everything).some!.States.EachRecord!.ItemProcessor as {
      States: Record<string, { Output?: object }>;
    };

    expect(Object.keys(States.AskSeven!.Output!).sort()).toEqual(['ask', 'four', 'kind', 'seven', 'six']);
    expect(Object.keys(States.Try!.Output!).sort()).toEqual(['four', 'kind', 'six']);
    expect(Object.keys(States.Both!.Output!).sort()).toEqual(['ask', 'four', 'kind', 'six']);
  });
});

describe('a pipeline whose records go together', () => {
  it('has only so many calls for different target models under way at once', () => {
    const prepare = functionStage({ name: 'Prepare', function: 'prepare', gives: ['kind', 'ask'] });
    const ask = asking('One', {
      endpoint: multiModel('One'),
      instance: 'ask',
      targetModel: '{kind}.tar.gz',
      into: 'by',
      concurrency: 2,
    });
    const machine = compilePipeline(of([prepare, ask], { flow: 'records' })).some!;

    expect(machine.States.AskOne).toMatchObject({ Type: 'Map', MaxConcurrency: 2 });
  });
});

describe('the check of a compiled machine', () => {
  const give = (name: string): State => ({ Type: 'Pass', Assign: { [name]: 1 }, End: true });
  const withBranch = (inside: State): StateMachine => ({
    Comment: '',
    QueryLanguage: 'JSONata',
    StartAt: 'Outer',
    States: {
      Outer: { Type: 'Pass', Assign: { taken: 1 }, Next: 'Both' },
      Both: { Type: 'Parallel', Branches: [{ StartAt: 'Inner', States: { Inner: inside } }], End: true },
    },
  });

  it('refuses an assignment in a branch to a variable of an outer scope, as AWS does', () => {
    expect(() => checkMachine('some', withBranch(give('taken')))).toThrow(/found "taken" of an outer scope/);
    expect(() => checkMachine('some', withBranch(give('own')))).not.toThrow();
  });

  it('refuses a state name of more than 80 characters', () => {
    const named = (name: string): StateMachine => ({
      Comment: '',
      QueryLanguage: 'JSONata',
      StartAt: name,
      States: { [name]: { Type: 'Pass', End: true } },
    });

    expect(() => checkMachine('some', named('A'.repeat(81)))).toThrow(/expected state names of at most 80/);
    expect(() => checkMachine('some', named('A'.repeat(80)))).not.toThrow();
  });

  it('refuses a null, which no template may hold', () => {
    const output = (Output: unknown): StateMachine => withBranch({ Type: 'Pass', Output, End: true });

    expect(() => checkMachine('some', output({ of: null }))).toThrow(/no null but in an expression/);
    expect(() => checkMachine('some', output({ of: '{% null %}', text: 'a:null' }))).not.toThrow();
  });
});

describe('the check of composed stages', () => {
  const endpoint = { ...single('One'), variants: [{ name: 'Next', artefacts: 'one-next' }] };
  const inference = (more: object) => inferenceStage({ ...asking('One'), endpoint, ...more });

  it.each<[string, Pipeline, RegExp]>([
    [
      'a field that only one way of a switch gives',
      of([
        switchStage({ name: 'Choose', cases: [{ when: '{kind} = "a"', stages: [asking('One')] }] }),
        asking('Two', { instance: '{one}' }),
      ]),
      /stage "AskTwo": expected the field one from the stage before, found ask, kind/,
    ],
    [
      'a condition on a field that is not there',
      of([switchStage({ name: 'Choose', cases: [{ when: '{colour} = 1', stages: [] }] })]),
      /stage "Choose": expected the field colour/,
    ],
    [
      'a stage in a branch that takes what is not there',
      of([both({ stages: [asking('One', { instance: '{two}' })] }, {})]),
      /stage "AskOne": expected the field two/,
    ],
    [
      'a field from two branches',
      of([both({}, { stages: [asking('Two', { into: 'one' })], gives: ['one'] })]),
      /stage "Both": expected each field from one branch alone, found "one" from First and from Second/,
    ],
    [
      'a field that the record has already',
      of([both({ gives: ['kind'] }, {})]),
      /found "kind" from the record before it and from First/,
    ],
    [
      'a branch that does not give what it says',
      of([both({ gives: ['three'] }, {})]),
      /stage "Both\/First": expected the field three/,
    ],
    [
      'a single branch',
      of([parallelStage({ name: 'Both', branches: [branch('First', [asking('One')], ['one'])] })]),
      /expected at least two branches, found 1/,
    ],
    [
      'an exit within a branch',
      of([both({ stages: [asking('One'), exitStage({ name: 'Leave', answer: { by: '1' } })] }, {})]),
      /expected no exit within a branch, found "Leave" in First/,
    ],
    [
      'a stage name that is taken inside a branch',
      of([both({}, {}), asking('One')]),
      /stage "AskOne": expected a name of its own/,
    ],
    ['a branch whose states have taken names', of([both({}, { name: 'First' })]), /found "BeginFirst" twice/],
    [
      'a share of nothing',
      of([
        splitStage({
          name: 'Share',
          key: '{kind}',
          branches: [
            { weight: 1, stages: [] },
            { weight: 0, stages: [] },
          ],
        }),
      ]),
      /stage "Share": expected weights over 0, found 0/,
    ],
    [
      'a canary of more than all',
      of([inference({ canary: { weight: 1.1, key: '{kind}', targetVariant: 'Next' } })]),
      /expected a canary weight of 0 to 1, found 1.1/,
    ],
    [
      'a canary of a variant that there is not',
      of([inference({ canary: { weight: 0.1, key: '{kind}', targetVariant: 'Nxt' } })]),
      /expected a targetVariant of AllTraffic, Next, found "Nxt"/,
    ],
    [
      'a canary that is the same',
      of([inference({ canary: { weight: 0.1, key: '{kind}' } })]),
      /expected a canary with a version of its own/,
    ],
    [
      'a canary that is the same, written anew',
      of([inference({ canary: { weight: 0.1, key: '{kind}', endpoint: { ...inference({}).endpoint } } })]),
      /expected a canary with a version of its own/,
    ],
    [
      'a placement that is misspelt',
      { ...of([asking('One')]), placement: 'inference_pipeline' as never },
      /expected a placement of state-machine, .*, found "inference_pipeline" \(did you mean "inference-pipeline"\?\)/,
    ],
    [
      'a canary by a key that is not there',
      of([inference({ canary: { weight: 0.1, key: '{customer}', targetVariant: 'Next' } })]),
      /expected the field customer from the stage before/,
    ],
    [
      'a nested record without what the pipeline takes',
      of([nestedStage({ name: 'Nest', pipeline: other, record: { ask: '{ask}' }, into: 'n' })]),
      /stage "Nest": expected a record with kind, which other takes, found ask/,
    ],
    [
      'a nested record with what the pipeline does not know',
      of([
        nestedStage({
          name: 'Nest',
          pipeline: other,
          record: { ask: '{ask}', kind: '{kind}', size: '1' },
          into: 'n',
        }),
      ]),
      /stage "Nest": expected fields that other takes, found "size"/,
    ],
    [
      'a shadow without a target model',
      of([shadowStage({ name: 'Try', endpoint: multiModel('M'), instance: '{ask}', against: '{kind}' })]),
      /stage "Try": expected a targetModel/,
    ],
    [
      'an expression that is none',
      of([
        splitStage({
          name: 'Share',
          key: '{kind',
          branches: [
            { weight: 1, stages: [] },
            { weight: 1, stages: [] },
          ],
        }),
      ]),
      /stage "Share": expected JSONata/,
    ],
    [
      'a breaker of no failures',
      of([asking('One', { breaker: { failures: 0, openSeconds: 1 } })]),
      /expected breaker.failures of 1 to 1000, found 0/,
    ],
    [
      'a concurrency of none',
      of([asking('One', { concurrency: 0 })]),
      /expected a concurrency of 1 to 40, found 0/,
    ],
    [
      'an answer that hides what is included',
      of([asking('One')], { answer: { by: '1', included: '1' } }),
      /no field "included"/,
    ],
    [
      'a switch where records go together',
      of([switchStage({ name: 'Choose', cases: [] })], { flow: 'records' }),
      /stage "Choose": expected flow: 'record', since the stage is of the kind "switch"/,
    ],
    [
      'a breaker where records go together',
      of(
        [
          functionStage({
            name: 'F',
            function: 'f',
            gives: ['by'],
            breaker: { failures: 1, openSeconds: 1 },
          }),
        ],
        { flow: 'records' },
      ),
      /stage "F": expected flow: 'record', since the stage has a breaker/,
    ],
  ])('refuses %s', (_, definition, message) => {
    expect(() => compilePipeline(definition)).toThrow(message);
  });
});

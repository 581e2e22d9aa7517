// The compiler: what it emits stays as committed, is valid, and what it refuses it refuses by name.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import aslValidator from 'asl-validator';
import jsonata from 'jsonata';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { StateMachine } from '../../statemachines/compile/asl.ts';
import { compilePipeline, formatMachine } from '../../statemachines/compile/compile.ts';
import { PIPELINE_DEFINITIONS } from '../../statemachines/index.ts';
import {
  exitStage,
  functionStage,
  type InferenceStage,
  inferenceStage,
  type Pipeline,
  payloadStage,
  pipeline,
  type Stage,
} from '../../statemachines/pipeline.ts';

const machines = PIPELINE_DEFINITIONS.flatMap((definition) => Object.entries(compilePipeline(definition)));

const stageNames = PIPELINE_DEFINITIONS.flatMap(({ stages }) =>
  stages.filter(({ kind }) => kind !== 'exit').map(({ name }) => name),
);

describe.each(machines)('the state machine %s', (name, machine) => {
  it('is committed as the compiler emits it', () => {
    const file = join(import.meta.dirname, '../../statemachines', `${name}.asl.json`);

    expect(readFileSync(file, 'utf8')).toBe(formatMachine(machine));
  });

  it('is valid Amazon States Language', () => {
    const { isValid, errors } = aslValidator(structuredClone(machine));

    expect(errors).toEqual([]);
    expect(isValid).toBe(true);
  });

  it('has only expressions that parse', () => {
    const expressions = [...JSON.stringify(machine).matchAll(/"\{% (.*?) %\}"/g)].map(([, text]) =>
      JSON.parse(`"${text}"`),
    );

    expect(expressions.length).toBeGreaterThan(5);
    for (const text of expressions) expect(() => jsonata(text), text).not.toThrow();
  });

  it('names every state once, children included', () => {
    const names = stateNames(machine);

    expect(new Set(names).size).toBe(names.length);
  });

  it('gives every task a timeout and a way to fail that says which stage it was', () => {
    for (const [state, fields] of allStates(machine)) {
      if (fields.Type === 'Task') expect(fields.TimeoutSeconds, state).toBeGreaterThan(0);
      const isStage = stageNames.some((stage) => state.startsWith(stage));
      if (isStage) expect(JSON.stringify(fields.Catch), state).toContain('States.ALL');
    }
  });
});

type Fields = Record<string, unknown> & { ItemProcessor?: StateMachine };

function allStates(machine: Pick<StateMachine, 'States'>): [string, Fields][] {
  return Object.entries(machine.States as Record<string, Fields>).flatMap(([name, fields]) => [
    [name, fields] as [string, Fields],
    ...(fields.ItemProcessor === undefined ? [] : allStates(fields.ItemProcessor)),
  ]);
}

function stateNames(machine: Pick<StateMachine, 'States'>): string[] {
  return allStates(machine).map(([name]) => name);
}

describe('compilePipeline', () => {
  const first = functionStage({ name: 'First', function: 'first', gives: ['kind', 'row'] });
  const last = functionStage({ name: 'Last', function: 'last', takes: ['kind', 'guess'], gives: ['answer'] });
  const guess = inferenceStage({
    name: 'Guess',
    endpoint: { placeholder: 'Endpoint', containers: [{ name: 'one' }] },
    instance: 'row',
    into: 'guess',
  });
  const multi: InferenceStage = {
    ...guess,
    endpoint: { placeholder: 'Endpoint', containers: [{ name: 'one', mode: 'MultiModel' }] },
    targetModel: '{kind}.tar.gz',
  };
  const of = (stages: readonly Stage[], more: Partial<Pipeline> = {}): Pipeline =>
    pipeline({
      name: 'guesses',
      description: 'Guesses.',
      input: v.object({}),
      output: v.object({ answer: v.string() }),
      stages,
      ...more,
    });

  it('compiles a single-model inference without a target model', () => {
    const machine = compilePipeline(of([first, guess, last])).guesses!;

    expect(JSON.stringify(machine)).not.toContain('TargetModel');
    expect(Object.keys(machine.States)).toEqual(['First', 'Guess', 'Last', 'Failed']);
  });

  it('makes one call with whole records of an inference at the start', () => {
    const { instance: _instance, into: _into, ...whole } = guess;
    const machine = compilePipeline(of([{ ...whole, gives: ['answer'] }])).guesses!;

    expect(Object.keys(machine.States)).toEqual(['Guess', 'Failed']);
    expect(machine.States.Guess).toMatchObject({
      Type: 'Task',
      Arguments: { Body: { instances: '{% [$states.input.records.value] %}' } },
    });
  });

  it('checks the records of a file before an inference at the start', () => {
    const { instance: _instance, into: _into, ...whole } = guess;
    const machine = compilePipeline(of([{ ...whole, gives: ['answer'] }]))['guesses-batch']!;

    const names = stateNames(machine);
    expect(names).toContain('CheckRecords');
    expect(JSON.stringify(machine)).toContain('"next":{}');
  });

  it('hands the answers of a last inference to whoever reads the output', () => {
    const output = v.object({ kind: v.string(), guess: v.any() });
    const machine = compilePipeline(of([first, guess], { output })).guesses!;

    expect(machine.States.Guess).toMatchObject({
      End: true,
      Output: { answers: { stage: 'Guess', into: 'guess', groups: '{% $states.result %}' } },
    });
  });

  it.each<[string, Pipeline, RegExp]>([
    [
      'a word that starts with a digit',
      of([first], { name: 'guesses-2' }),
      /each word starting with a letter/,
    ],
    [
      'a bad pipeline name',
      of([first], { name: 'Guesses' }),
      /Pipeline "Guesses": expected a name like .* found "Guesses"/,
    ],
    ['no stages', of([]), /expected at least one stage, found none/],
    ['a bad stage name', of([{ ...first, name: 'first' }]), /stage "first": expected a name in PascalCase/],
    ['a name twice', of([first, first]), /stage "First": expected a name of its own/],
    [
      'a timeout of no seconds',
      of([{ ...first, timeoutSeconds: 0 }]),
      /stage "First": expected a timeout of 1 to 300/,
    ],
    [
      'a field of records at the start',
      of([guess]),
      /stage "Guess": expected a function stage before it, since "instance" is given, found none/,
    ],
    [
      'an inference of unknown predictions',
      of([first, { ...guess, into: undefined as never }]),
      /stage "Guess": expected "into", or "gives" .* found neither/,
    ],
    [
      'two inferences in a row',
      of([first, guess, { ...guess, name: 'Again' }]),
      /stage "Again".*found the inference "Guess"/,
    ],
    [
      'a multi-model endpoint without target',
      of([first, { ...multi, targetModel: undefined as never }]),
      /expected a targetModel/,
    ],
    [
      'a target without multi-model endpoint',
      of([first, { ...guess, targetModel: 'x' }]),
      /expected no targetModel.*found "x"/,
    ],
    [
      'two multi-model containers',
      of([
        first,
        {
          ...multi,
          endpoint: {
            placeholder: 'E',
            containers: [
              { name: 'a', mode: 'MultiModel' },
              { name: 'b', mode: 'MultiModel' },
            ],
          },
        },
      ]),
      /expected at most one multi-model container, found a and b/,
    ],
    [
      'sixteen containers',
      of([
        first,
        {
          ...guess,
          endpoint: {
            placeholder: 'E',
            containers: Array.from({ length: 16 }, (_, i) => ({ name: `c${i}` })),
          },
        },
      ]),
      /expected 1 to 15 containers, found 16/,
    ],
    [
      'an instance that no stage gives',
      of([first, { ...guess, instance: 'rows' }]),
      /stage "Guess": expected the field rows .* found kind, row/,
    ],
    [
      'a target model of unknown fields',
      of([first, { ...multi, targetModel: '{city}' }]),
      /expected the field city from/,
    ],
    [
      'an input that is gone',
      of([first, guess, { ...last, takes: ['row'] }]),
      /stage "Last": expected the field row .* found kind, guess/,
    ],
    [
      'an output that no stage gives',
      of([first]),
      /stage "the output": expected the field answer .* found kind, row/,
    ],
  ])('refuses %s, saying what was expected and found', (_, definition, message) => {
    expect(() => compilePipeline(definition)).toThrow(message);
  });
});

describe('a pipeline whose records go one by one', () => {
  const endpoint = { placeholder: 'LookEndpoint', containers: [{ name: 'look' }] };
  const look = payloadStage({
    name: 'Look',
    endpoint,
    payload: 'photo',
    accept: 'image/png',
    answer: { payload: 'larger', attributes: { quality: 'quality' } },
  });
  const leave = exitStage({ name: 'Leave', when: '{quality} < 0.5', answer: { quality: '{quality}' } });
  const name = inferenceStage({
    name: 'Name',
    endpoint: { placeholder: 'NameEndpoint', containers: [{ name: 'name', mode: 'MultiModel' }] },
    instance: '{"quality": {quality}}',
    targetModel: '{kind}.tar.gz',
    into: 'named',
  });
  const of = (stages: readonly Stage[], more: Partial<Pipeline> = {}): Pipeline =>
    pipeline({
      name: 'looks',
      description: 'Looks.',
      input: v.object({ photo: v.any(), kind: v.string() }),
      output: v.object({ quality: v.number() }),
      flow: 'record',
      body: 'payload',
      stages,
      answer: { quality: '{quality}' },
      ...more,
    });

  it('carries a field as long as something later takes it', () => {
    const { States } = compilePipeline(of([look, leave, name])).looks!;

    expect(Object.keys(States.Look!.Output as object).sort()).toEqual(['kind', 'quality']);
    expect(Object.keys(States.Name!.Output as object)).toEqual(['quality']);
  });

  it('goes on from an exit with the next stage, and ends with the exit’s own answer', () => {
    const { States } = compilePipeline(of([look, leave, name])).looks!;

    expect(States.Leave).toMatchObject({
      Choices: [{ Condition: '{% $states.input.quality < 0.5 %}', Next: 'LeaveAnswer' }],
      Default: 'Name',
    });
    expect(States.LeaveAnswer).toMatchObject({ Type: 'Pass', End: true });
  });

  it('names the target model from the record', () => {
    const { States } = compilePipeline(of([look, name])).looks!;

    expect(States.Name).toMatchObject({
      Arguments: { TargetModel: '{% $states.input.kind & ".tar.gz" %}' },
    });
  });

  it('counts on the default of a field, which the schema fills in', () => {
    const input = v.object({ photo: v.any(), kind: v.optional(v.string(), 'plain') });

    expect(() => compilePipeline(of([look, name], { input }))).not.toThrow();
  });

  it('keeps a failing record of a batch and goes on with the others', () => {
    const machine = compilePipeline(of([look]))['looks-batch']!;
    const states = Object.fromEntries(allStates(machine));

    expect(states.Failed).toMatchObject({ Type: 'Pass', Output: { position: '{% $position %}' } });
    expect(states.Look!.Catch).toMatchObject([{ Next: 'Failed' }]);
  });

  it.each<[string, Pipeline, RegExp]>([
    [
      'a payload that no stage gives',
      of([{ ...look, payload: 'picture' }]),
      /stage "Look": expected the field picture/,
    ],
    [
      'a field that a record may leave out',
      of([look, name], { input: v.object({ photo: v.any(), kind: v.optional(v.string()) }) }),
      /stage "Name": expected the field kind, which every record must have .*: give it a default, v\.optional\(…, value\)/,
    ],
    [
      'a default that a function before it does not fill in',
      of([functionStage({ name: 'Read', function: 'read', gives: ['photo'] }), look, name], {
        body: undefined as never,
        input: v.object({ kind: v.optional(v.string(), 'plain') }),
      }),
      /stage "Name": expected the field kind, .*: let the function "Read" give it/,
    ],
    [
      'an expression that does not parse',
      of([look, { ...leave, when: '{quality} <' }]),
      /stage "Leave": expected JSONata/,
    ],
    ['a condition on what is not there', of([leave]), /stage "Leave": expected the fields? quality/],
    [
      'an exit without the output’s fields',
      of([look, { ...leave, answer: {} }]),
      /expected an answer with quality, found none/,
    ],
    [
      'no answer',
      of([look], { answer: undefined as never }),
      /stage "the answer": expected the fields of the output/,
    ],
    [
      'an inference without a place for its answer',
      of([look, { ...name, into: undefined as never }]),
      /expected "instance" and "into"/,
    ],
    ['a payload where records go together', of([look], { flow: 'records' }), /expected flow: 'record'/],
  ])('refuses %s', (_, definition, message) => {
    expect(() => compilePipeline(definition)).toThrow(message);
  });
});

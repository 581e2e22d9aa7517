// A pipeline within a pipeline, of each kind, in real executions.
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nestedStage } from '../../statemachines/composition.ts';
import { functionStage, inferenceStage, pipeline } from '../../statemachines/pipeline.ts';
import { type ComposedSystem, startComposedSystem } from './composed-system.ts';
import { asking, multiModel, single } from './endpoints.ts';

/** Records together, an inference at the end whose answer joins the record. */
const inner = pipeline({
  name: 'inner',
  description: 'The model that the record names.',
  input: v.object({ model: v.string(), ask: v.any() }),
  output: v.object({ model: v.string(), said: v.any() }),
  stages: [
    functionStage({ name: 'Prepare', function: 'prepare', gives: ['model', 'ask'] }),
    inferenceStage({
      name: 'AskModel',
      endpoint: multiModel('Inner'),
      instance: 'ask',
      targetModel: '{model}.tar.gz',
      into: 'said',
    }),
  ],
});

/** One record by itself. */
const alone = pipeline({
  name: 'alone',
  description: 'One model, one record by itself.',
  input: v.object({ ask: v.any() }),
  output: v.object({ by: v.string() }),
  flow: 'record',
  stages: [asking('Alone')],
  answer: { by: '{alone}.by' },
});

const outer = pipeline({
  name: 'outer',
  description: 'Asks two other pipelines.',
  input: v.object({ model: v.string(), ask: v.any() }),
  output: v.object({ inner: v.any(), alone: v.any() }),
  flow: 'record',
  stages: [
    nestedStage({
      name: 'AskInner',
      pipeline: inner,
      record: { model: '{model}', ask: '{ask}' },
      into: 'answered',
    }),
    nestedStage({ name: 'AskOther', pipeline: alone, record: { ask: '{ask}' }, into: 'other' }),
  ],
  answer: { inner: '{answered}', alone: '{other}.by' },
});

/** Its model's prediction is its answer; the model gives no `promised`. */
const breaking = pipeline({
  name: 'breaking',
  description: 'A model that does not give what the pipeline promises.',
  input: v.object({ age: v.number() }),
  output: v.object({ by: v.string(), promised: v.number() }),
  stages: [inferenceStage({ name: 'Break', endpoint: single('Breaking'), gives: ['by', 'promised'] })],
});

const nesting = pipeline({
  name: 'nesting',
  description: 'Asks the one that breaks its promise.',
  input: v.object({ age: v.number() }),
  output: v.object({ by: v.string() }),
  flow: 'record',
  stages: [nestedStage({ name: 'AskBreaking', pipeline: breaking, record: { age: '{age}' }, into: 'given' })],
  answer: { by: '{given}.by' },
});

let system: ComposedSystem;

beforeAll(async () => {
  system = await startComposedSystem({
    pipelines: [inner, alone, outer, breaking, nesting],
    models: ['a', 'b'],
    functions: { prepare: 'return value;' },
  });
}, 60_000);

afterAll(() => system.close());

describe('a nested pipeline', () => {
  it('answers with its output record, after an inference at its end as after a record of its own', async () => {
    const records = ['a', 'b'].map((model) => ({ model, ask: { some: model } }));

    const { predictions } = await system.ask('outer', records);

    expect(predictions).toMatchObject([
      {
        inner: { model: 'a', said: { prediction: { by: 'a', some: 'a' }, targetModel: 'a.tar.gz' } },
        alone: 'Alone',
      },
      {
        inner: { model: 'b', said: { prediction: { by: 'b', some: 'b' }, targetModel: 'b.tar.gz' } },
        alone: 'Alone',
      },
    ]);
  });

  it('fails the record with its own stage’s error, under the name of the stage that nests it', async () => {
    const missing = await system.ask('outer', [{ model: 'c', ask: {} }]);
    const failing = await system.ask('outer', [{ model: 'a', ask: { fail: 400, whom: 'Alone' } }]);

    expect(missing.error).toMatchObject({ code: 'ModelNotFound', stage: 'AskInner' });
    expect(failing.error).toMatchObject({ code: 'ModelFailed', stage: 'AskOther' });
    expect(failing.error?.message).toContain('Alone was asked to fail');
    expect(await failing.states()).toContain('TakeAskOtherAnswer');
  });

  it('reads its record by its own schema where no function of its does', async () => {
    const { error, states } = await system.ask('nesting', [{ age: 200 }]);

    expect(error).toMatchObject({ code: 'InvalidPayload', httpStatus: 400, stage: 'AskBreaking' });
    expect(error?.message).toContain('breaking.age: too old');
    expect(await states()).not.toContain('AskBreaking');
  });

  it('fails the record when its answer is not what it promises', async () => {
    const { error } = await system.ask('nesting', [{ age: 20 }]);

    expect(error).toMatchObject({ code: 'ContractViolation', httpStatus: 502, stage: 'AskBreaking' });
    expect(error?.message).toContain('Break gave does not fit the output of breaking: expected by, promised');
  });

  it('gives error records for such answers in a batch of its own', async () => {
    const lines = await system.batch('breaking', [{ age: 20, promised: 3 }, { age: 20 }]);

    expect(lines).toMatchObject([
      { by: 'Breaking', promised: 3 },
      { error: { stage: 'Break', code: 'ContractViolation' } },
    ]);
  });

  it('is asked from a batch too', async () => {
    const lines = await system.batch('outer', [
      { model: 'b', ask: {} },
      { model: 'c', ask: {} },
    ]);

    expect(lines).toMatchObject([
      { inner: { model: 'b' }, alone: 'Alone' },
      { error: { stage: 'AskInner', code: 'ModelNotFound' } },
    ]);
  });
});

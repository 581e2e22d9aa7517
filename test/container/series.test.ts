// Models in series in one artefact, and containers in series that hand on what each answered.
import { afterEach, describe, expect, it } from 'vitest';
import { COLLECTED_TYPE } from '../../container/serving/collected.ts';
import {
  type ArtefactFiles,
  HOUSE_FEATURES,
  houseCity,
  readError,
  startTestContainer,
  type TestContainer,
} from './support.ts';

const RECORD = { numeric: [1998, 2900, 4, 2.5, 1.1, 2], categorical: ['y', 'n'] };
const BODY = JSON.stringify({ instances: [RECORD, { ...RECORD, numeric: [2005, 1500, 3, 2, 0.2, 1] }] });

let started: TestContainer[] = [];
afterEach(async () => {
  await Promise.all(started.map((one) => one.stop()));
  started = [];
});

async function start(files: ArtefactFiles, env: Record<string, string> = {}): Promise<TestContainer> {
  const container = await startTestContainer({ files, env });
  started.push(container);
  await container.ready;
  return container;
}

const order = (models: unknown, more: object = {}) => ({ text: JSON.stringify({ models, ...more }) });
const MODELS = [
  { name: 'Features', folder: 'features' },
  { name: 'City', folder: 'city' },
];
const FUSED = {
  'features/model.onnx': HOUSE_FEATURES,
  'city/model.onnx': houseCity('Houston_TX'),
};

describe('an artefact with series.json', () => {
  it('answers what its models answer one after the other, to the last digit', async () => {
    const [first, second, fused] = await Promise.all([
      start({ 'model.onnx': HOUSE_FEATURES }),
      start({ 'model.onnx': houseCity('Houston_TX') }),
      start({ ...FUSED, 'series.json': order(MODELS) }),
    ]);

    const between = await (await first.post('/invocations', BODY)).text();
    const apart = await (await second.post('/invocations', between)).text();
    const together = await (await fused.post('/invocations', BODY)).text();

    expect(together).toBe(apart);
    expect(JSON.parse(together)).toMatchObject({ predictions: [{ log_price: expect.any(Number) }, {}] });
  });

  it('hands on the format that the order declares', async () => {
    const handlers = `
      export const inputFn = (body, type) => ({ type, text: String(body) });
      export const predictFn = (data) => data.type;
      export const outputFn = (type) => ({ body: JSON.stringify({ predictions: [type] }), contentType: 'application/json' });`;
    const fused = await start({
      'features/model.onnx': HOUSE_FEATURES,
      'second/code/inference.js': { text: handlers },
      'series.json': order([
        { name: 'Features', folder: 'features', accept: 'application/x-npy' },
        { name: 'Second', folder: 'second' },
      ]),
    });

    const answer = await fused.post('/invocations', BODY);

    expect(await answer.json()).toEqual({ predictions: ['application/x-npy'] });
  });

  it('collects what each model said, by its name, where it is asked to', async () => {
    const fused = await start({ ...FUSED, 'series.json': order(MODELS, { collects: true }) });

    const { predictions } = (await (await fused.post('/invocations', JSON.stringify([RECORD]))).json()) as {
      predictions: Record<string, { prediction: unknown }>[];
    };

    expect(predictions).toEqual([
      {
        Features: { prediction: { features: expect.any(Array) } },
        City: { prediction: { log_price: expect.any(Number) } },
      },
    ]);
  });

  it('answers a bad record as its first model would', async () => {
    const fused = await start({ ...FUSED, 'series.json': order(MODELS) });

    const error = await readError(await fused.post('/invocations', '{"instances":[{"numeric":[1]}]}'));

    expect(error).toMatchObject({ status: 400, code: 'InvalidPayload' });
  });

  it.each<[string, ArtefactFiles, RegExp]>([
    ['no models', { 'series.json': order([]) }, /"models" is no list of models/],
    [
      'a folder outside',
      { 'series.json': order([{ name: 'A', folder: '../a' }]) },
      /"folder" of the artefact/,
    ],
    ['a name twice', { 'series.json': order([MODELS[0], MODELS[0]]) }, /"Features" is named twice/],
    ['a folder without a model', { 'series.json': order([MODELS[0]]) }, /features/],
    ['no JSON', { 'series.json': { text: '{' } }, /series\.json cannot be used/],
  ])('is refused with %s', async (_, files, message) => {
    const container = await startTestContainer({ files });
    started.push(container);

    await expect(container.ready).rejects.toThrow(message);
  });
});

describe('containers in series that hand on their answers', () => {
  const place = (stage: string, isLast: boolean) => ({ SERIATIM_SERIES: JSON.stringify({ stage, isLast }) });

  it('give the caller what each of them said, however many there are', async () => {
    const [first, second] = await Promise.all([
      start({ 'model.onnx': HOUSE_FEATURES }, place('Features', false)),
      start({ 'model.onnx': houseCity('Houston_TX') }, place('City', true)),
    ]);

    const between = await first.post('/invocations', JSON.stringify([RECORD]));
    const contentType = between.headers.get('content-type')!;
    const answer = await second.post('/invocations', await between.text(), { 'content-type': contentType });

    expect(contentType).toBe(COLLECTED_TYPE);
    expect(await answer.json()).toEqual({
      predictions: [
        {
          Features: { prediction: { features: expect.any(Array) } },
          City: { prediction: { log_price: expect.any(Number) } },
        },
      ],
    });
  });

  it('refuse a body that is not what its content type says', async () => {
    const container = await start({ 'model.onnx': HOUSE_FEATURES }, place('Features', true));

    const answer = await container.post('/invocations', '{}', { 'content-type': COLLECTED_TYPE });

    expect(await readError(answer)).toMatchObject({ status: 400, code: 'InvalidPayload' });
  });

  it('name a setting that is none', async () => {
    await expect(startTestContainer({ env: { SERIATIM_SERIES: '{"stage":1}' } })).rejects.toThrow(
      /SERIATIM_SERIES/,
    );
  });
});

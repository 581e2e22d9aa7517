import { afterEach, describe, expect, it } from 'vitest';
import { type ElementType, identityModel } from './onnx-writer.ts';
import { startTestContainer, type TestContainer } from './support.ts';

let container: TestContainer | undefined;
afterEach(async () => {
  await container?.stop();
  container = undefined;
});

const start = async (dtype: ElementType, shape: readonly (number | string)[], env = {}) => {
  container = await startTestContainer({ files: { 'model.onnx': identityModel(dtype, shape) }, env });
  await container.ready;
  return container;
};

/** Rows of two elements, with the bounds of the dtype among them. */
const ROWS: readonly [ElementType, string][] = [
  ['float32', '[1.5,-0.25]'],
  ['float64', '[0.1,1e+300]'],
  ['float16', '[0.5,65504]'],
  ['int8', '[-128,127]'],
  ['int16', '[-32768,32767]'],
  ['int32', '[-2147483648,2147483647]'],
  ['int64', '[-9223372036854775808,9223372036854775807]'],
  ['uint8', '[0,255]'],
  ['uint16', '[0,65535]'],
  ['uint32', '[0,4294967295]'],
  ['uint64', '[9007199254740993,18446744073709551615]'],
  ['bool', '[true,false]'],
  ['string', '["","é"]'],
];

describe('a running model of each dtype', () => {
  it.each(ROWS)('gives back %s exactly, by JSON and by NumPy', async (dtype, row) => {
    const { post } = await start(dtype, ['N', 2]);

    const json = await (await post('/invocations', `[${row}]`)).text();
    const npz = await post('/invocations', `[${row}]`, { accept: 'application/x-npz' });
    const again = await post('/invocations', new Uint8Array(await npz.arrayBuffer()), {
      'content-type': 'application/x-npz',
    });

    expect(json).toBe(`{"predictions":[{"y":${row}}]}`);
    expect(await again.text()).toBe(json);
  });

  it('gives back float16 through a worker thread, from a batch of several callers', async () => {
    const { post } = await start('float16', ['N', 2], {
      SERIATIM_THREAD: 'worker',
      SAGEMAKER_MODEL_SERVER_WORKERS: '1',
    });

    const rows = Array.from({ length: 20 }, (_, i) => `[${i},${i + 0.5}]`);
    const answers = await Promise.all(
      rows.map(async (row) => (await post('/invocations', `[${row}]`)).text()),
    );

    expect(answers).toEqual(rows.map((row) => `{"predictions":[{"y":${row}}]}`));
  });
});

describe('a model', () => {
  it.each<[string, readonly (number | string)[], string, string]>([
    ['without axes takes bare numbers', [], '[1,2]', '[{"y":1},{"y":2}]'],
    ['without a batch axis takes whole tensors', [2], '[[1,2],[3,4]]', '[{"y":[1,2]},{"y":[3,4]}]'],
    ['fixed to one record runs once for each', [1, 2], '[[1,2],[3,4]]', '[{"y":[[1,2]]},{"y":[[3,4]]}]'],
    ['of varying width takes rows of several', ['N', 'M'], '[[1,2],[3]]', '[{"y":[1,2]},{"y":[3]}]'],
  ])('%s', async (_name, shape, body, predictions) => {
    const { post } = await start('float32', shape);

    expect(await (await post('/invocations', body)).text()).toBe(`{"predictions":${predictions}}`);
  });

  it('fixed to one record takes CSV of several', async () => {
    const { post } = await start('float32', [1, 2]);

    const headers = { 'content-type': 'text/csv', accept: 'text/csv' };
    expect(await (await post('/invocations', 'x.1,x.0\n1,2\n3,4\n', headers)).text()).toBe('2,1\n4,3\n');
  });
});

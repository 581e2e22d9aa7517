import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../container/triton/config.ts';
import { parseTextFormat } from '../../container/triton/text-format.ts';
import {
  type ArtefactFiles,
  HOUSE_FEATURES,
  houseCity,
  readError,
  startTestContainer,
  type TestContainer,
} from './support.ts';

const FEATURES_CONFIG = `
# Scaling and one-hot.
name: "features"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [
  { name: "numeric" data_type: TYPE_FP32 dims: [ 6 ] },
  { name: "categorical", data_type: TYPE_STRING, dims: 2 }
]
output { name: "features" data_type: TYPE_FP32 dims: [ 10 ] }
instance_group [ { kind: KIND_GPU, count: 2, gpus: [ 0 ] } ]
dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100 }
optimization { graph { level: 1 } }
version_policy: { latest { num_versions: 1 } }
`;

const CITY_CONFIG = `
backend: 'onnxruntime' max_batch_size: 8
input { name: "features" data_type: TYPE_FP32 dims: 10 }
output { name: "log_price" data_type: TYPE_FP32 dims: 1 }`;

const ENSEMBLE_CONFIG = `
platform: "ensemble" max_batch_size: 8
input [ { name: "NUMBERS" data_type: TYPE_FP32 dims: [ 6 ] }, { name: "PORCH_DECK" data_type: TYPE_STRING dims: [ 2 ] } ]
output [ { name: "LOG_PRICE" data_type: TYPE_FP32 dims: [ 1 ] } ]
ensemble_scheduling { step [
  { model_name: "city" model_version: -1
    input_map { key: "features" value: "made" } output_map { key: "log_price" value: "LOG_PRICE" } },
  { model_name: "features" model_version: -1
    input_map { key: "numeric" value: "NUMBERS" } input_map { key: "categorical" value: "PORCH_DECK" }
    output_map { key: "features" value: "made" } }
] }`;

const ENSEMBLE: ArtefactFiles = {
  'features/config.pbtxt': { text: FEATURES_CONFIG },
  'features/1/model.onnx': HOUSE_FEATURES,
  'city/config.pbtxt': { text: CITY_CONFIG },
  'city/1/model.onnx': houseCity('Houston_TX'),
  'city/3/model.onnx': houseCity('Chicago_IL'),
  'priced/config.pbtxt': { text: ENSEMBLE_CONFIG },
  'priced/1/keep': { text: '' },
};

const ROW = { numeric: [1998, 2900, 4, 2.5, 1.1, 2], categorical: ['y', 'n'] };

describe("Protocol Buffers' text format", () => {
  it('is read in all its ways of writing a field', () => {
    const { fields } = parseTextFormat(
      `a: 1 b: "x" 'y' c { d: -2.5e3; } c < d: TRUE, > e: [1, 2] f [ { g: X } { } ] # end`.replace(
        '} { }',
        '}, { }',
      ),
    );

    expect([...fields.keys()]).toEqual(['a', 'b', 'c', 'e', 'f']);
    expect(fields.get('b')).toEqual([{ text: 'xy', isString: true }]);
    expect(fields.get('c')).toHaveLength(2);
    expect(fields.get('e')).toEqual([
      { text: '1', isString: false },
      { text: '2', isString: false },
    ]);
  });

  it('keeps every text through its escapes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = [...Buffer.from(text)]
          .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
          .join('');

        expect(parseTextFormat(`a: "${escaped}"`).fields.get('a')).toEqual([{ text, isString: true }]);
        expect(
          parseTextFormat(`a: ${JSON.stringify(text.replaceAll(/[^ -~]/g, ''))}`).fields.get('a'),
        ).toHaveLength(1);
      }),
    );
  });

  it.each([
    ['a', 'line 1, column 2: expected ":" or "{", got the end'],
    ['a: 1\nb: }', 'line 2, column 4: expected a value, got "}"'],
    ['a { b: 1', `line 1, column 9: expected a field's name, got the end`],
    ['a: [1 2]', 'line 1, column 7: expected "," or "]", got "2"'],
    ['a: "x', 'line 1, column 4: """ is out of place'],
  ])('names line and column of a mistake in %j', (text, message) => {
    expect(() => parseTextFormat(text)).toThrow(message);
  });

  it('never fails otherwise', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', ':', '{', '}', '[', ']', '<', '>', ',', '"x"', '1', ' ', '#', '\n')),
        (pieces) => {
          try {
            parseTextFormat(pieces.join(''));
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(SyntaxError);
          }
        },
      ),
    );
  });
});

describe('config.pbtxt', () => {
  it('is read', () => {
    expect(readConfig(FEATURES_CONFIG)).toMatchObject({
      name: 'features',
      backend: 'onnxruntime',
      maxBatchSize: 8,
      inputs: [
        { name: 'numeric', dtype: 'float32', dims: [6] },
        { name: 'categorical', dtype: 'string', dims: [2] },
      ],
      instances: 2,
      dynamicBatching: { preferred: [4, 8], delayMs: 0.1 },
      versions: { kind: 'latest' },
    });
  });

  it.each([
    ['sequence_batching { }', 'the field sequence_batching is not supported'],
    [
      'input { name: "x" data_type: TYPE_FP32 dims: 1 reshape { shape: [ ] } }',
      'the field input.reshape is not supported',
    ],
    [
      'dynamic_batching { priority_levels: 2 }',
      'the field dynamic_batching.priority_levels is not supported',
    ],
    ['input { name: "x" data_type: TYPE_BF16 dims: 1 }', 'input.data_type TYPE_BF16 is not supported'],
    ['backend: "python"', 'the backend "python" is not served here'],
    ['max_batch_size: "8"', 'max_batch_size is no whole number'],
    ['max_batch_size: -1', 'max_batch_size must be 0, for no batch axis, or more, not -1'],
    ['max_batch_size: 2147483648', 'max_batch_size does not fit 32 bits: 2147483648'],
    ['max_batch_size: 8 max_batch_size: 8', 'the field max_batch_size is given 2 times'],
    ['instance_group { count: 4294967297 }', 'instance_group.count does not fit 32 bits'],
    ['name: "a" name: "b"', 'the field name is given 2 times'],
    ['dynamic_batching { } dynamic_batching { }', 'the field dynamic_batching is given 2 times'],
    [
      'dynamic_batching { preferred_batch_size: [ 9999999999 ] }',
      'preferred_batch_size does not fit 32 bits',
    ],
    ['model_transaction_policy { decoupled: true }', 'model_transaction_policy.decoupled is not supported'],
  ])('with %s is refused by name', (text, message) => {
    expect(() => readConfig(text)).toThrow(message);
  });
});

describe('a Triton model repository', () => {
  let container: TestContainer | undefined;
  afterEach(async () => {
    await container?.stop();
    container = undefined;
  });
  const start = async (files: ArtefactFiles, env: Record<string, string> = {}) => {
    container = await startTestContainer({ files, env });
    return container;
  };
  const oip = (rows: number, names = ['numeric', 'categorical']) =>
    JSON.stringify({
      id: '42',
      inputs: [
        {
          name: names[0],
          datatype: 'FP32',
          shape: [rows, 6],
          data: new Array(rows).fill(ROW.numeric).flat(),
        },
        {
          name: names[1],
          datatype: 'BYTES',
          shape: [rows, 2],
          data: new Array(rows).fill(ROW.categorical).flat(),
        },
      ],
    });

  it('answers the Open Inference Protocol with model name and version', async () => {
    const files = {
      'features/config.pbtxt': ENSEMBLE['features/config.pbtxt']!,
      'features/7/model.onnx': HOUSE_FEATURES,
    };
    const { post, ready } = await start(files);
    await ready;

    const answer = await (await post('/invocations', oip(1))).json();

    expect(answer).toMatchObject({
      id: '42',
      model_name: 'features',
      model_version: '7',
      outputs: [{ name: 'features', datatype: 'FP32', shape: [1, 10] }],
    });
  });

  it('runs an ensemble, in the order that its tensors ask for, on the latest versions', async () => {
    const { post, ready } = await start(ENSEMBLE);
    await ready;
    const alone = await startTestContainer({ files: { 'model.onnx': houseCity('Chicago_IL') } });
    const features = await startTestContainer({ files: { 'model.onnx': HOUSE_FEATURES } });
    await Promise.all([alone.ready, features.ready]);

    const made = await (await features.post('/invocations', JSON.stringify([ROW]))).text();
    const expected = (await (await alone.post('/invocations', made)).json()) as {
      predictions: { log_price: number }[];
    };
    const answer = (await (await post('/invocations', oip(2, ['NUMBERS', 'PORCH_DECK']))).json()) as {
      outputs: { name: string; data: number[] }[];
    };

    const price = expected.predictions[0]!.log_price;
    expect(answer.outputs).toEqual([
      { name: 'LOG_PRICE', datatype: 'FP32', shape: [2, 1], data: [price, price] },
    ]);
    await Promise.all([alone.stop(), features.stop()]);
  });

  it('answers with the model that is named, and takes a specific version', async () => {
    const config = `${CITY_CONFIG} version_policy { specific { versions: [ 1 ] } }`;
    const { post, ready } = await start(
      { ...ENSEMBLE, 'city/config.pbtxt': { text: config } },
      { SAGEMAKER_TRITON_DEFAULT_MODEL_NAME: 'city' },
    );
    await ready;

    const body = JSON.stringify({
      inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 10], data: new Array(10).fill(0) }],
    });

    expect(await (await post('/invocations', body)).json()).toMatchObject({
      model_name: 'city',
      model_version: '1',
    });
  });

  it('refuses more rows than max_batch_size', async () => {
    const { post, ready } = await start(ENSEMBLE);
    await ready;

    expect(await readError(await post('/invocations', oip(9, ['NUMBERS', 'PORCH_DECK'])))).toEqual({
      status: 400,
      code: 'InvalidPayload',
      message: "inference request batch-size must be <= 8 for 'priced'",
    });
  });

  it('completes a configuration that is not there', async () => {
    const { post, ready } = await start({ 'features/1/model.onnx': HOUSE_FEATURES });
    await ready;

    expect((await post('/invocations', oip(4))).status).toBe(200);
    expect((await post('/invocations', oip(5))).status).toBe(400);
  });

  const metricsOf = async ({ url }: TestContainer) => (await fetch(`${url}/metrics`)).text();

  it("counts an ensemble and each of its models by Triton's name and version", async () => {
    const running = await start(ENSEMBLE);
    await running.ready;
    await running.post('/invocations', oip(2, ['NUMBERS', 'PORCH_DECK']));

    const text = await metricsOf(running);

    for (const labels of [
      'model="priced",version="1"',
      'model="city",version="3"',
      'model="features",version="1"',
    ]) {
      expect(text).toContain(`nv_inference_request_success{${labels}} 1\n`);
      expect(text).toContain(`nv_inference_count{${labels}} 2\n`);
      expect(text).toContain(`nv_inference_exec_count{${labels}} 1\n`);
    }
    expect(text).toContain('nv_inference_pending_request_count{model="priced",version="1"} 0\n');
    expect(text).not.toContain('nv_cache');
  });

  it('does not count runs that fail, and names the ensemble in its report', async () => {
    const running = await start(ENSEMBLE, { SERIATIM_REPORT: 'custom-attributes' });
    await running.ready;
    const sound = await running.post('/invocations', oip(2, ['NUMBERS', 'PORCH_DECK']));
    await running.post('/invocations', oip(9, ['NUMBERS', 'PORCH_DECK']));

    const text = await metricsOf(running);

    expect(sound.headers.get('x-amzn-sagemaker-custom-attributes')).toMatch(/^model=priced;/);
    expect(text).toContain('nv_inference_count{model="priced",version="1"} 2\n');
    expect(text).toContain('seriatim_batch_rows_count{model="priced",version="1"} 1\n');
  });

  it('runs the version that a step of an ensemble names', async () => {
    const all = `${CITY_CONFIG} version_policy { all {} }`;
    const pinned = ENSEMBLE_CONFIG.replace('model_version: -1', 'model_version: 1');
    const running = await start({
      ...ENSEMBLE,
      'city/config.pbtxt': { text: all },
      'priced/config.pbtxt': { text: pinned },
    });
    await running.ready;
    await running.post('/invocations', oip(1, ['NUMBERS', 'PORCH_DECK']));

    expect(await metricsOf(running)).toContain('nv_inference_request_success{model="city",version="1"} 1\n');
  });

  it('answers a request that it has answered before from the response cache, where both sides enable it', async () => {
    const files = {
      'features/config.pbtxt': { text: `${FEATURES_CONFIG} response_cache { enable: True }` },
      'features/7/model.onnx': HOUSE_FEATURES,
    };
    const running = await start(files, { SERIATIM_RESPONSE_CACHE_BYTES: '10000' });
    await running.ready;

    const first = await (await running.post('/invocations', oip(1))).text();
    const again = await (await running.post('/invocations', oip(1))).text();
    const other = await (await running.post('/invocations', oip(2))).text();

    const text = await metricsOf(running);
    const labels = '{model="features",version="7"}';
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(text).toContain(`nv_cache_num_hits_per_model${labels} 1\n`);
    expect(text).toContain(`nv_cache_num_misses_per_model${labels} 2\n`);
    expect(text).toContain(`nv_inference_exec_count${labels} 2\n`);
    expect(text).toContain(`nv_inference_request_success${labels} 3\n`);
    expect(text).toContain('nv_cache_num_entries 2\n');
    expect(text).toMatch(/nv_cache_hit_duration_per_model\{[^}]*\} \d+\n/);
  });

  it('passes the response cache over where the settings give it no size', async () => {
    const files = {
      'features/config.pbtxt': { text: `${FEATURES_CONFIG} response_cache { enable: true }` },
      'features/7/model.onnx': HOUSE_FEATURES,
    };
    const running = await start(files);
    await running.ready;
    for (let i = 0; i < 2; i++) await running.post('/invocations', oip(1));

    expect(await metricsOf(running)).toContain('nv_inference_exec_count{model="features",version="7"} 2\n');
  });

  const without = (name: string) =>
    Object.fromEntries(Object.entries(ENSEMBLE).filter(([file]) => !file.startsWith(name)));
  const withEnsemble = (from: string | RegExp, to: string) => ({
    ...ENSEMBLE,
    'priced/config.pbtxt': { text: ENSEMBLE_CONFIG.replace(from, to) },
  });
  it.each<[string, ArtefactFiles, RegExp]>([
    ['a configuration at the root', { 'config.pbtxt': { text: '' } }, /a folder per model/],
    ['several models and no ensemble', without('priced'), /SAGEMAKER_TRITON_DEFAULT_MODEL_NAME/],
    ['a step whose model is missing', without('city'), /has no model "city"/],
    ['no version', without('city/'), /has no model "city"/],
    [
      'a tensor that nobody makes',
      withEnsemble('value: "made" } output_map { key: "log', 'value: "other" } output_map { key: "log'),
      /"other" that step "city" takes is made by no step/,
    ],
    [
      'an input that no step takes',
      withEnsemble('dims: [ 2 ] } ]', 'dims: [ 2 ] }, { name: "SPARE" data_type: TYPE_FP32 dims: [ 2 ] } ]'),
      /input "SPARE" is taken by no step/,
    ],
    [
      'a tensor that two steps make',
      withEnsemble(
        'output_map { key: "features" value: "made" } }',
        `output_map { key: "features" value: "made" } },
        { model_name: "city" input_map { key: "features" value: "made" } output_map { key: "log_price" value: "LOG_PRICE" } }`,
      ),
      /step "city" makes the tensor "LOG_PRICE", which is there/,
    ],
    [
      'a step input that is not there',
      withEnsemble('key: "features" value', 'key: "nothing" value'),
      /given no "features"/,
    ],
    [
      'an output of another dtype',
      withEnsemble('"LOG_PRICE" data_type: TYPE_FP32', '"LOG_PRICE" data_type: TYPE_INT8'),
      /"LOG_PRICE" of int8 is float32/,
    ],
    [
      'a step of a version that the policy does not allow',
      withEnsemble('model_version: -1', 'model_version: 1'),
      /city: its policy allows no version 1/,
    ],
    [
      'an ensemble within itself',
      withEnsemble('model_name: "city"', 'model_name: "priced"'),
      /contains itself/,
    ],
    [
      "dims that are not the model's",
      {
        ...without('priced'),
        ...without('features'),
        'city/config.pbtxt': { text: CITY_CONFIG.replace('dims: 10', 'dims: 9') },
      },
      /float32 \[batch, 9\] in the configuration, float32 \[N, 10\] in the model/,
    ],
    [
      'a syntax error',
      { ...without('priced'), 'city/config.pbtxt': { text: 'input {' } },
      /config\.pbtxt: line 1/,
    ],
  ])('with %s is refused', async (_name, files, message) => {
    const { ready } = await start(files);

    await expect(ready).rejects.toThrow(message);
  });
});

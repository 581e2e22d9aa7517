import { afterEach, describe, expect, it } from 'vitest';
import {
  type ArtefactFiles,
  HOUSE_FEATURES,
  readError,
  startTestContainer,
  type TestContainer,
} from './support.ts';

const RECORD = { numeric: [1998, 2900, 4, 2.5, 1.1, 2], categorical: ['y', 'n'] };
let container: TestContainer | undefined;

async function start(code: string, options: { files?: ArtefactFiles; env?: Record<string, string> } = {}) {
  const files = { ...options.files, 'code/inference.ts': { text: code } };
  container = await startTestContainer({
    files,
    env: { SAGEMAKER_MODEL_SERVER_WORKERS: '1', ...options.env },
  });
  return container;
}

afterEach(async () => {
  await container?.stop();
  container = undefined;
});

describe('handlers', () => {
  it('run in series, written in TypeScript', async () => {
    const { post, ready } = await start(`
      export const modelFn = (modelDir: string) => ({ factor: 3, modelDir });
      export const inputFn = (body: Buffer, contentType: string) => ({ value: Number(body.toString()), contentType });
      export const predictFn = (data: { value: number }, model: { factor: number }) => data.value * model.factor;
      export const outputFn = (prediction: number, accept: string) => ({ body: accept + ' ' + prediction, contentType: 'text/plain' });
    `);
    await ready;

    const response = await post('/invocations', '7', { 'content-type': 'text/plain', accept: 'text/plain' });

    expect(await response.text()).toBe('text/plain 21');
    expect(response.headers.get('content-type')).toBe('text/plain');
  });

  it.each([
    ['ts', 'export const transformFn = (): string => tell();', 'import { tell } from "./lib/tell.ts";'],
    ['js', 'export const transformFn = () => tell();', 'import { tell } from "./lib/tell.js";'],
    ['js', 'exports.transformFn = () => tell();', 'const { tell } = require("./lib/told.js");'],
    ['ts', 'exports.transformFn = (): string => tell();', 'const tell = (): string => \'"ts"\';'],
  ])('in .%s load below a package.json of another kind: %s', async (extension, code, imported) => {
    const files = {
      [`code/inference.${extension}`]: { text: `${imported}\n${code}` },
      'code/lib/tell.ts': { text: `export const tell = (): string => '"ts"';` },
      'code/lib/tell.js': { text: `export const tell = () => '"js"';` },
      'code/lib/told.js': { text: `exports.tell = () => '"js"';` },
      // Above the artefact, which is the folder `model`, and in it.
      '../package.json': { text: '{"type":"commonjs"}' },
      'code/lib/package.json': { text: '{"type":"commonjs"}' },
    };
    container = await startTestContainer({ files, env: { SAGEMAKER_MODEL_SERVER_WORKERS: '1' } });
    await container.ready;

    expect(await (await container.post('/invocations', '')).json()).toBe(extension);
  });

  it('stand beside the defaults for ONNX', async () => {
    const code = `
      export const outputFn = (prediction: unknown, _accept: string, context: any) =>
        ({ body: JSON.stringify({ first: context.toRecords(prediction)[0].features[0] }), contentType: 'application/json' });
    `;
    const { post, ready } = await start(code, { files: { 'model.onnx': HOUSE_FEATURES } });
    await ready;

    const response = await post('/invocations', JSON.stringify([RECORD]));

    expect(await response.json()).toEqual({ first: expect.closeTo(0.121, 3) });
  });

  it('may answer what the default writes as JSON', async () => {
    const { post, ready } = await start(`export const predictFn = () => ({ answer: 42 });
      export const inputFn = () => null;`);
    await ready;

    expect(await (await post('/invocations', 'x')).json()).toEqual({ answer: 42 });
    expect((await post('/invocations', 'x', { accept: 'text/csv' })).status).toBe(406);
  });

  it.each([
    [
      'tensors by name',
      `{ y: { dtype: 'float32', shape: [2, 1], data: new Float32Array([1.5, -0]) } }`,
      '{"predictions":[{"y":1.5},{"y":-0}]}',
    ],
    [
      "the runtime's own tensors",
      `{ y: { type: 'int64', dims: [2n, 2n].map(Number), data: new BigInt64Array([1n, 2n ** 60n, 3n, 4n]) } }`,
      `{"predictions":[{"y":[1,1152921504606846976]},{"y":[3,4]}]}`,
    ],
    ['floats', 'new Float32Array([1.5, 2])', '{"predictions":[{"prediction":1.5},{"prediction":2}]}'],
    [
      '64-bit integers',
      'new BigInt64Array([9007199254740993n])',
      '{"predictions":[{"prediction":9007199254740993}]}',
    ],
    [
      'tensors in a list',
      `[{ dtype: 'bool', shape: [1], data: [1] }, { dtype: 'string', shape: [1, 2], data: ['a', 'b'] }]`,
      '{"predictions":[{"output_0":true,"output_1":["a","b"]}]}',
    ],
    [
      'tensors of several lengths',
      `{ a: { dtype: 'int8', shape: [2], data: new Int8Array(2) }, b: { dtype: 'int8', shape: [1], data: new Int8Array(1) } }`,
      '{"predictions":[{"a":[0,0],"b":[0]}]}',
    ],
    [
      'values of its own',
      `{ label: 'x', ids: new BigUint64Array([1n, 2n ** 63n]), count: 5n, box: { dtype: 'float32', shape: [1, 2], data: new Float32Array(2) } }`,
      '{"label":"x","ids":[1,9223372036854775808],"count":5,"box":[[0,0]]}',
    ],
  ])('may answer %s from predictFn', async (_name, value, expected) => {
    const { post, ready } = await start(`export const inputFn = () => null;
      export const predictFn = () => (${value});`);
    await ready;

    const response = await post('/invocations', 'x');

    expect(await response.text()).toBe(expected);
    expect(response.status).toBe(200);
  });

  it('may answer tensors of their own in the format that the caller accepts, by the names of the model', async () => {
    const code = `export const predictFn = () => new Float32Array([7, 8]);`;
    const { post, ready } = await start(code, { files: { 'model.onnx': HOUSE_FEATURES } });
    await ready;
    const body = JSON.stringify([RECORD, RECORD]);

    expect(await (await post('/invocations', body, { accept: 'text/csv' })).text()).toBe('7\n8\n');
    expect(await (await post('/invocations', body)).json()).toEqual({
      predictions: [{ features: 7 }, { features: 8 }],
    });
  });

  it.each([
    [
      'too little data',
      `{ y: { dtype: 'float32', shape: [2, 2], data: new Float32Array(3) } }`,
      /"y".*4 elements.*3/,
    ],
    ['an unknown dtype', `{ y: { dtype: 'bfloat16', shape: [1], data: [1] } }`, /"y".*bfloat16/],
    [
      'data of another dtype',
      `{ y: { dtype: 'float32', shape: [1], data: new Int8Array(1) } }`,
      /"y".*Int8Array/,
    ],
    ['a circle', `(() => { const a: any = {}; a.a = a; return a; })()`, /JSON cannot hold/],
    ['nothing', 'undefined', /JSON cannot hold/],
  ])('that answer %s are at fault, by name', async (_name, value, message) => {
    const { post, ready } = await start(`export const inputFn = () => null;
      export const predictFn = () => (${value});`);
    await ready;

    const error = await readError(await post('/invocations', 'x'));

    expect(error).toMatchObject({ status: 500, code: 'ModelFailed' });
    expect(error.message).toMatch(/predictFn/);
    expect(error.message).toMatch(message);
  });

  it('see headers, target model and custom attributes, and may answer attributes', async () => {
    const { post, ready } = await start(`
      export const transformFn = (_model, _body, _type, _accept, context) => {
        context.responseHeaders['x-amzn-sagemaker-custom-attributes'] = 'seen=' + context.customAttributes;
        return JSON.stringify({ target: context.targetModel, header: context.headers['x-amzn-sagemaker-inference-id'] });
      };`);
    await ready;

    const response = await post('/invocations', '', {
      'x-amzn-sagemaker-custom-attributes': 'c000b4f9',
      'x-amzn-sagemaker-target-model': 'a.tar.gz',
      'x-amzn-sagemaker-inference-id': 'id-1',
    });

    expect(await response.json()).toEqual({ target: 'a.tar.gz', header: 'id-1' });
    expect(response.headers.get('x-amzn-sagemaker-custom-attributes')).toBe('seen=c000b4f9');
  });

  it('may stream an answer', async () => {
    const { post, ready } = await start(`
      export async function* words() { yield 'one '; yield new TextEncoder().encode('two '); yield 'three'; }
      export const transformFn = () => ({ body: words(), contentType: 'text/plain' });`);
    await ready;

    const response = await post('/invocations', '');

    expect(response.headers.get('transfer-encoding')).toBe('chunked');
    expect(await response.text()).toBe('one two three');
  });

  it('may take a body as it comes, past the bound on bodies', async () => {
    const code = `
      export const streamsInput = true;
      export const transformFn = async (_model: unknown, body: AsyncIterable<Uint8Array>) => {
        let bytes = 0;
        for await (const chunk of body) bytes += chunk.length;
        return String(bytes);
      };`;
    const { post, ready } = await start(code, { env: { SERIATIM_MAX_BODY_BYTES: '1000' } });
    await ready;

    expect(await (await post('/invocations', 'x'.repeat(1_000_000))).text()).toBe('1000000');
  });

  it('go on after a caller left in the middle of a stream', async () => {
    const code = `
      async function* numbers() { for (let i = 0; i < 50; i++) { yield String(i); await new Promise((r) => setTimeout(r, 2)); } }
      export const transformFn = () => ({ body: numbers(), contentType: 'text/plain' });`;
    const { url, post, ready } = await start(code);
    await ready;
    const controller = new AbortController();
    const response = await fetch(`${url}/invocations`, { method: 'POST', signal: controller.signal });
    await response.body!.getReader().read();

    controller.abort();

    expect(await (await post('/invocations', '')).text()).toMatch(/^0123.*49$/);
  });

  it('see their signal abort when the caller goes away', async () => {
    const code = `export const transformFn = (_m, _b, _t, _a, { signal, logger }) => new Promise(() => {
      logger.info('begun'); signal.addEventListener('abort', () => logger.info('aborted')); });`;
    const { url, ready, logs } = await start(code, { env: { SERIATIM_DRAIN_MS: '0' } });
    await ready;
    const controller = new AbortController();
    const call = fetch(`${url}/invocations`, { method: 'POST', body: 'x', signal: controller.signal }).catch(
      () => 'gone',
    );
    await expect.poll(() => logs).toContain('begun');

    controller.abort();

    expect(await call).toBe('gone');
    await expect.poll(() => logs).toContain('aborted');
  });

  it('are warmed up before the model is ready', async () => {
    const { post, ready } = await start(`
      export const modelFn = () => ({ warm: false });
      export const warmupFn = (model) => { model.warm = true; };
      export const transformFn = (model) => JSON.stringify(model);`);
    await ready;

    expect(await (await post('/invocations', '')).json()).toEqual({ warm: true });
  });

  it('answer 500 with the message and no stack trace when they throw', async () => {
    const { post, ready } = await start(`export const transformFn = () => { throw new Error('no luck'); };`);
    await ready;

    const response = await post('/invocations', '');
    const text = await response.clone().text();

    expect(await readError(response)).toEqual({ status: 500, code: 'ModelFailed', message: 'no luck' });
    expect(text).not.toMatch(/inference\.ts|at /);
  });

  it('may choose the status of their error', async () => {
    const code = `export const transformFn = () => { throw Object.assign(new Error('too short'), { statusCode: 422 }); };`;
    const { post, ready } = await start(code);
    await ready;

    expect(await readError(await post('/invocations', ''))).toMatchObject({
      status: 422,
      message: 'too short',
    });
  });

  it.each([
    [418, 'RequestRefused'],
    [415, 'UnsupportedContentType'],
    [429, 'RequestRefused'],
    [503, 'Overloaded'],
    [502, 'ModelFailed'],
    [400, 'InvalidPayload'],
  ])('are answered with a code that fits their status %i', async (statusCode, code) => {
    const { post, ready } = await start(
      `export const transformFn = () => { throw Object.assign(new Error('no'), { statusCode: ${statusCode} }); };`,
    );
    await ready;

    expect(await readError(await post('/invocations', ''))).toMatchObject({ status: statusCode, code });
  });

  it('that never return are stopped at the deadline, and later requests are served by another worker', async () => {
    const code = `export const transformFn = (_model, body) => { while (body.toString() === 'forever') {} return 'done'; };`;
    const { post, ready } = await start(code, { env: { SERIATIM_DEADLINE_MS: '1500' } });
    await ready;

    expect(await readError(await post('/invocations', 'forever'))).toMatchObject({
      status: 504,
      code: 'DeadlineExceeded',
    });
    // On a busy machine the new worker may take longer to start than one request may wait.
    const answers: string[] = [];
    while (answers.at(-1) !== 'done' && answers.length < 10)
      answers.push(await (await post('/invocations', 'once')).text());
    expect(answers.at(-1)).toBe('done');
  });

  it('that go on when their caller has gone make way for the next request', async () => {
    const code = `export const transformFn = (_model, body) => { while (body.toString() === 'forever') {} return 'done'; };`;
    const { post, ready, url } = await start(code);
    await ready;
    const gone = AbortSignal.timeout(300);

    const left = fetch(`${url}/invocations`, { method: 'POST', body: 'forever', signal: gone });

    await expect(left).rejects.toThrow();
    expect(await (await post('/invocations', 'once')).text()).toBe('done');
  });

  it('that end their worker cost one request', async () => {
    const code = `export const transformFn = (_model, body) => { if (body.toString() === 'die') process.exit(3); return 'alive'; };`;
    const { post, ready } = await start(code);
    await ready;

    expect(await readError(await post('/invocations', 'die'))).toMatchObject({
      status: 500,
      code: 'ModelFailed',
    });
    expect(await (await post('/invocations', 'live')).text()).toBe('alive');
  });

  it('that crash outside a call cost one request at most', async () => {
    const code = `export const transformFn = async (_model, body) => {
      if (body.toString() === 'die') { setTimeout(() => { throw new Error('late'); }, 1); await new Promise(() => {}); }
      return 'alive'; };`;
    const { post, ready } = await start(code);
    await ready;

    const { status, message } = await readError(await post('/invocations', 'die'));

    expect({ status, message }).toEqual({ status: 500, message: 'The worker crashed: late' });
    expect(await (await post('/invocations', 'live')).text()).toBe('alive');
  });

  it('may log', async () => {
    const code = `export const transformFn = (_m, _b, _t, _a, { logger }) => { logger.info('seen'); return ''; };`;
    const { post, ready, logs } = await start(code);
    await ready;

    await post('/invocations', '');

    expect(logs).toContain('seen');
  });
});

describe('the file with the handlers', () => {
  it('is the one that SAGEMAKER_PROGRAM names', async () => {
    const other = { 'code/other.ts': { text: `export const transformFn = () => 'other';` } };
    const { post, ready } = await start(`export const transformFn = () => 'inference';`, {
      files: other,
      env: { SAGEMAKER_PROGRAM: 'other.ts' },
    });
    await ready;

    expect(await (await post('/invocations', '')).text()).toBe('other');
  });

  it.each([
    ['beside others', { 'code/other.ts': { text: 'export const transformFn = () => 1;' } }],
    ['without any', {}],
  ])('is named when SAGEMAKER_PROGRAM tells one that is not there, %s', async (_name, code) => {
    const files = { 'model.onnx': HOUSE_FEATURES, ...code };
    container = await startTestContainer({ files, env: { SAGEMAKER_PROGRAM: 'serve.ts' } });

    await expect(container.ready).rejects.toThrow(/SAGEMAKER_PROGRAM names serve\.ts.*code\/serve\.ts/);
  });

  it('is missed in the log when code/ holds others', async () => {
    const files = { 'model.onnx': HOUSE_FEATURES, 'code/handler.ts': { text: '' } };
    container = await startTestContainer({ files });
    await container.ready;

    expect(container.logs).toEqual([expect.stringMatching(/code holds none of inference\.ts.*is not run/)]);
  });

  it('is refused when it is Python, with the way out', async () => {
    const { ready } = await start('export const transformFn = () => 1;', {
      files: { 'code/serve.py': { text: '' } },
      env: { SAGEMAKER_PROGRAM: 'serve.py' },
    });

    await expect(ready).rejects.toThrow(/serve\.py holds Python handlers.*Write them as code\/inference\.ts/);
  });
});

describe('a combination of handlers that cannot work is refused at load, naming the file', () => {
  it.each([
    [
      'transformFn beside predictFn',
      'export const transformFn = () => 1, predictFn = () => 1;',
      /inference\.ts.*transformFn takes the place/,
    ],
    [
      'streamsInput without a handler that streams',
      'export const streamsInput = true, predictFn = () => 1;',
      /streamsInput needs/,
    ],
    ['no handler at all', 'export const other = 1;', /inference\.ts.*exports none of/],
    [
      'a handler that is no function',
      'export const predictFn = 7;',
      /inference\.ts.*predictFn is not a function/,
    ],
    ['outputFn without a model', 'export const outputFn = () => 1;', /no ONNX model/],
    ['code that does not parse', 'export const = ;', /inference\.ts/],
    [
      'a modelFn that throws',
      `export const modelFn = () => { throw new Error('no weights'); }; export const predictFn = () => 1;`,
      /no weights/,
    ],
  ])('%s', async (_name, code, message) => {
    const { ready } = await start(code);

    await expect(ready).rejects.toThrow(message);
  });
});

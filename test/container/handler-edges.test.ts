// What handlers may get wrong, and what the container does about it: refused at the load naming the file, an error with
// its message, or a stream that waits for its caller.
import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { HOUSE_FEATURES, readError, startTestContainer, type TestContainer } from './support.ts';

const RECORD = '{"instances":[{"numeric":[1998,2900,4,2.5,1.1,2],"categorical":["y","n"]}]}';

let container: TestContainer | undefined;

async function start(
  code: string,
  { withModel = false, env = {} }: { withModel?: boolean; env?: Record<string, string> } = {},
): Promise<TestContainer> {
  const files = { ...(withModel && { 'model.onnx': HOUSE_FEATURES }), 'code/inference.ts': { text: code } };
  container = await startTestContainer({ files, env });
  return container;
}

afterEach(async () => {
  await container?.stop();
  container = undefined;
});

describe('handlers that cannot work are refused when the model loads', () => {
  it.each([
    [
      'a model of its own and nothing that could run it',
      `export const modelFn = () => ({ weights: 1 });`,
      /default for inputFn and predictFn: export it, or transformFn/,
    ],
    [
      'a predictFn and nothing that could read a body',
      `export const predictFn = () => 1;`,
      /default for inputFn: /,
    ],
    [
      "Python's way of writing a name",
      `export const predict_fn = () => 1; export const transformFn = () => 'x';`,
      /exports predict_fn; the handler's name is predictFn/,
    ],
    [
      'a modelFn that fails',
      `export const modelFn = () => { throw new Error('no weights'); }; export const transformFn = () => 'x';`,
      /modelFn in .*code\/inference\.ts failed: no weights/,
    ],
    [
      'a warmupFn that fails',
      `export const warmupFn = () => { throw new Error('cold'); }; export const transformFn = () => 'x';`,
      /warmupFn in .*code\/inference\.ts failed: cold/,
    ],
  ])('%s', async (_what, code, message) => {
    const { ready } = await start(code);

    await expect(ready).rejects.toThrow(message);
    await expect(ready).rejects.toThrow(/code\/inference\.ts/);
  });
});

describe('defaults around a model of its own', () => {
  it('serve it when it has a signature and a run', async () => {
    const { post, ready } = await start(`
      const spec = (name: string) => ({ name, dtype: 'float32', shape: ['N', 1] });
      export const modelFn = () => ({
        provider: 'own',
        signature: { inputs: [spec('x')], outputs: [spec('y')], isBatched: true },
        run: async ({ x }: any) => ({ y: { ...x, data: x.data.map((value: number) => value * 2) } }),
      });`);
    await ready;

    const response = await post('/invocations', '{"instances":[{"x":[1.5]},{"x":[4]}]}');

    expect(await response.json()).toEqual({ predictions: [{ y: 3 }, { y: 8 }] });
  });
});

describe('what a handler answers wrongly is told', () => {
  it.each([
    [
      'nothing',
      `export const predictFn = () => undefined;`,
      500,
      /predictFn gave undefined, which JSON cannot hold/,
    ],
    ['no tensors', `export const inputFn = () => undefined;`, 500, /inputFn gave no tensors by input name/],
    [
      'tensors under other names',
      `export const inputFn = () => ({ nope: 1 });`,
      500,
      /inputFn's "nope" is no tensor/,
    ],
    [
      'tensors of other dtypes',
      `export const inputFn = () => ({ numeric: { dtype: 'float64', shape: [1, 6], data: new Float64Array(6) } });`,
      500,
      /inputFn gave float64 for the input "numeric", which takes float32/,
    ],
    [
      'a tensor too few',
      `export const inputFn = () => ({ numeric: { dtype: 'float32', shape: [1, 6], data: new Float32Array(6) } });`,
      500,
      /inputFn gave nothing for the input "categorical"/,
    ],
    [
      'tensors of a shape that the model does not take',
      `export const inputFn = () => ({ numeric: { dtype: 'float32', shape: [1, 5], data: new Float32Array(5) },
        categorical: { dtype: 'string', shape: [1, 2], data: ['y', 'n'] } });`,
      400,
      /Input "numeric": expected float32 .*, got float32 \[1, 5\]/,
    ],
    [
      'a stream that fails before its first chunk',
      `export const transformFn = () => (async function* () { throw new Error('at once'); })();`,
      500,
      /^at once$/,
    ],
    [
      'a stream of something else',
      `export const transformFn = () => (async function* () { yield { a: 1 }; })();`,
      500,
      /neither text nor bytes, but object/,
    ],
  ])('%s', async (_what, code, status, message) => {
    const { post, ready } = await start(code, { withModel: true });
    await ready;

    const error = await readError(await post('/invocations', RECORD));

    expect(error.status).toBe(status);
    expect(error.message).toMatch(message);
  });

  it('507 when it takes more memory than its thread may have, and the next request is served', async () => {
    const code = `export const transformFn = (_model, body) => {
      const kept = [];
      while (body.toString() === 'much') kept.push(Array.from({ length: 1000 }, Math.random));
      return 'served';
    };`;
    const { post, ready } = await start(code, { env: { SERIATIM_WORKER_HEAP_MB: '32' } });
    await ready;

    expect(await readError(await post('/invocations', 'much'))).toMatchObject({
      status: 507,
      code: 'ModelOutOfMemory',
    });
    expect(await (await post('/invocations', 'little')).text()).toBe('served');
  });
});

describe('a handler that heeds its signal', () => {
  it('sees it abort at the deadline and keeps its thread', async () => {
    const code = `
      let calls = 0;
      export const transformFn = (_m, body, _t, _a, { signal }) => new Promise((resolve, reject) => {
        calls++;
        if (body.toString() === 'quick') resolve(String(calls));
        else signal.addEventListener('abort', () => reject(new Error('heeded')));
      });`;
    const env = { SERIATIM_DEADLINE_MS: '300', SAGEMAKER_MODEL_SERVER_WORKERS: '1' };
    const { post, ready } = await start(code, { env });
    await ready;

    expect(await readError(await post('/invocations', 'slow'))).toMatchObject({
      status: 504,
      code: 'DeadlineExceeded',
    });
    expect(await (await post('/invocations', 'quick')).text()).toBe('2');
  });
});

describe('a streamed answer', () => {
  const code = `
    export const transformFn = (_m, _b, _t, _a, { logger }) => ({ body: chunks(logger), contentType: 'application/octet-stream' });
    async function* chunks(logger) {
      for (let chunk = 0; chunk < 640; chunk++) { logger.info('chunk ' + chunk); yield new Uint8Array(65536).fill(chunk % 251); }
    }`;

  it('waits for a caller who does not read, and then goes on whole', async () => {
    const { url, logs, ready } = await start(code);
    await ready;
    const call = request(`${url}/invocations`, { method: 'POST' }).end('x');
    const [response] = await once(call, 'response');
    response.pause();

    const held = await steadyCount(logs);
    let bytes = 0;
    for await (const chunk of response) bytes += chunk.length;

    expect(held).toBeLessThan(400);
    expect(bytes).toBe(640 * 65536);
    expect(logs.length).toBe(640);
  });

  it('is not made any further for a caller who left', async () => {
    const { url, logs, ready } = await start(code);
    await ready;
    const call = request(`${url}/invocations`, { method: 'POST' }).on('error', () => undefined);
    const [response] = await once(call.end('x'), 'response');
    response.on('error', () => undefined);
    await steadyCount(logs);

    call.destroy();

    expect(await steadyCount(logs)).toBeLessThan(400);
  });
});

/** How many lines there are once none was added over several looks. */
async function steadyCount(logs: readonly string[]): Promise<number> {
  let last = -1;
  let looks = 0;
  await expect
    .poll(
      () => {
        looks = logs.length === last ? looks + 1 : 0;
        last = logs.length;
        return looks;
      },
      { interval: 30, timeout: 5000 },
    )
    .toBeGreaterThan(5);
  return last;
}

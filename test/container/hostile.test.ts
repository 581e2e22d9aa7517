import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inspectArtefact } from '../../container/artefact.ts';
import { openArtefact } from '../../container/tools/open.ts';
import { identityModel, lookupModel } from './onnx-writer.ts';
import {
  type ArtefactFiles,
  HOUSE_FEATURES,
  readError,
  startTestContainer,
  type TestContainer,
  writeArtefact,
} from './support.ts';

let container: TestContainer | undefined;
afterEach(async () => {
  await container?.stop();
  container = undefined;
});

const start = async (files: ArtefactFiles, env: Record<string, string> = {}) => {
  container = await startTestContainer({ files, env });
  await container.ready;
  return container;
};

/** A `.npy` file of float32, whatever its shape says. */
function npyOf(shape: string, data: Uint8Array = new Uint8Array()): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }\n`;
  const head = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text), data]);
}

const oip = (inputs: readonly object[], more: object = {}) => JSON.stringify({ inputs, ...more });
const tensor = { name: 'x', datatype: 'FP32', shape: [2, 2] };

describe('a request', () => {
  let varying: TestContainer;
  beforeAll(async () => {
    varying = await startTestContainer({ files: { 'model.onnx': identityModel('float32', ['N', 'M']) } });
    await varying.ready;
  });
  afterAll(() => varying.stop());

  it.each<[string, string | Uint8Array, string, RegExp]>([
    [
      'records without end that hold nothing (NumPy)',
      npyOf('(400000000, 0)'),
      'application/x-npy',
      /no elements/,
    ],
    ['more records than can be counted', npyOf('(1099511627776, 0)'), 'application/x-npy', /no elements/],
    [
      'records without end that hold nothing',
      oip([{ ...tensor, shape: [4e8, 0], data: [] }]),
      'application/json',
      /no elements/,
    ],
    [
      'an input twice',
      oip([tensor, tensor].map((one) => ({ ...one, data: [1, 2, 3, 4] }))),
      'application/json',
      /given twice/,
    ],
    [
      'nested data of another shape',
      oip([{ ...tensor, data: [[1, 2, 3], [4]] }]),
      'application/json',
      /nested data/,
    ],
    ['a literal NaN', '[[NaN,1]]', 'application/json', /JSON has no NaN/],
    ['lists nested without end', '['.repeat(50_000) + ']'.repeat(50_000), 'application/json', /^.{0,300}$/],
  ])('with %s is a 400 that says so', async (_name, body, contentType, message) => {
    const response = await varying.post('/invocations', body, { 'content-type': contentType });

    expect(await readError(response)).toMatchObject({ status: 400, message: expect.stringMatching(message) });
  });

  it('that asks for no output by name is answered all of them', async () => {
    const body = oip([{ ...tensor, data: [1, 2, 3, 4] }], { outputs: [] });

    expect(await (await varying.post('/invocations', body)).json()).toMatchObject({
      outputs: [{ name: 'y' }],
    });
  });

  it.each(['x.0,x.0,x.1\n1,2,3', 'x.0,x.0\n1,2', 'x.1,other\n1,2'])(
    'in CSV whose header would be read wrong by name and by place is a 400: %j',
    async (body) => {
      const { post } = await start({ 'model.onnx': identityModel('float32', ['N', 2]) });

      const error = await readError(await post('/invocations', body, { 'content-type': 'text/csv' }));

      expect(error).toMatchObject({ status: 400, message: expect.stringMatching(/out of place or twice/) });
    },
  );

  it.each([
    ['on the server thread', {}],
    ['in a worker', { SERIATIM_THREAD: 'worker', SAGEMAKER_MODEL_SERVER_WORKERS: '1' }],
  ])('that fails the run fails only its own caller, %s', async (_name, env) => {
    const { post } = await start({ 'model.onnx': lookupModel() }, env as Record<string, string>);

    const indices = [0, 1, 2, 7, 0, 1, 2, 7];
    const answers = await Promise.all(indices.map((index) => post('/invocations', `[${index}]`)));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 500, 200, 200, 200, 500]);
    expect(await answers[4]!.json()).toEqual({ predictions: [{ y: 10 }] });
  });

  it('whose body never ends is cut off after its deadline', async () => {
    const { url } = await start({ 'model.onnx': HOUSE_FEATURES }, { SERIATIM_DEADLINE_MS: '1' });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write('POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');

    const [answer] = await once(socket, 'data');

    expect(String(answer)).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('a handler', () => {
  const code = `export const transformFn = (_model, body, _type, _accept, context) => {
    const [kind, name, value] = JSON.parse(body.toString());
    context.responseHeaders[name] = value;
    const stream = async function* () { yield 'a'; yield 'b'; };
    return kind === 'stream' ? stream() : 'ab'; };`;
  let running: TestContainer;
  beforeAll(async () => {
    running = await startTestContainer({ files: { 'code/inference.ts': { text: code } } });
    await running.ready;
  });
  afterAll(() => running.stop());
  const ask = (...request: string[]) => running.post('/invocations', JSON.stringify(request));

  it.each(['stream', 'body'])(
    'that answers a %s with a header that HTTP cannot hold costs one request',
    async (kind) => {
      const refused = await readError(await ask(kind, 'x-note', 'two\nlines'));
      const next = await ask(kind, 'x-note', 'one line');

      expect(refused).toMatchObject({
        status: 500,
        code: 'ModelFailed',
        message: expect.stringContaining('x-note'),
      });
      expect(next.headers.get('x-note')).toBe('one line');
      expect(await next.text()).toBe('ab');
    },
  );

  it.each([
    ['stream', 'Content-Length', '1'],
    ['body', 'content-length', '1'],
    ['body', 'Transfer-Encoding', 'chunked'],
  ])('cannot say how its %s is framed: %s', async (...request) => {
    expect(await (await ask(...request)).text()).toBe('ab');
  });
});

describe('an artefact', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'seriatim-hostile-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('may hold links to files', async () => {
    const linked = writeArtefact(join(folder, 'linked'), { 'labels.txt': { text: 'a' } });
    symlinkSync(resolve(HOUSE_FEATURES), join(linked, 'model.onnx'));

    expect(await inspectArtefact(linked)).toMatchObject({ kind: 'onnx', bytes: 443 });
  });

  it.each([
    ['to a folder', tmpdir(), /more is a link to a folder/],
    ['to nothing', join(tmpdir(), 'seriatim-nothing-here'), /more is a link to no file/],
  ])('with a link %s is refused', async (name, target, message) => {
    const linked = writeArtefact(join(folder, `link ${name}`), { 'model.onnx': HOUSE_FEATURES });
    symlinkSync(target, join(linked, 'more'));

    await expect(inspectArtefact(linked)).rejects.toThrow(message);
  });

  it('may hold several models beside handlers that open them', async () => {
    const text = `export const modelFn = async (_folder, context) => Promise.all([context.openModel('a.onnx'), context.openModel('b.onnx')]);
      export const transformFn = (models) => JSON.stringify(models.length);`;
    const { post } = await start({
      'a.onnx': HOUSE_FEATURES,
      'b.onnx': HOUSE_FEATURES,
      'code/inference.ts': { text },
    });

    expect(await (await post('/invocations', '')).text()).toBe('2');
  });

  it('whose model lies a folder deeper is refused with where it belongs', async () => {
    const nested = writeArtefact(join(folder, 'nested'), { 'mine/model.onnx': HOUSE_FEATURES });

    await expect(inspectArtefact(nested)).rejects.toThrow(/What lies in mine\/ belongs at the root/);
  });

  it('that is a bare model brings the files that hold its weights', async () => {
    const bytes = new Uint8Array(new Float32Array([10, 20, 30]).buffer);
    const source = writeArtefact(join(folder, 'bare'), {
      'lookup.onnx': lookupModel({ location: 'data/weights.bin' }),
      'data/weights.bin': bytes,
    });
    const opened = await openArtefact(join(source, 'lookup.onnx'));

    expect((await inspectArtefact(opened.folder)).bytes).toBe(123 + 12);
    await opened.close();
  });

  it('that is a bare model with weights elsewhere is refused', async () => {
    const source = writeArtefact(join(folder, 'outside'), {
      'lookup.onnx': lookupModel({ location: '../weights.bin' }),
    });

    await expect(openArtefact(join(source, 'lookup.onnx'))).rejects.toThrow(/outside its folder/);
  });
});

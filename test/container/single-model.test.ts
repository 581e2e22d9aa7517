import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../container/settings.ts';
import { HOUSE_FEATURES, houseCity, readError, startTestContainer, type TestContainer } from './support.ts';

const RECORD = { numeric: [1998, 2900, 4, 2.5, 1.1, 2], categorical: ['y', 'n'] };
const FEATURES = [0.121, 0.425, 0.287, 0.301, 0.675, 0.463, 0, 1, 1, 0];

describe('a container with one ONNX model and no handlers', () => {
  let container: TestContainer;
  beforeAll(async () => {
    container = await startTestContainer({ files: { 'model.onnx': HOUSE_FEATURES } });
    await container.ready;
  });
  afterAll(() => container.stop());

  const invoke = (body: string, headers?: Record<string, string>) =>
    container.post('/invocations', body, headers);

  it('answers /ping with 200 once the model is loaded', async () => {
    const response = await fetch(`${container.url}/ping`);

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'ready', models: 1, providers: ['cpu'] });
  });

  it.each([
    ['instances', { instances: [RECORD, RECORD] }],
    ['a plain array', [RECORD, RECORD]],
    ['the predictions of an earlier container', { predictions: [{ ...RECORD, other: 1 }, RECORD] }],
  ])('takes %s and answers one record per row', async (_name, body) => {
    const response = await invoke(JSON.stringify(body));

    const { predictions } = (await response.json()) as { predictions: { features: number[] }[] };
    expect(predictions).toHaveLength(2);
    predictions[1]!.features.forEach((value, index) => {
      expect(value).toBeCloseTo(FEATURES[index]!, 3);
    });
  });

  it('takes one bare record', async () => {
    const response = await invoke(JSON.stringify(RECORD));

    expect(await response.json()).toEqual({ predictions: [{ features: expect.any(Array) }] });
  });

  it('takes null for a missing float', async () => {
    const response = await invoke(JSON.stringify([{ ...RECORD, numeric: [null, 2900, 4, 2.5, 1.1, 2] }]));

    const { predictions } = (await response.json()) as { predictions: { features: (number | null)[] }[] };
    expect(predictions[0]!.features[0]).toBeNull();
  });

  it('takes CSV with and without header and writes CSV', async () => {
    const row = '1998,2900,4,2.5,1.1,2,y,n';
    const header = 'yearBuilt,squareFeet,bedrooms,bathrooms,lotAcres,garageSpaces,frontPorch,deck';
    const csv = { 'content-type': 'text/csv', accept: 'text/csv' };

    const bare = await (await invoke(row, csv)).text();
    const headed = await (await invoke(`${header}\n${row}\n`, csv)).text();

    expect(headed).toBe(bare);
    expect(bare.trim().split(',')).toHaveLength(10);
  });

  it('takes CSV columns in any order when the header names them all', async () => {
    const csv = { 'content-type': 'text/csv' };
    const names = [
      'categorical.1',
      'categorical.0',
      ...[0, 1, 2, 3, 4, 5].map((index) => `numeric.${index}`),
    ];

    const named = await (await invoke(`${names.join(',')}\nn,y,1998,2900,4,2.5,1.1,2`, csv)).json();

    expect(named).toEqual(await (await invoke(JSON.stringify([RECORD]))).json());
  });

  it('takes JSON Lines and answers a line per line', async () => {
    const lines = `${JSON.stringify(RECORD)}\n\n${JSON.stringify(RECORD)}\n`;

    const type = 'application/jsonlines';
    const text = await (await invoke(lines, { 'content-type': type, accept: type })).text();

    expect(
      text
        .trim()
        .split('\n')
        .map((line) => Object.keys(JSON.parse(line))),
    ).toEqual([['features'], ['features']]);
  });

  it.each([
    ['no JSON', '{"instances":', 'InvalidPayload', 400],
    ['no records', '{"instances":[]}', 'InvalidPayload', 400],
    ['instances that are no list', '{"instances":7}', 'InvalidPayload', 400],
    ['a row that is too short', JSON.stringify([{ ...RECORD, numeric: [1] }]), 'InvalidPayload', 400],
    [
      'a text for a number',
      JSON.stringify([{ ...RECORD, numeric: ['a', 1, 1, 1, 1, 1] }]),
      'InvalidPayload',
      400,
    ],
    ['a missing input', JSON.stringify([{ numeric: RECORD.numeric }]), 'InvalidPayload', 400],
    ['an unknown input', JSON.stringify([{ ...RECORD, price: 1 }]), 'InvalidPayload', 400],
    ['a bare value where there are two inputs', '[1]', 'InvalidPayload', 400],
  ])('refuses %s', async (_name, body, code, status) => {
    expect(await readError(await invoke(body))).toMatchObject({ status, code });
  });

  it('names the input, what was expected and what came', async () => {
    const { message } = await readError(
      await invoke(JSON.stringify([RECORD, { ...RECORD, numeric: [1, 2] }])),
    );

    expect(message).toBe('Record 1: input "numeric" is float32 [N, 6]; got a row of shape [2].');
  });

  it('names row and column of a broken CSV cell', async () => {
    const body = '1998,2900,4,2.5,1.1,2,y,n\n1998,2900,4x,2.5,1.1,2,y,n';

    const { message } = await readError(await invoke(body, { 'content-type': 'text/csv' }));

    expect(message).toBe('Row 2, column "numeric.2": expected a number, got "4x".');
  });

  it('answers 415 for a content type that it cannot read and 406 for one that it cannot write', async () => {
    const unread = await readError(await invoke('x', { 'content-type': 'application/x-unknown' }));
    const unwritten = await readError(
      await invoke(JSON.stringify([RECORD]), { accept: 'application/x-unknown' }),
    );

    expect(unread).toMatchObject({ status: 415, code: 'UnsupportedContentType' });
    expect(unwritten).toMatchObject({ status: 406, code: 'NotAcceptable' });
  });

  it('takes a content type with parameters and the best of an Accept list', async () => {
    const response = await invoke(JSON.stringify([RECORD]), {
      'content-type': 'application/json; charset=utf-8',
      accept: 'application/x-unknown, application/json;q=0.5, text/csv;q=0.9',
    });

    expect(response.headers.get('content-type')).toBe('text/csv');
  });

  it('answers 404 for another path and 405 for another method', async () => {
    expect(await readError(await container.post('/other', ''))).toMatchObject({ status: 404 });
    expect(await readError(await fetch(`${container.url}/invocations`))).toMatchObject({ status: 405 });
    expect(await readError(await container.post('/models', '{}'))).toMatchObject({ status: 404 });
  });

  it('tells a batch transform job how to call it', async () => {
    const response = await fetch(`${container.url}/execution-parameters`);

    expect(await response.json()).toEqual({
      MaxConcurrentTransforms: expect.any(Number),
      BatchStrategy: 'MULTI_RECORD',
      MaxPayloadInMB: 6,
    });
  });

  it('keeps the rows of many callers at once apart', async () => {
    const years = Array.from({ length: 50 }, (_, index) => 1950 + index);
    const ask = async (year: number) => {
      const body = JSON.stringify([{ ...RECORD, numeric: [year, 2900, 4, 2.5, 1.1, 2] }]);
      const { predictions } = (await (await invoke(body)).json()) as {
        predictions: { features: number[] }[];
      };
      return predictions[0]!.features[0]!;
    };
    const alone: number[] = [];
    for (const year of years) alone.push(await ask(year));

    expect(await Promise.all(years.map(ask))).toEqual(alone);
  });
});

describe('a container that runs its model in worker threads', () => {
  it('answers as the one that runs it on the server thread', async () => {
    const answers = await Promise.all(
      ['server', 'worker'].map(async (thread) => {
        const container = await startTestContainer({
          files: { 'model.onnx': HOUSE_FEATURES },
          env: { SERIATIM_THREAD: thread, SAGEMAKER_MODEL_SERVER_WORKERS: '2' },
        });
        await container.ready;
        const calls = Array.from({ length: 20 }, async () =>
          (await container.post('/invocations', JSON.stringify([RECORD]))).json(),
        );
        const values = await Promise.all(calls);
        await container.stop();
        return values;
      }),
    );

    expect(answers[1]).toEqual(answers[0]);
  });
});

describe('settings', () => {
  it.each([
    [{ SERIATIM_REPORT: 'server-timings' }, /SERIATIM_REPORT takes .*not "server-timings"/],
    [{ SAGEMAKER_BIND_TO_PORT: '65536' }, /from 0 to 65535, not "65536"/],
  ])('that make no sense are refused: %o', (env, message) => {
    expect(() => readSettings(env as Record<string, string>)).toThrow(message);
  });

  it('takes no compressed body for what it decodes itself', async () => {
    const container = await startTestContainer({ files: { 'model.onnx': HOUSE_FEATURES } });
    await container.ready;
    const post = (encoding: string) =>
      container.post('/invocations', '[{"numeric":[1998,2900,4,2.5,1.1,2],"categorical":["y","n"]}]', {
        'content-encoding': encoding,
      });

    expect(await readError(await post('gzip'))).toMatchObject({
      status: 415,
      code: 'UnsupportedContentType',
    });
    expect((await post('identity')).status).toBe(200);
    await container.stop();
  });

  it.each([
    ['announced', { 'content-length': String(24 * 1024 * 1024) }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])(
    'answers 413 to a caller that reads only when all is sent, %s, and keeps the connection',
    async (_name, headers) => {
      const container = await startTestContainer({
        files: { 'model.onnx': HOUSE_FEATURES },
        env: { SERIATIM_MAX_BODY_BYTES: '100' },
      });
      await container.ready;
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const send = (body: Buffer) =>
        new Promise<{ status: number | undefined; socket: unknown }>((resolve, reject) => {
          const sent = request(
            `${container.url}/invocations`,
            { agent, method: 'POST', headers },
            (response) => {
              const { socket } = response;
              response.resume().once('end', () => resolve({ status: response.statusCode, socket }));
            },
          );
          sent.once('error', reject).end(body);
        });

      const first = await send(Buffer.alloc(24 * 1024 * 1024));
      const second = await send(Buffer.alloc(24 * 1024 * 1024));

      expect([first.status, second.status]).toEqual([413, 413]);
      expect(second.socket).toBe(first.socket);
      agent.destroy();
      await container.stop();
    },
  );

  it('answers 413 past the bound on the body', async () => {
    const container = await startTestContainer({
      files: { 'model.onnx': HOUSE_FEATURES },
      env: { SERIATIM_MAX_BODY_BYTES: '100' },
    });
    await container.ready;

    const refused = await readError(await container.post('/invocations', 'x'.repeat(101)));

    expect(refused).toMatchObject({ status: 413, code: 'PayloadTooLarge' });
    await container.stop();
  });

  it('answers 503 with Retry-After past the bound on the queue', async () => {
    const code = `export const transformFn = async () => { await new Promise((resolve) => setTimeout(resolve, 200)); return ''; };`;
    const container = await startTestContainer({
      files: { 'code/inference.ts': { text: code } },
      env: { SERIATIM_QUEUE_LIMIT: '1', SAGEMAKER_MODEL_SERVER_WORKERS: '1' },
    });
    await container.ready;

    const answers = await Promise.all([1, 2, 3].map(() => container.post('/invocations', '')));

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 503]);
    expect(answers.find(({ status }) => status === 503)!.headers.get('retry-after')).toBe('1');
    await container.stop();
  });

  it('takes the default Accept from the environment', async () => {
    const container = await startTestContainer({
      files: { 'model.onnx': HOUSE_FEATURES },
      env: { SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT: 'text/csv' },
    });
    await container.ready;

    const response = await container.post('/invocations', JSON.stringify([RECORD]), { accept: '*/*' });

    expect(response.headers.get('content-type')).toBe('text/csv');
    await container.stop();
  });

  it('reports what an invocation met when asked to', async () => {
    const container = await startTestContainer({
      files: { 'model.onnx': HOUSE_FEATURES },
      env: { SERIATIM_REPORT: 'custom-attributes' },
    });
    await container.ready;
    const report = async () => {
      const response = await container.post('/invocations', JSON.stringify([RECORD]));
      return response.headers.get('x-amzn-sagemaker-custom-attributes');
    };

    expect(await report()).toMatch(
      /^model=model;sha256=[0-9a-f]{16};load=cold;load-ms=[\d.]+;queue-ms=[\d.]+;batch-wait-ms=[\d.]+;input-ms=[\d.]+;compute-ms=[\d.]+;output-ms=[\d.]+;batch=1$/,
    );
    expect(await report()).toMatch(/^model=model;sha256=[0-9a-f]{16};load=warm;queue-ms=/);
    await container.stop();
  });
});

describe('an artefact that cannot be served', () => {
  it.each([
    ['nothing', {}, /holds neither model.onnx nor code\/inference.ts/],
    [
      'Python handlers',
      { 'model.onnx': HOUSE_FEATURES, 'code/inference.py': { text: '' } },
      /Python handlers/,
    ],
    ['bytes that are no model', { 'model.onnx': { text: 'no model' } }, /does not load/],
    [
      'several models',
      { 'a.onnx': HOUSE_FEATURES, 'b.onnx': houseCity('Houston_TX') },
      /name the one to serve/,
    ],
  ])('with %s is refused by name', async (_name, files, message) => {
    const container = await startTestContainer({ files: files as Record<string, string> });

    await expect(container.ready).rejects.toThrow(message);
    expect((await fetch(`${container.url}/ping`)).status).toBe(503);
    await container.stop();
  });
});

describe('metrics', () => {
  it("count invocations, records, runs and failures per model, in Triton's names", async () => {
    const container = await startTestContainer({
      files: { 'model.onnx': HOUSE_FEATURES },
      env: { SERIATIM_REPORT: 'server-timing' },
    });
    await container.ready;
    const answered = await container.post('/invocations', JSON.stringify([RECORD, RECORD, RECORD]));
    await container.post('/invocations', 'no JSON');

    const text = await (await fetch(`${container.url}/metrics`)).text();

    const labels = '{model="model",version="1"}';
    expect(text).toContain(`nv_inference_request_success${labels} 1\n`);
    expect(text).toContain(`nv_inference_count${labels} 3\n`);
    expect(text).toContain(`nv_inference_exec_count${labels} 1\n`);
    expect(text).toContain('nv_inference_request_failure{model="model",version="1",reason="OTHER"} 1\n');
    expect(text).toContain('seriatim_batch_rows_bucket{model="model",version="1",le="4"} 1\n');
    expect(text).toContain('seriatim_model_info{model="model",provider="cpu",thread="server"} 1\n');
    expect(text).toMatch(/nv_inference_compute_infer_duration_us\{[^}]*\} [1-9]/);
    expect(answered.headers.get('server-timing')).toMatch(
      /^queue;dur=[\d.]+, input;dur=[\d.]+, infer;dur=[\d.]+, output;dur=[\d.]+$/,
    );
    await container.stop();
  });
});

describe('execution providers', () => {
  it('are tried in order; the one in use is told, and why another was passed over', async () => {
    const container = await startTestContainer({
      files: { 'model.onnx': HOUSE_FEATURES },
      env: { SERIATIM_PROVIDERS: 'cuda,cpu' },
    });
    await container.ready;

    const { providers, passedOver } = (await (await fetch(`${container.url}/ping`)).json()) as {
      providers: string[];
      passedOver: string[];
    };
    const metrics = await (await fetch(`${container.url}/metrics`)).text();
    const logged = container.logs.filter((line) => line.includes('provider passed over: cuda:'));

    // With a GPU at hand and its libraries installed it is CUDA; without, CUDA's own refusal is told.
    const refusals = providers[0] === 'cuda' ? 0 : 1;
    expect(logged.length).toBe(refusals);
    expect(passedOver.filter((reason) => /^cuda: ./.test(reason)).length).toBe(refusals);
    expect(metrics.includes('seriatim_provider_passed_over{model="model",provider="cuda"} 1')).toBe(
      refusals === 1,
    );
    expect((await container.post('/invocations', JSON.stringify([RECORD]))).status).toBe(200);
    await container.stop();
  });

  it('that are all refused fail the load with what each of them said', async () => {
    const container = await startTestContainer({
      files: { 'model.onnx': HOUSE_FEATURES },
      env: { SERIATIM_PROVIDERS: 'nothing' },
    });

    await expect(container.ready).rejects.toThrow(/does not load. nothing: /);
    await container.stop();
  });
});

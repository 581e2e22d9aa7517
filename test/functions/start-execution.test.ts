// The rim of the real-time use, from the event of the HTTP API to its answer.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { listPipelines } from '../../functions/start-execution/list.ts';
import { runPipeline } from '../../functions/start-execution/run.ts';
import { checkValue, PIPELINES, type SyncExecution } from '../../layers/seriatim/index.ts';

const house = PIPELINES['house-prices']!.example;
const price = { price: 506_645, low: 463_360, high: 553_973, city: 'Houston_TX', model: 'Houston_TX.tar.gz' };

interface Sent {
  readonly body?: unknown;
  readonly text?: string;
  readonly pipeline?: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly isBase64Encoded?: boolean;
  readonly include?: string;
}

function eventOf({
  body,
  text,
  pipeline = 'house-prices',
  contentType = 'application/json',
  accept,
  isBase64Encoded = false,
  include,
}: Sent) {
  return {
    routeKey: 'POST /pipelines/{pipeline}/invocations',
    headers: {
      ...(contentType === '' ? {} : { 'content-type': contentType }),
      ...(accept === undefined ? {} : { accept }),
    },
    pathParameters: { pipeline },
    ...(include === undefined ? {} : { queryStringParameters: { include } }),
    body: text ?? JSON.stringify(body),
    isBase64Encoded,
  } as unknown as APIGatewayProxyEventV2;
}

async function send(sent: Sent, execution: Partial<SyncExecution> = succeeded([price])) {
  const started: { arn: string; input: unknown }[] = [];
  const startSync = async (arn: string, input: string): Promise<SyncExecution> => {
    started.push({ arn, input: JSON.parse(input) });
    return {
      executionArn: 'arn:e',
      stopDate: new Date('2026-11-22T10:00:00.030Z'),
      ...execution,
    } as SyncExecution;
  };
  const answer = await runPipeline(eventOf(sent), {
    startSync,
    claimBucket: '',
    machinePrefix: 'arn:m:seriatim-dev-',
    stages: STAGES,
  });
  return { ...answer, started, json: JSON.parse(answer.body!) as Record<string, unknown> };
}

function succeeded(values: readonly unknown[]): Partial<SyncExecution> {
  const records = values.map((value, position) => ({ position, value }));
  const entered = {
    Preprocess: '2026-11-22T10:00:00.001Z',
    Estimate: '2026-11-22T10:00:00.004Z',
    Postprocess: '2026-11-22T10:00:00.024Z',
  };
  return { status: 'SUCCEEDED', output: JSON.stringify({ records, entered }) };
}

const STAGES = {
  'house-prices': ['Preprocess', 'Estimate', 'Postprocess'],
  'tumour-screening': ['RunModels'],
};

describe('?include= of a model that a placement put together with others', () => {
  it('is a 400 that says so and names the stage to ask for', async () => {
    const { statusCode, json } = await send({ pipeline: 'tumour-screening', body: {}, include: 'Recognise' });

    expect(statusCode).toBe(400);
    expect(json.error).toMatchObject({
      message: expect.stringMatching(
        /are RunModels\. As it is placed, its models are one stage: ask for RunModels/,
      ),
    });
  });
});

describe('POST /pipelines/{pipeline}/invocations', () => {
  it('answers a record with its price, the execution and the time of each stage', async () => {
    const { statusCode, headers, json, started } = await send({ body: house });

    expect(statusCode).toBe(200);
    expect(json).toEqual(price);
    expect(headers).toMatchObject({
      'x-seriatim-execution-arn': 'arn:e',
      'server-timing': 'Preprocess;dur=3, Estimate;dur=20, Postprocess;dur=6',
    });
    expect(started).toEqual([
      { arn: 'arn:m:seriatim-dev-house-prices', input: { records: [{ position: 0, value: house }] } },
    ]);
  });

  it('answers instances with predictions in their order', async () => {
    const other = { ...price, city: 'Dallas_TX' };
    const body = { instances: [house, { ...house, city: 'Dallas_TX' }] };

    expect((await send({ body }, succeeded([price, other]))).json).toEqual({ predictions: [price, other] });
  });

  it('sends on what the schema makes of a record where no function stage does', async () => {
    const { example } = PIPELINES['diabetes-progression']!;
    const body = { ...example, age: '59', bp: null, note: 'not measured' };

    const { started } = await send({ body, pipeline: 'diabetes-progression' }, succeeded([{ value: 1 }]));

    expect(started[0]!.input).toEqual({
      records: [{ position: 0, value: { ...example, age: 59, bp: null } }],
    });
  });

  it('hands on what is asked to be included, each once, and answers with it', async () => {
    const included = { Estimate: { prediction: { log_price: 13 } } };
    const output = JSON.stringify({ records: [{ position: 0, value: price, included }] });

    const { json, started } = await send(
      { body: house, include: 'Estimate, Preprocess,Estimate,' },
      { status: 'SUCCEEDED', output },
    );

    expect(started[0]!.input).toMatchObject({ include: ['Estimate', 'Preprocess'] });
    expect(json).toEqual({ ...price, included });
  });

  it('refuses a stage that there is not, before anything is started', async () => {
    const { statusCode, json, started } = await send({ body: house, include: 'Estimate,Guess' });

    expect(statusCode).toBe(400);
    expect(json.error).toMatchObject({
      code: 'InvalidPayload',
      message:
        'include: there is no stage "Guess"; the stages of house-prices are Preprocess, Estimate, Postprocess.',
    });
    expect(started).toEqual([]);
  });

  it('reads a body that came as base64, and a content type with parameters', async () => {
    const text = Buffer.from(JSON.stringify(house)).toString('base64');

    const { statusCode } = await send({
      text,
      isBase64Encoded: true,
      contentType: 'Application/JSON; charset=utf-8',
    });

    expect(statusCode).toBe(200);
  });

  it.each([
    undefined,
    '',
    '*/*',
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/*',
    'text/html, */*;q=0.1',
    'image/png,application/json;q=0.001',
    'text/*;q=0, application/*;q=0, application/json',
  ])('answers a caller whose Accept is %j', async (accept) => {
    const { statusCode } = await send({ body: house, ...(accept === undefined ? {} : { accept }) });

    expect(statusCode).toBe(200);
  });

  it.each<[string, Sent, number, string, RegExp]>([
    [
      'another content type',
      { body: house, contentType: 'text/csv' },
      415,
      'UnsupportedContentType',
      /"text\/csv"/,
    ],
    ['no content type', { body: house, contentType: '' }, 415, 'UnsupportedContentType', /\(none\)/],
    ['malformed JSON', { text: '{"city":' }, 400, 'InvalidPayload', /not JSON/],
    ['an empty body', { text: '' }, 400, 'InvalidPayload', /no body/],
    ['a body that is a list', { body: [house] }, 400, 'InvalidPayload', /is a list: expected one record/],
    ['a body that is no object', { body: 'x' }, 400, 'InvalidPayload', /^expected an object, got "x"$/],
    [
      'a missing field',
      { body: { ...house, yearBuilt: undefined } },
      400,
      'InvalidPayload',
      /^yearBuilt: is missing$/,
    ],
    [
      'a mistyped field',
      { body: { ...house, deck: 'maybe' } },
      400,
      'InvalidPayload',
      /^deck: expected a boolean, "y" or "n", got "maybe"$/,
    ],
    [
      'a mistyped field of the fourth record',
      { body: { instances: [house, house, house, { ...house, yearBuilt: 'x' }] } },
      400,
      'InvalidPayload',
      /^instances\[3\]\.yearBuilt: expected a whole number/,
    ],
    [
      'a city that climbs',
      { body: { ...house, city: '../../secrets' } },
      400,
      'InvalidPayload',
      /^city: expected a name/,
    ],
    [
      'instances that are no array',
      { body: { instances: 1 } },
      400,
      'InvalidPayload',
      /^instances: expected an array/,
    ],
    ['no instances', { body: { instances: [] } }, 400, 'InvalidPayload', /at least one/],
    [
      'a list in place of a record',
      { body: { instances: [[1, 2]] } },
      400,
      'InvalidPayload',
      /^instances\[0\]: expected an object, got a list$/,
    ],
    [
      'a list in place of a number',
      { body: { ...house, squareFeet: [1] } },
      400,
      'InvalidPayload',
      /^squareFeet: expected a number from 100 to 10000, got a list$/,
    ],
    [
      'an object in place of a word, and says it in words',
      { body: { ...house, city: {} } },
      400,
      'InvalidPayload',
      /^city: expected the name of a city, got an object$/,
    ],
    [
      'a long value, of which the beginning is told',
      { body: { ...house, city: '!'.repeat(5_000) } },
      400,
      'InvalidPayload',
      /^city: expected a name such as Houston_TX, got "!{79}…$/,
    ],
    [
      'another charset than JSON has',
      { body: house, contentType: 'application/json; charset=iso-8859-1' },
      415,
      'UnsupportedContentType',
      /charset=utf-8/,
    ],
    [
      'too many instances',
      { body: { instances: Array(501).fill(house) } },
      400,
      'InvalidPayload',
      /at most 500/,
    ],
    [
      'too many bytes',
      { body: { ...house, note: 'x'.repeat(262_144) } },
      413,
      'PayloadTooLarge',
      /at most 262144/,
    ],
    [
      'a caller that takes CSV alone',
      { body: house, accept: 'text/csv' },
      406,
      'NotAcceptable',
      /^Accept "text\/csv" cannot be answered; answers are application\/json\.$/,
    ],
    [
      'a caller that takes anything but JSON',
      { body: house, accept: '*/*, application/json;q=0' },
      406,
      'NotAcceptable',
      /cannot be answered/,
    ],
    [
      'an unknown pipeline',
      { body: house, pipeline: 'nope' },
      404,
      'PipelineNotFound',
      /"nope"; known: house-prices, /,
    ],
    [
      'a pipeline named like a member of objects',
      { body: house, pipeline: 'constructor' },
      404,
      'PipelineNotFound',
      /constructor/,
    ],
  ])('refuses %s before anything is started', async (_, sent, status, code, message) => {
    const { statusCode, json, started } = await send(sent);

    expect(statusCode).toBe(status);
    expect(json.error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(started).toEqual([]);
  });

  it('says which stage failed, with its status and the execution', async () => {
    const error = 'SageMakerRuntime.ModelErrorException';
    const cause = JSON.stringify({
      stage: 'Estimate',
      error,
      message: 'Received client error (400) from cities',
    });
    const { statusCode, headers, json } = await send({ body: house }, { status: 'FAILED', error, cause });

    expect(statusCode).toBe(424);
    expect(headers).toMatchObject({ 'x-seriatim-execution-arn': 'arn:e' });
    expect(json).toEqual({
      error: {
        code: 'ModelFailed',
        message: 'Received client error (400) from cities',
        stage: 'Estimate',
        pipeline: 'house-prices',
        executionArn: 'arn:e',
      },
    });
  });

  it.each([
    [
      'lacks a field',
      { valu: 1, imputed: [] },
      /Predict gave does not fit the pipeline's output: value: is missing/,
    ],
    ['has another type', { value: '1', imputed: [] }, /value: /],
    ['is nothing', null, /an object/],
  ])('answers 502 where the answer of a model %s', async (_, prediction, message) => {
    const groups = [{ positions: [0], body: JSON.stringify({ predictions: [prediction] }) }];
    const output = { records: [{ position: 0 }], answers: { stage: 'Predict', groups } };
    const { statusCode, headers, json } = await send(
      { pipeline: 'diabetes-progression', body: PIPELINES['diabetes-progression']!.example },
      { status: 'SUCCEEDED', output: JSON.stringify(output) },
    );

    expect(statusCode).toBe(502);
    expect(headers).toMatchObject({ 'x-seriatim-execution-arn': 'arn:e' });
    expect(json.error).toMatchObject({
      code: 'ContractViolation',
      stage: 'Predict',
      message: expect.stringMatching(message),
    });
  });

  it('tells callers when to come back while a model loads', async () => {
    const error = 'SageMakerRuntime.ModelNotReadyException';
    const cause = JSON.stringify({ stage: 'Estimate', error, message: 'loading' });
    const { statusCode, headers } = await send({ body: house }, { status: 'FAILED', error, cause });

    expect(statusCode).toBe(429);
    expect(headers).toMatchObject({ 'retry-after': '2' });
  });

  it('answers 503 when the state machine cannot be started, without the reason in it', async () => {
    const startSync = async () => {
      throw Object.assign(new Error('secret detail'), { name: 'StateMachineDoesNotExist' });
    };
    const answer = await runPipeline(eventOf({ body: house }), {
      startSync,
      claimBucket: '',
      machinePrefix: 'arn:m:',
      stages: STAGES,
    });

    expect(answer.statusCode).toBe(503);
    expect(answer.body).not.toContain('secret');
  });
});

describe('GET /pipelines', () => {
  it('lists each pipeline with a record that it takes', () => {
    const { pipelines } = JSON.parse(listPipelines().body!) as {
      pipelines: { name: string; example: object }[];
    };

    expect(pipelines.map(({ name }) => name)).toEqual(Object.keys(PIPELINES));
    expect(pipelines[0]).toMatchObject({ name: 'house-prices', example: { city: 'Houston_TX' } });
  });

  it.each(Object.values(PIPELINES).filter(({ binary }) => binary === undefined))(
    'shows a record that $name takes',
    ({ input, example }) => {
      expect(() => checkValue(input, example, { path: '' })).not.toThrow();
    },
  );

  it('shows the content types of a pipeline that takes bytes', () => {
    const { pipelines } = JSON.parse(listPipelines().body!) as {
      pipelines: { name: string; contentTypes: string[] }[];
    };

    const photos = pipelines.find(({ name }) => name === 'photo-themes');
    expect(photos).toMatchObject({ contentTypes: ['image/png', 'image/jpeg'] });
  });
});

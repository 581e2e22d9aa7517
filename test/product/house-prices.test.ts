// The whole product, end to end, from the template that is deployed: requests, bad input, batch, the AWS APIs,
// and the end.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { DescribeStateMachineCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, PROJECT, type Product, pause, startProduct } from './product.ts';

let product: Product;

beforeAll(async () => {
  product = await startProduct();
}, 60_000);

afterAll(() => product.stop());

const MODELS = join(PROJECT, 'models/house-prices');
const lines = <Line>(file: string): Line[] =>
  readFileSync(join(MODELS, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

interface House {
  readonly city: string;
  readonly [field: string]: unknown;
}

const houses = lines<{ instances: [House] }>('requests.ndjson').map(({ instances }) => instances[0]);
const answers = lines<{ city: string; price: number }>('answers.ndjson');

const HOUSTON: House = {
  city: 'Houston_TX',
  yearBuilt: 1998,
  squareFeet: 2900,
  bedrooms: 4,
  bathrooms: 2.5,
  lotAcres: 1.1,
  garageSpaces: 2,
  frontPorch: true,
  deck: false,
};

function ask(
  body: unknown,
  { pipeline = 'house-prices', type = 'application/json' } = {},
): Promise<Response> {
  return fetch(`${product.httpUrl}/pipelines/${pipeline}/invocations`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const aws = () => ({
  endpoint: product.awsUrl,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  disableHostPrefix: true,
});

/** Answers that come for `items`, at most `atOnce` under way. */
async function mapPooled<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

describe('a request', () => {
  it('is answered with a price, its execution and the time of each stage', async () => {
    const response = await ask(HOUSTON);

    expect(response.status).toBe(200);
    const answer = (await response.json()) as Record<string, number | string>;
    expect(answer).toMatchObject({ city: 'Houston_TX', model: 'Houston_TX.tar.gz' });
    expect(answer.low).toBeLessThan(Number(answer.price));
    expect(answer.high).toBeGreaterThan(Number(answer.price));
    expect(response.headers.get('x-seriatim-execution-arn')).toMatch(/:express:seriatim-dev-house-prices:/);
    expect(response.headers.get('server-timing')).toMatch(
      /^Preprocess;dur=.*Estimate;dur=.*Postprocess;dur=/,
    );
  });

  it('gets the sample’s right answer, for all 500 of them', async () => {
    const responses = await mapPooled(houses, 8, async (house) => {
      const response = await ask({ instances: [house] });
      return (await response.json()) as { predictions: [{ price: number; city: string }] };
    });

    const wrong = responses.filter(({ predictions: [{ price, city }] }, index) => {
      const right = answers[index]!;
      return city !== right.city || Math.abs(price - right.price) > 1;
    });
    expect(responses).toHaveLength(500);
    expect(wrong).toEqual([]);
  });

  it('keeps the order of instances of mixed cities', async () => {
    const some = houses.slice(0, 60);

    const response = await ask({ instances: some });

    const { predictions } = (await response.json()) as { predictions: { price: number; city: string }[] };
    expect(predictions.map(({ city }) => city)).toEqual(some.map(({ city }) => city));
    predictions.forEach(({ price }, index) => {
      expect(Math.abs(price - answers[index]!.price)).toBeLessThanOrEqual(1);
    });
  });

  it('reads y and n like booleans', async () => {
    const [byBoolean, byLetter] = await Promise.all(
      [HOUSTON, { ...HOUSTON, frontPorch: 'y', deck: 'n' }].map(async (house) => (await ask(house)).json()),
    );

    expect(byLetter).toEqual(byBoolean);
  });
});

describe('bad input', () => {
  const { bedrooms: _bedrooms, ...withoutBedrooms } = HOUSTON;

  it.each([
    ['JSON that is broken', '{"city":', {}, 400, 'InvalidPayload', 'JSON'],
    ['a missing field', withoutBedrooms, {}, 400, 'InvalidPayload', 'bedrooms'],
    ['a mistyped field', { ...HOUSTON, squareFeet: 'wide' }, {}, 400, 'InvalidPayload', 'squareFeet'],
    [
      'a mistyped field of a list',
      { instances: [HOUSTON, { ...HOUSTON, deck: 3 }] },
      {},
      400,
      'InvalidPayload',
      'deck',
    ],
    ['an unknown pipeline', HOUSTON, { pipeline: 'castles' }, 404, 'PipelineNotFound', 'castles'],
    ['a city without a model', { ...HOUSTON, city: 'Atlantis_XX' }, {}, 404, 'ModelNotFound', 'Atlantis_XX'],
    ['a city that climbs', { ...HOUSTON, city: '../../features/model' }, {}, 400, 'InvalidPayload', 'city'],
    ['another content type', 'a,b', { type: 'text/csv' }, 415, 'UnsupportedContentType', 'text/csv'],
    ['a body over the limit', `{"x":"${'x'.repeat(300_000)}"}`, {}, 413, 'PayloadTooLarge', '262144'],
  ])('that is %s gets its status and says why', async (_name, body, how, status, code, text) => {
    const response = await ask(body, how);

    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect({ status: response.status, code: error.code }).toEqual({ status, code });
    expect(error.message).toContain(text);
  });

  it('names the stage that raised it', async () => {
    const response = await ask({ ...HOUSTON, city: 'Atlantis_XX' });

    expect(await response.json()).toMatchObject({ error: { stage: 'Estimate', pipeline: 'house-prices' } });
    expect(response.headers.get('x-seriatim-execution-arn')).toContain(':express:');
  });

  it('of a path that is no route is a 404', async () => {
    const response = await fetch(`${product.httpUrl}/nothing`);

    expect(response.status).toBe(404);
  });
});

describe('a batch', () => {
  const bucket = 'seriatim-dev-batch-000000000000';
  const header = 'id,city,yearBuilt,squareFeet,bedrooms,bathrooms,lotAcres,garageSpaces,frontPorch,deck';
  const row = (house: House, id: number): string =>
    [
      id,
      ...header
        .split(',')
        .slice(1)
        .map((field) => house[field]),
    ].join(',');

  it('keeps the order, and makes an error record of a broken line', async () => {
    const s3 = new S3Client(aws());
    const rows = houses.slice(0, 20).map(row);
    rows[7] = '7,Houston_TX,not a year';

    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: 'house-prices/in/some.csv',
        Body: [header, ...rows, ''].join('\n'),
      }),
    );

    const manifest = JSON.parse(await untilObject(s3, 'house-prices/out/some.csv.manifest.json'));
    expect(manifest).toMatchObject({ status: 'SUCCEEDED', pipeline: 'house-prices' });
    const [outHeader, ...out] = (await text(s3, 'house-prices/out/some.csv.out')).trim().split('\n');
    const price = outHeader!.split(',').indexOf('price');
    expect(out).toHaveLength(20);
    out.forEach((line, index) => {
      if (index === 7) return;
      expect(Math.abs(Number(line.split(',')[price]) - answers[index]!.price)).toBeLessThanOrEqual(1);
    });
    const errors = (await text(s3, 'house-prices/errors/some.csv.errors.jsonl')).trim().split('\n');
    expect(errors.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ position: 7 }),
    ]);
    s3.destroy();
  });

  async function untilObject(s3: S3Client, key: string): Promise<string> {
    for (;;) {
      const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key }));
      if (KeyCount === 1) return text(s3, key);
      await pause(50);
    }
  }

  async function text(s3: S3Client, key: string): Promise<string> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Body!.transformToString();
  }
});

describe('the AWS APIs', () => {
  it('tell of the endpoint and call it', async () => {
    const sagemaker = new SageMakerClient(aws());
    const runtime = new SageMakerRuntimeClient(aws());
    const EndpointName = 'seriatim-dev-house-prices';

    const { EndpointStatus } = await sagemaker.send(new DescribeEndpointCommand({ EndpointName }));
    const { Body } = await runtime.send(
      new InvokeEndpointCommand({
        EndpointName,
        TargetModel: 'Houston_TX.tar.gz',
        ContentType: 'application/json',
        Body: JSON.stringify({
          instances: [{ numeric: [1998, 2900, 4, 2.5, 1.1, 2], categorical: ['y', 'n'] }],
        }),
      }),
    );

    expect(EndpointStatus).toBe('InService');
    expect(JSON.parse(Body!.transformToString())).toMatchObject({ predictions: [{}] });
  });

  it('tell of the state machines', async () => {
    const states = new SFNClient(aws());
    const arn = (name: string): string => `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`;

    const realTime = await states.send(
      new DescribeStateMachineCommand({ stateMachineArn: arn('seriatim-dev-house-prices') }),
    );
    const { executions } = await states.send(
      new ListExecutionsCommand({ stateMachineArn: arn('seriatim-dev-house-prices-batch') }),
    );

    expect(realTime.type).toBe('EXPRESS');
    expect(realTime.definition).toContain('arn:aws:lambda:us-east-1:000000000000:function:');
    expect(executions!.map(({ status }) => status)).toEqual(['SUCCEEDED']);
  });

  it('tell who is calling, and count invocations', async () => {
    const who = await fetch(product.awsUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sts/aws4_request',
      },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    });
    const metrics = await fetch(`${product.awsUrl}/_seriatim/metrics`);

    expect(await who.text()).toContain('<Account>000000000000</Account>');
    expect(await metrics.text()).toContain('seriatim-dev-house-prices');
  });

  it('tell when the system is ready, and what is in it', async () => {
    const [health, resources] = await Promise.all(
      ['health', 'resources'].map((path) => fetch(`${product.awsUrl}/_seriatim/${path}`)),
    );

    expect(health!.status).toBe(200);
    expect(await health!.json()).toMatchObject({
      status: 'ready',
      endpoints: expect.arrayContaining([
        { endpointName: 'seriatim-dev-house-prices', status: 'InService', instances: 1 },
      ]),
    });
    expect(await resources!.json()).toMatchObject({
      outputs: { BatchBucketName: 'seriatim-dev-batch-000000000000' },
    });
  });
});

describe('inspection', () => {
  it('shows an execution stage by stage', async () => {
    const answered = await ask(HOUSTON);
    const arn = answered.headers.get('x-seriatim-execution-arn')!;

    const response = await fetch(`${product.httpUrl}/executions/${encodeURIComponent(arn)}`);

    expect(response.status).toBe(200);
    const { stages } = (await response.json()) as { stages: { name: string }[] };
    expect(stages.map(({ name }) => name)).toEqual(['Preprocess', 'Estimate', 'Postprocess']);
  });

  it('lists executions', async () => {
    const response = await fetch(`${product.httpUrl}/executions?pipeline=house-prices`);

    expect(response.status).toBe(200);
    const { executions } = (await response.json()) as { executions: unknown[] };
    expect(executions.length).toBeGreaterThan(0);
  });
});

describe('the end', () => {
  it('comes within two seconds of Ctrl-C, with exit code 0 and no process left', async () => {
    const processes = product.processes();

    const { code, tookMs } = await product.stop('SIGINT');

    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(2_000);
    expect(processes.length).toBeGreaterThanOrEqual(2);
    expect(processes.filter(isAlive)).toEqual([]);
  });
});

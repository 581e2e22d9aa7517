// The project's own container behind hosting, with the sample ONNX models: a feature model, then a model per city.
import { readFile } from 'node:fs/promises';
import { ValidationError } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { BUCKET, deploy, image, invoke, type Stack, startStack } from './fixtures/stack.ts';
import { tarGz } from './fixtures/tar.ts';

const root = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname;
let stack: Stack;

beforeAll(async () => {
  const args = [root('container/main.ts')];
  stack = await startStack(
    {},
    { 'seriatim-container': { kind: 'command', command: process.execPath, args } },
  );
  await putModel('features/model.tar.gz', 'models/house-prices/preprocess.onnx');
  for (const city of ['Houston_TX', 'Phoenix_AZ', 'SanAntonio_TX']) {
    await putModel(`cities/${city}.tar.gz`, `models/house-prices/cities/${city}.onnx`);
  }
  const Image = image('seriatim-container');
  const outcome = await deploy(stack, 'house-prices', [
    { Image, ModelDataUrl: `s3://${BUCKET}/features/model.tar.gz` },
    {
      Image,
      Mode: 'MultiModel',
      ModelDataUrl: `s3://${BUCKET}/cities/`,
      Environment: { SERIATIM_MAX_MODELS: '2', SERIATIM_REPORT: 'custom-attributes' },
    },
  ]);
  expect(outcome).toEqual({ status: 'InService' });
});

afterAll(() => stack.close());

async function putModel(key: string, path: string): Promise<void> {
  const content = await readFile(root(path));
  await stack.s3.putObject({ bucket: BUCKET, key }, await tarGz([{ name: 'model.onnx', content }]));
}

const SAN_ANTONIO = { numeric: [1985, 2604, 3, 1, 0.97, 2], categorical: ['n', 'n'] };
const PHOENIX = { numeric: [1993, 2669, 2, 3, 1.35, 2], categorical: ['y', 'n'] };

async function logPrice(city: string, house: unknown): Promise<{ logPrice: number; attributes?: string }> {
  const answer = await invoke(stack, 'house-prices', {
    Body: JSON.stringify({ instances: [house] }),
    ContentType: 'application/json',
    TargetModel: `${city}.tar.gz`,
  });
  const { predictions } = JSON.parse(answer.Body.transformToString());
  return {
    logPrice: [predictions[0].log_price ?? predictions[0]].flat()[0],
    attributes: answer.CustomAttributes,
  };
}

it('prices houses as the models do, in a pipeline of two containers', async () => {
  expect((await logPrice('SanAntonio_TX', SAN_ANTONIO)).logPrice).toBeCloseTo(13.135566711425781, 4);
  expect((await logPrice('Phoenix_AZ', PHOENIX)).logPrice).toBeCloseTo(13.6159029006958, 4);
});

it('makes room for a third model in a container that holds two', async () => {
  await logPrice('SanAntonio_TX', SAN_ANTONIO);
  await logPrice('Phoenix_AZ', PHOENIX);

  const third = await logPrice('Houston_TX', PHOENIX);
  const again = await logPrice('SanAntonio_TX', SAN_ANTONIO);

  expect(third.attributes).toContain('load=cold');
  expect(again.logPrice).toBeCloseTo(13.135566711425781, 4);
});

it('says which artefact a city without a model would need', async () => {
  const error = await logPrice('Atlantis_XX', PHOENIX).catch((thrown: Error) => thrown);

  expect(error).toBeInstanceOf(ValidationError);
  expect((error as Error).message).toContain('key: cities/Atlantis_XX.tar.gz');
});

it('prices a file in a transform job that leaves every setting to the container', async () => {
  const { operations } = stack.sagemaker;
  const Image = image('seriatim-container');
  await operations.createModel!({
    ModelName: 'batch',
    Containers: [
      { Image, ModelDataUrl: `s3://${BUCKET}/features/model.tar.gz` },
      { Image, ModelDataUrl: `s3://${BUCKET}/cities/Phoenix_AZ.tar.gz` },
    ],
  });
  await stack.s3.putObject({ bucket: 'inputs', key: 'houses' }, JSON.stringify({ instances: [PHOENIX] }));
  await operations.createTransformJob!({
    TransformJobName: 'prices',
    ModelName: 'batch',
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://inputs/houses' } },
      ContentType: 'application/json',
    },
    TransformOutput: { S3OutputPath: 's3://results/prices' },
    TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
  });

  const job = () => operations.describeTransformJob!({ TransformJobName: 'prices' });
  await vi.waitUntil(async () => (await job()).TransformJobStatus !== 'InProgress', { timeout: 20_000 });
  expect(await job()).toMatchObject({ TransformJobStatus: 'Completed' });
  const { body } = await stack.s3.getObject({ bucket: 'results', key: 'prices/houses.out' });
  expect(Buffer.concat(await body.toArray()).toString()).toContain('13.61590');
});

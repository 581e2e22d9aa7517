// Runs as people start, watch, stop and resume them: by the command line and the HTTP API.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { BATCH_BUCKET, csvOf, s3Of, samples } from './callers.ts';
import { PROJECT, type Product, pause, startProduct } from './product.ts';

const houses = samples<{ instances: [Record<string, unknown>] }>('house-prices/requests.ndjson').map(
  ({ instances }, id) => ({ id, ...instances[0] }),
);

let product: Product;
let folder: string;
beforeAll(async () => {
  product = await startProduct();
  folder = await mkdtemp(join(tmpdir(), 'seriatim-batch-cli-'));
}, 60_000);
afterAll(async () => {
  await product.stop();
  await rm(folder, { recursive: true, force: true });
});

const seriatim = (...args: string[]) => runCli([...args, '--url', product.httpUrl]);

interface View {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly progress: { readonly done: number };
  readonly manifest: { readonly counts: { readonly records: number; readonly failed: number } };
  readonly links: { readonly output: string };
}

async function post(
  path: string,
  body: unknown,
): Promise<{ status: number; json: View & { error: { code: string } } }> {
  const response = await fetch(`${product.httpUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, json: (await response.json()) as View & { error: { code: string } } };
}

async function show(id: string): Promise<View> {
  return (await (await fetch(`${product.httpUrl}/batches/${id}`)).json()) as View;
}

async function untilOver(id: string): Promise<View> {
  for (;;) {
    const view = await show(id);
    if (view.status !== 'RUNNING') return view;
    await pause(30);
  }
}

async function executions(pipeline: string): Promise<string[]> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SFNClient({ endpoint: product.awsUrl, region: 'us-east-1', credentials });
  const stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:seriatim-dev-${pipeline}-batch`;
  const { executions: found } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
  client.destroy();
  return found!.map(({ name }) => name!);
}

async function putObject(key: string, Body: string | Uint8Array): Promise<void> {
  const s3 = s3Of(product);
  await s3.send(new PutObjectCommand({ Bucket: BATCH_BUCKET, Key: key, Body }));
  s3.destroy();
}

describe('seriatim batch', () => {
  it('uploads, runs, shows how far it is and downloads, error records beside the results', async () => {
    const file = join(folder, 'some.csv');
    await writeFile(
      file,
      csvOf(houses.map((house, i) => (i === 7 ? { ...house, bedrooms: 'many' } : house))),
    );

    const { exitCode, stdout, stderr } = await seriatim(
      'batch',
      'house-prices',
      file,
      '--join',
      '--columns',
      'id,price',
    );

    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^SUCCEEDED {2}500 records/),
    });
    expect(stdout).toContain('1 failed: 1 InvalidPayload');
    expect(stderr).toMatch(/reading the file|\[#*\.*\]/);
    const lines = (await readFile(`${file}.out`, 'utf8')).trimEnd().split('\n');
    expect(lines[0]).toBe('id,price,error');
    expect(lines.slice(1).map((line) => Number(line.split(',')[0]))).toEqual(houses.map(({ id }) => id));
    const id = /run (\S+)/.exec(stderr)![1]!;
    const errors = await seriatim('batch', 'errors', id);
    expect(errors.stdout).toBe(await readFile(`${file}.out.errors.jsonl`, 'utf8'));
    expect(JSON.parse(errors.stdout)).toMatchObject({ position: 7, id: '7' });
    expect((await seriatim('batch', 'list', '--pipeline', 'house-prices')).stdout).toContain(id);
    expect((await seriatim('batch', 'show', id)).stdout).toContain('SUCCEEDED');
  });

  it('fails with the cause where the run does, and downloads nothing that looks whole', async () => {
    const file = join(folder, 'strange.csv');
    await writeFile(file, 'a,b\n1,2\n');

    const { exitCode, stdout } = await seriatim('batch', 'house-prices', file);

    expect(exitCode).toBe(1);
    expect(stdout).toContain('InvalidPayload in SplitInput: Line 1 is no header');
    await expect(readFile(`${file}.out`)).rejects.toThrow('ENOENT');
  });

  it.each([
    [['batch', 'house-prices', 'gone.csv'], 1, 'gone.csv cannot be read'],
    [['batch', 'castles', join(PROJECT, 'package.json')], 1, 'no pipeline "castles"'],
    [['batch', 'house-prices', join(PROJECT, 'LICENSE')], 1, 'The name must end in'],
    [['batch', 'house-prices', join(PROJECT, 'package.json'), '--options', 'x'], 2, '--options takes JSON'],
    [['batch', 'show', 'nothing'], 1, 'no run "nothing"'],
  ])('says in one line what is wrong with %j', async (args, code, text) => {
    const { exitCode, stderr } = await seriatim(...args);

    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: expect.stringContaining(text) });
  });
});

describe('a run over the API', () => {
  it('is one however often and by whatever way it is started', async () => {
    const key = 'house-prices/in/once.csv';
    const before = await executions('house-prices');
    await putObject(key, csvOf(houses));

    const asked = await Promise.all(
      Array.from({ length: 4 }, () => post('/pipelines/house-prices/batches', { input: { key } })),
    );
    await putObject(key, csvOf(houses));
    const { id } = asked[0]!.json;
    const view = await untilOver(id);
    const again = await post('/pipelines/house-prices/batches', { input: { key } });

    expect(new Set(asked.map(({ json }) => json.id)).size).toBe(1);
    expect(view).toMatchObject({
      status: 'SUCCEEDED',
      attempt: 1,
      manifest: { counts: { records: 500, failed: 0 } },
    });
    expect(again).toMatchObject({ status: 200, json: { id, status: 'SUCCEEDED' } });
    expect(await executions('house-prices')).toHaveLength(before.length + 1);
  });

  it('is stopped and resumed: what it has done is kept', async () => {
    const many = Array.from({ length: 2_000 }, (_, i) => ({ ...houses[i % 500]!, id: i }));
    const options = { recordsPerBatch: 20, concurrency: 1 };
    await putObject('house-prices/in/slow/_run.json', JSON.stringify(options));
    await putObject('house-prices/in/slow/long.csv', csvOf(many));
    const { json } = await post('/pipelines/house-prices/batches', {
      input: { key: 'house-prices/in/slow/long.csv' },
    });
    while ((await show(json.id)).progress.done === 0) await pause(10);

    const stopped = await seriatim('batch', 'stop', json.id);
    const after = await show(json.id);
    const resumed = await seriatim('batch', 'resume', json.id);
    const view = await untilOver(json.id);

    expect(stopped.stdout).toContain('ABORTED');
    expect(after).toMatchObject({ status: 'ABORTED', attempt: 1 });
    expect(after.progress.done).toBeGreaterThan(0);
    expect(after.progress.done).toBeLessThan(2_000);
    expect(resumed.stdout).toContain('start 2');
    expect(view).toMatchObject({
      status: 'SUCCEEDED',
      attempt: 2,
      manifest: { counts: { records: 2_000, failed: 0 } },
    });
    const out = await (await fetch(view.links.output)).text();
    expect(out.split('\n')).toHaveLength(2_002);
  }, 60_000);

  it('takes the objects under a prefix, each a record', async () => {
    const scenes = join(PROJECT, 'models/photo-themes/scenes');
    const truth = JSON.parse(await readFile(join(scenes, 'truth.json'), 'utf8')) as {
      file: string;
      reference: { theme: string };
    }[];
    const some = truth.slice(0, 3);
    for (const { file } of some)
      await putObject(`photo-themes/photos/holiday/${file}`, await readFile(join(scenes, file)));

    const { status, json } = await post('/pipelines/photo-themes/batches', {
      input: { prefix: 'photo-themes/photos/holiday/' },
    });
    const view = await untilOver(json.id);

    expect(status).toBe(202);
    expect(view).toMatchObject({ status: 'SUCCEEDED', manifest: { counts: { records: 3, failed: 0 } } });
    const found = (await (await fetch(view.links.output)).text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; theme: string });
    const expected = some.map(({ file, reference: { theme } }) => ({
      key: `photo-themes/photos/holiday/${file}`,
      theme,
    }));
    expect(found.map(({ key, theme }) => ({ key, theme }))).toEqual(
      expected.sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
  }, 60_000);

  it.each([
    ['/pipelines/castles/batches', { input: { key: 'castles/in/a.csv' } }, 404, 'PipelineNotFound'],
    ['/pipelines/house-prices/batches', {}, 400, 'InvalidPayload'],
    ['/pipelines/house-prices/batches', { input: { key: 'house-prices/in/gone.csv' } }, 410, 'ClaimNotFound'],
    [
      '/pipelines/house-prices/batches',
      { input: { key: 'tumour-screening/in/a.csv' } },
      400,
      'InvalidPayload',
    ],
    ['/pipelines/house-prices/batches', { input: { prefix: 'house-prices/in/' } }, 400, 'InvalidPayload'],
    [
      '/pipelines/house-prices/batches',
      { upload: { name: 'a.csv' }, options: { fast: true } },
      400,
      'InvalidPayload',
    ],
    ['/batches/nothing/resume', {}, 404, 'RunNotFound'],
  ])('refuses %s with %j', async (path, body, status, code) => {
    const answer = await post(path, body);

    expect({ status: answer.status, code: answer.json.error.code }).toEqual({ status, code });
  });
});

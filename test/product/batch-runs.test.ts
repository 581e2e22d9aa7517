// Runs as people start, watch, stop and resume them: by the command line and the HTTP API.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { BATCH_BUCKET, csvOf, s3Of, samples } from './callers.ts';
import { PROJECT, type Product, pause, runSeriatim, startProduct, untilOutput } from './product.ts';

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

const SAMPLE = join(PROJECT, 'models/house-prices/requests.ndjson');

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

  it('finds the run of the same file again, makes another when told to, and downloads either', async () => {
    const file = join(folder, 'same.csv');
    await writeFile(file, csvOf(houses.slice(0, 20)));

    const first = await seriatim('batch', 'house-prices', file);
    const second = await seriatim('batch', 'house-prices', file);
    const third = await seriatim('batch', 'house-prices', file, '--again', '--no-wait', '--json');
    const { id, status } = JSON.parse(third.stdout) as View;
    await untilOver(id);
    const downloaded = await seriatim('batch', 'download', id, '--out', join(folder, 'third.out'));

    const runOf = ({ stderr }: { stderr: string }) => /run (\S+)/.exec(stderr)![1]!;
    expect(runOf(second)).toBe(runOf(first));
    expect(second).toMatchObject({
      exitCode: 0,
      stdout: first.stdout,
      stderr: expect.stringContaining('has done this before'),
    });
    expect(id).not.toBe(runOf(first));
    expect(['STARTED', 'RUNNING']).toContain(status);
    expect(third.stderr).toContain(`seriatim batch download ${id}`);
    expect(downloaded.exitCode).toBe(0);
    expect(await readFile(join(folder, 'third.out'), 'utf8')).toBe(await readFile(`${file}.out`, 'utf8'));
    expect((await seriatim('batch', 'show', id)).stdout).toContain('results        s3://');
  }, 30_000);

  it('ends 1 where no record came through, with the commonest cause and the error records', async () => {
    const file = join(folder, 'all-bad.csv');
    await writeFile(file, csvOf(houses.slice(0, 3).map((house) => ({ ...house, bedrooms: 'many' }))));

    const { exitCode, stdout } = await seriatim('batch', 'house-prices', file);

    expect(exitCode).toBe(1);
    expect(stdout).toContain('None of 3 records came through: 3 with InvalidPayload');
    expect(stdout).not.toContain('batch resume');
    expect((await readFile(`${file}.out.errors.jsonl`, 'utf8')).trimEnd().split('\n')).toHaveLength(3);
    await expect(readFile(`${file}.out`)).rejects.toThrow('ENOENT');
  });

  it('takes a run up again that bears more, the failures before counted', async () => {
    const file = join(folder, 'strict.csv');
    const rows = houses.slice(0, 40).map((house, i) => (i === 3 ? { ...house, bedrooms: 'many' } : house));
    await writeFile(file, csvOf(rows));

    const first = await seriatim(
      'batch',
      'house-prices',
      file,
      '--tolerate',
      '0',
      '--records-per-batch',
      '10',
    );
    const id = /run (\S+)/.exec(first.stderr)![1]!;
    await seriatim('batch', 'resume', id);
    const second = await untilOver(id);
    const resumed = await seriatim('batch', 'resume', id, '--tolerate', '1', '--json');
    const third = await untilOver(id);

    expect(first).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(`batch resume ${id}`) });
    expect(second).toMatchObject({ status: 'FAILED', attempt: 2 });
    expect(JSON.parse(resumed.stdout)).toMatchObject({ id, attempt: 3 });
    expect(third).toMatchObject({ status: 'SUCCEEDED', manifest: { counts: { records: 40, failed: 1 } } });
  }, 30_000);

  it('ends 1 where the run that is found bore more failures than are tolerated now', async () => {
    const file = join(folder, 'borne.csv');
    const rows = houses.slice(0, 10).map((house, i) => (i === 3 ? { ...house, bedrooms: 'many' } : house));
    await writeFile(file, csvOf(rows));

    const first = await seriatim('batch', 'house-prices', file);
    const second = await seriatim('batch', 'house-prices', file, '--tolerate', '0');
    const third = await seriatim('batch', 'house-prices', file, '--tolerate', '10%');

    expect([first.exitCode, second.exitCode, third.exitCode]).toEqual([0, 1, 0]);
    expect(second.stderr).toContain('1 of 10 records failed in it; 0 are tolerated now');
  }, 30_000);

  it('that is interrupted says that the run goes on, and how to see it again', async () => {
    const file = join(folder, 'slow.csv');
    await writeFile(file, csvOf(Array.from({ length: 3_000 }, (_, i) => ({ ...houses[i % 500]!, id: i }))));
    const slow = ['--records-per-batch', '20', '--concurrency', '1', '--url', product.httpUrl];
    const child = runSeriatim(['batch', 'house-prices', file, ...slow]);
    let told = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
    const exited = once(child, 'exit');
    await untilOutput(() => told, /run \S+\n[^\n]*\n/, exited);

    child.kill('SIGINT');

    const [code] = (await exited) as [number];
    const id = /run (\S+)/.exec(told)![1]!;
    expect(code).toBe(130);
    expect(told).toContain(`seriatim batch stop ${id}`);
    expect(await show(id)).toMatchObject({ status: 'RUNNING' });
    const stopped = await seriatim('batch', 'stop', id, '--json');
    expect(JSON.parse(stopped.stdout)).toMatchObject({ id, status: 'ABORTED' });
    expect((await seriatim('batch', 'show', id)).stdout).toContain('ABORTED: It was stopped on request.');
  }, 30_000);

  it('fails with the cause where the run does, and downloads nothing that looks whole', async () => {
    const file = join(folder, 'strange.csv');
    await writeFile(file, 'a,b\n1,2\n');

    const { exitCode, stdout } = await seriatim('batch', 'house-prices', file);

    expect(exitCode).toBe(1);
    expect(stdout).toContain('InvalidPayload in SplitInput: Line 1 is no header');
    await expect(readFile(`${file}.out`)).rejects.toThrow('ENOENT');
  });

  it.each([
    [['batch', 'house-prices', 'gone.csv'], 2, 'gone.csv cannot be read'],
    [['batch', 'castles', join(PROJECT, 'package.json')], 2, 'no pipeline "castles"'],
    [['batch', 'house-prices', join(PROJECT, 'LICENSE')], 2, 'The name must end in'],
    [['batch', 'house-prices', join(PROJECT, 'package.json'), '--options', 'x'], 2, '--options takes JSON'],
    [['batch', 'show', 'nothing'], 1, 'no run "nothing"'],
    [['batch', 'house-prices', SAMPLE, '--columns', 'nonsense'], 2, '"nonsense" is no field of the results'],
    [['batch', 'house-prices', SAMPLE, '--columns', 'price,price'], 2, 'names "price" twice'],
    [['batch', 'house-prices', SAMPLE, '--tolerate', '101%'], 2, 'toleratedFailures: expected a number'],
    [
      ['batch', 'house-prices', SAMPLE, '--out', '/nowhere/at/all.out'],
      2,
      '--out: /nowhere/at cannot be written',
    ],
  ])('says in one line what is wrong with %j', async (args, code, text) => {
    const { exitCode, stderr } = await seriatim(...args);

    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: expect.stringContaining(text) });
  });
});

describe('what no run can be made of', () => {
  it('is seen where runs are, with the reason', async () => {
    await putObject('house-prices/in/odd.xyz', 'x');
    await putObject('castles/in/a.csv', 'x');
    let listed: { pipeline: string; status: string; id: string; error?: { code: string } }[] = [];
    while (!listed.some(({ id, status }) => id.startsWith('odd-xyz') && status === 'FAILED')) {
      await pause(30);
      ({ batches: listed } = (await (await fetch(`${product.httpUrl}/batches`)).json()) as never);
    }

    const refused = listed.find(({ id }) => id.startsWith('odd-xyz'))!;
    const stray = listed.find(({ pipeline }) => pipeline === 'castles');

    expect(refused.error).toMatchObject({ code: 'UnsupportedContentType' });
    expect(stray).toMatchObject({ status: 'FAILED', error: { code: 'PipelineNotFound' } });
    expect(await show(encodeURIComponent(stray!.id))).toEqual(stray);
    expect(await show(refused.id)).toMatchObject({ status: 'FAILED', isResumable: false });
    expect((await seriatim('batch', 'list')).stdout).toContain('FAILED UnsupportedContentType');
  });
});

describe('results of one name', () => {
  it('are the last run’s, and are not taken for an earlier one’s', async () => {
    const key = 'house-prices/in/one-name.csv';
    const bad = (i: number) =>
      houses.slice(0, 5).map((house, j) => (i === j ? { ...house, bedrooms: 'x' } : house));
    await putObject(key, csvOf(bad(1)));
    const first = (await post('/pipelines/house-prices/batches', { input: { key } })).json.id;
    await untilOver(first);
    await putObject(key, csvOf(bad(2)));
    const second = (await post('/pipelines/house-prices/batches', { input: { key } })).json.id;
    await untilOver(second);

    const answer = await fetch(`${product.httpUrl}/batches/${first}/output`);
    const errors = await seriatim('batch', 'errors', first);
    const download = await seriatim('batch', 'download', first);

    expect(answer.status).toBe(410);
    expect(await answer.json()).toMatchObject({
      error: { code: 'ResultsReplaced', message: expect.stringContaining(second) },
    });
    expect((await show(first)).links).toEqual({});
    for (const told of [errors, download])
      expect(told).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining(`replaced by those of run ${second}`),
      });
    const own = await fetch(`${product.httpUrl}/batches/${second}/output`);
    expect(own.status).toBe(200);
    expect((await own.text()).split('\n')).toHaveLength(7);

    await putObject(key, csvOf(bad(1)));
    const third = (await post('/pipelines/house-prices/batches', { input: { key } })).json.id;
    await untilOver(third);
    const again = (await post('/pipelines/house-prices/batches', { input: { key } })).json.id;
    const put = await fetch(`${product.httpUrl}/batches/${third}/output`);
    expect([first, second]).not.toContain(third);
    expect(again).toBe(third);
    expect((await put.text()).split('\n')[2]).toContain('InvalidPayload');
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
    ['/pipelines/house-prices/batches', { input: { key: 'house-prices/in/gone.csv' } }, 404, 'InputNotFound'],
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
    ['/pipelines/house-prices/batches', { input: {} }, 400, 'InvalidPayload'],
    ['/pipelines/house-prices/batches', { input: { key: 'a', prefix: 'b' } }, 400, 'InvalidPayload'],
    [
      '/pipelines/photo-themes/batches',
      { input: { prefix: 'photo-themes/photos/none/' } },
      400,
      'EmptyInput',
    ],
    ['/batches/nothing/resume', {}, 404, 'RunNotFound'],
  ])('refuses %s with %j', async (path, body, status, code) => {
    const answer = await post(path, body);

    expect({ status: answer.status, code: answer.json.error.code }).toEqual({ status, code });
  });
});

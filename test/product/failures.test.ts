// What a start refuses: one clear line on standard error, exit code 1, nothing left behind. In a copy of the project
// that the tests break.
import { once } from 'node:events';
import { rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStateFolder } from '../../local/boot/state-folder.ts';
import { copyProject, edit, runSeriatim } from './product.ts';

let folder: string;

beforeAll(async () => {
  folder = await copyProject();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(...args: string[]): Promise<{ code: number | null; errors: string }> {
  const ports = ['--http-port', '0', '--aws-port', '0'];
  const child = runSeriatim(['start', ...ports, ...args], folder);
  child.stdout!.resume();
  const [errors, [code]] = await Promise.all([
    text(child.stderr!),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, errors };
}

describe('a start refuses, in one line,', () => {
  it('a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };

    const { code, errors } = await start('--http-port', String(port));

    expect(code).toBe(1);
    expect(errors).toBe(`seriatim: port ${port} is in use (SERIATIM_HTTP_PORT sets another)\n`);
    other.close();
  });

  it('a folder that another one works in', async () => {
    const other = openStateFolder(join(folder, '.seriatim'));

    const { code, errors } = await start();

    expect(code).toBe(1);
    expect(errors).toMatch(/^seriatim: .*in use by another seriatim \(process \d+\); stop it first\n$/);
    other.release();
  });

  it('a port that is none', async () => {
    const { code, errors } = await start('--aws-port', '70000');

    expect(code).toBe(1);
    expect(errors).toBe(
      'seriatim: "70000" is not a port between 0 and 65535 (SERIATIM_AWS_PORT or its option)\n',
    );
  });

  it('a missing artefact', async () => {
    const model = join(folder, 'models/house-prices/preprocess.onnx');
    await rename(model, `${model}.away`);

    const { code, errors } = await start();

    expect(code).toBe(1);
    expect(errors).toMatch(/^seriatim: .*preprocess\.onnx is missing\.\n$/);
    await rename(`${model}.away`, model);
  });

  it('code that does not build', async () => {
    await writeFile(join(folder, 'functions/preprocess-house/index.ts'), 'export const handler = ;');

    const { code, errors } = await start();

    expect(code).toBe(1);
    expect(errors).toMatch(/^seriatim: .*functions\/preprocess-house\/index\.ts:1:\d+.*\n$/);
    await writeFile(
      join(folder, 'functions/preprocess-house/index.ts'),
      'export const handler = async () => 1;',
    );
  });

  it('a template that names what is not there', async () => {
    await edit(join(folder, 'packaging/template/storage.yml'), '[ModelBucket, Arn]', '[ModelBuckte, Arn]');

    const { code, errors } = await start();

    expect(code).toBe(1);
    expect(errors).toMatch(
      /^seriatim: template: Resources\.ModelBucketPolicy\..*there is no resource ModelBuckte; did you mean ModelBucket\?\n$/,
    );
  });
});

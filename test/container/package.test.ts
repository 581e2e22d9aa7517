import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildContainer, buildTypes } from '../../container/build.ts';
import { HOUSE_FEATURES, writeArtefact } from './support.ts';

// A project that has the package installed, laid out as npm does it.
let project = '';
let installed = '';
beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'seriatim-package-'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  project = join(folder, 'project');
  installed = join(project, 'node_modules/seriatim-container');
  buildContainer(join(installed, 'dist'));
  buildTypes(join(installed, 'dist'));
  cpSync('container/package.json', join(installed, 'package.json'));
});
afterAll(() => rmSync(resolve(project, '..'), { recursive: true }));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(file: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [file, ...args], { cwd: project }, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

const command = (...args: string[]) => run(join(installed, 'dist/main.js'), args);

describe('the package by itself', () => {
  it('has what it names, and the licence', () => {
    const { bin, exports, files } = JSON.parse(readFileSync('container/package.json', 'utf8'));

    for (const file of [bin['seriatim-container'], exports['.'].types, exports['.'].default])
      expect(existsSync(join(installed, file)), file).toBe(true);
    expect(files).toEqual(['dist']);
    expect(readFileSync('container/LICENSE')).toEqual(readFileSync('LICENSE'));
  });

  it('types the handlers of the README for a strict compiler with an older library', async () => {
    const [, example] = /```ts\n(.*?)```/s.exec(readFileSync('container/README.md', 'utf8'))!;
    const compilerOptions = { strict: true, module: 'nodenext', target: 'es2022', noEmit: true };
    writeFileSync(join(project, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['handlers.ts'] }),
    );
    writeFileSync(join(project, 'handlers.ts'), example!);

    const sound = await run(resolve('node_modules/typescript/bin/tsc'), []);
    writeFileSync(join(project, 'handlers.ts'), example!.replace('JSON.stringify({ prices })', '7'));
    const wrong = await run(resolve('node_modules/typescript/bin/tsc'), []);

    expect(sound).toMatchObject({ code: 0, out: '' });
    expect(wrong.out).toMatch(/^handlers\.ts.*error TS/);
  });

  it('packs, inspects, serves and invokes', async () => {
    const source = writeArtefact(join(project, 'artefact'), { 'model.onnx': HOUSE_FEATURES });
    const archive = join(project, 'model.tar.gz');
    const request = join(project, 'house.json');
    writeFileSync(request, '[{"numeric":[1998,2900,4,2.5,1.1,2],"categorical":["y","n"]}]');

    const packed = await command('pack', source, '-o', archive);
    const inspected = await command('inspect', archive);
    const server = spawn(process.execPath, [join(installed, 'dist/main.js'), 'serve', archive, '-p', '0']);
    const [line] = await once(server.stdout, 'data');
    const url = /(http:\S+)/.exec(String(line))![1]!;
    const answered = await command('invoke', request, '--url', url, '--accept', 'text/csv');
    server.kill('SIGTERM');

    expect(packed).toMatchObject({ code: 0, err: '' });
    expect(inspected.out).toMatch(/output\s+features\s+float32 \[N, 10\]/);
    expect(answered).toMatchObject({ code: 0, err: '' });
    expect(answered.out.trim().split(',')).toHaveLength(10);
    expect((await once(server, 'close'))[0]).toBe(0);
  });

  it('tells its commands', async () => {
    const { code, out } = await command('--help');

    expect(code).toBe(0);
    for (const name of ['serve', 'pack', 'inspect', 'invoke'])
      expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  it.each([
    ['an unknown command', ['train'], /Unknown command "train"/],
    ['a surplus argument', ['serve', 'a.onnx', 'b.onnx'], /"b\.onnx" is too many/],
    ['an unknown option', ['serve', 'a.onnx', '--fast'], /'--fast'/],
    ['an option without its artefact', ['serve', '--port', '0'], /serve needs its <artefact>/],
    ['an artefact that is not there', ['serve', 'a.onnx'], /There is no a\.onnx\./],
    ['no archive to write', ['pack', '.'], /pack needs -o/],
  ])('refuses %s in one line', async (_name, args, message) => {
    const { code, err } = await command(...args);

    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});

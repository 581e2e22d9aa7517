import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packArtefact } from '../../container/pack.ts';
import { unpackArtefact } from '../../container/unpack.ts';
import { HOUSE_FEATURES, writeArtefact } from './support.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'seriatim-commands-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const seriatim = (...args: string[]): Promise<Outcome> => seriatimIn('.', ...args);

async function seriatimIn(cwd: string, ...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [resolve('cli/main.ts'), ...args], { cwd });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

describe('seriatim models', () => {
  it('packs a folder into the same bytes each time, with a manifest and a checksum', async () => {
    const source = writeArtefact(join(folder, 'source'), {
      'model.onnx': HOUSE_FEATURES,
      'code/inference.ts': { text: 'export {}' },
    });
    const files = [join(folder, 'one.tar.gz'), join(folder, 'two.tar.gz')];

    const [first] = await Promise.all(files.map((file) => seriatim('models', 'pack', source, '-o', file)));

    expect(first!.code).toBe(0);
    expect(first!.out).toMatch(/[\da-f]{64} {2}442 {2}model\.onnx/);
    expect(readFileSync(files[0]!)).toEqual(readFileSync(files[1]!));
    expect(readFileSync(`${files[0]}.sha256`, 'utf8')).toMatch(/^[\da-f]{64} {2}one\.tar\.gz\n$/);
  });

  it('inspects an archive', async () => {
    const archive = join(folder, 'inspected.tar.gz');
    await seriatim('models', 'pack', HOUSE_FEATURES, '-o', archive);

    const { code, out } = await seriatim('models', 'inspect', archive);

    expect(code).toBe(0);
    expect(out).toMatch(/input\s+numeric\s+float32 \[N, 6\]/);
    expect(out).toMatch(/output\s+features\s+float32 \[N, 10\]/);
    expect(out).toMatch(/opset\s+.*ai\.onnx(\.ml)? \d+/);
    expect(out).toMatch(/provider\s+cpu/);
  });

  it.each(['.', './', '../here'])(
    'packs and inspects the folder that it is called in, as %s',
    async (name) => {
      const here = writeArtefact(join(folder, 'here'), {
        'model.onnx': HOUSE_FEATURES,
        'notes/on.txt': { text: 'x' },
      });

      const packed = await seriatimIn(here, 'models', 'pack', name, '-o', '../here.tar.gz');
      const inspected = await seriatimIn(here, 'models', 'inspect', name);

      expect(packed.err).toBe('');
      expect(packed.out).toMatch(/ {2}model\.onnx\n[\da-f]{64} {2}1 {2}notes\/on\.txt\n/);
      expect(inspected.err).toBe('');
      expect(inspected.out).toMatch(/^model\.onnx {2}442 bytes$/m);
    },
  );

  it('holds what it inspects against the manifest, and says so', async () => {
    const archive = join(folder, 'sound.tar.gz');
    await seriatim('models', 'pack', HOUSE_FEATURES, '-o', archive);

    const { code, out } = await seriatim('models', 'inspect', archive);

    expect(code).toBe(0);
    expect(out).toMatch(/manifest\s+1 files, all as it says/);
  });

  it('ends with exit code 1 and names each file that is not what was packed', async () => {
    const archive = join(folder, 'original.tar.gz');
    const source = writeArtefact(join(folder, 'changed-source'), {
      'model.onnx': HOUSE_FEATURES,
      'labels.txt': { text: 'one' },
      'gone.txt': { text: 'one' },
    });
    await seriatim('models', 'pack', source, '-o', archive);
    const changed = join(folder, 'changed');
    await unpackArtefact(archive, changed);
    writeFileSync(join(changed, 'labels.txt'), 'two');
    writeFileSync(join(changed, 'new.txt'), '');
    rmSync(join(changed, 'gone.txt'));

    const { code, out, err } = await seriatim('models', 'inspect', changed);

    expect(code).toBe(1);
    expect(out).toMatch(/input\s+numeric/);
    expect(err).toMatch(/labels\.txt has the checksum [\da-f]{64}, not [\da-f]{64}/);
    expect(err).toMatch(/gone\.txt is missing/);
    expect(err).toMatch(/new\.txt is not in the manifest/);
  });

  it('ends with exit code 1 for an archive that is not the one that its checksum beside it is of', async () => {
    const archive = join(folder, 'swapped.tar.gz');
    await seriatim('models', 'pack', HOUSE_FEATURES, '-o', archive);
    await packArtefact([{ path: 'model.onnx', file: HOUSE_FEATURES }], archive);

    const { code, err } = await seriatim('models', 'inspect', archive);

    expect(code).toBe(1);
    expect(err).toMatch(/swapped\.tar\.gz has the checksum [\da-f]{64}, not [\da-f]{64}/);
  });

  it('packs into the folder that it packs, again and again, and keeps an archive that it cannot replace', async () => {
    const source = writeArtefact(join(folder, 'into-itself'), { 'model.onnx': HOUSE_FEATURES });
    const archive = join(source, 'model.tar.gz');

    const first = await seriatim('models', 'pack', source, '-o', archive);
    const good = readFileSync(archive);
    const second = await seriatimIn(source, 'models', 'pack', '.', '-o', 'model.tar.gz');
    writeArtefact(source, { 'a\\b': { text: 'a name that no archive may hold' } });
    const third = await seriatim('models', 'pack', source, '-o', archive);

    expect([first.code, second.code, third.code]).toEqual([0, 0, 1]);
    expect(second.out).toMatch(/^[\da-f]{64} {2}442 {2}model\.onnx\nmodel\.tar\.gz: /);
    expect(readFileSync(archive)).toEqual(good);
    expect(readdirSync(source)).toEqual(['a\\b', 'model.onnx', 'model.tar.gz', 'model.tar.gz.sha256']);
  });

  it('does not replace a manifest of another kind', async () => {
    const source = writeArtefact(join(folder, 'other-manifest'), {
      'model.onnx': HOUSE_FEATURES,
      'manifest.json': { text: '{"name":"an app"}' },
    });

    const { code, err } = await seriatim('models', 'pack', source, '-o', join(folder, 'other.tar.gz'));

    expect(code).toBe(1);
    expect(err).toMatch(/manifest\.json is not a manifest of ours/);
  });

  it('ends with exit code 1 and one line for an archive that is damaged', async () => {
    const damaged = join(folder, 'damaged.tar.gz');
    writeFileSync(damaged, 'no archive');

    const { code, err } = await seriatim('models', 'inspect', damaged);

    expect(code).toBe(1);
    expect(err).toMatch(/^seriatim: .*damaged\.tar\.gz does not unpack: .*\n$/);
  });

  it('packs the empty version folder that Triton wants of an ensemble', async () => {
    const source = writeArtefact(join(folder, 'ensemble'), {
      'one/1/model.onnx': HOUSE_FEATURES,
      'both/config.pbtxt': { text: 'platform: "ensemble"' },
    });
    mkdirSync(join(source, 'both/1'));
    const archive = join(folder, 'ensemble.tar.gz');
    await seriatim('models', 'pack', source, '-o', archive);

    await unpackArtefact(archive, join(folder, 'ensemble-unpacked'));

    expect(readdirSync(join(folder, 'ensemble-unpacked/both'))).toEqual(['1', 'config.pbtxt']);
  });

  it.each([
    ['what is not there', ['models', 'pack', 'nothing', '-o', 'x'], /There is no nothing\.$/],
    [
      'a file that is no model',
      ['models', 'pack', 'package.json', '-o', 'x'],
      /package\.json is no ONNX model/,
    ],
    ['a port that is none', ['serve', HOUSE_FEATURES, '--port', 'abc'], /--port takes a whole number/],
    [
      'a server that is not there',
      ['models', 'invoke', 'package.json', '--url', 'http://127.0.0.1:1/invocations'],
      /No answer from http:\S+: \S/,
    ],
  ])('ends with exit code 1 and one line for %s', async (_name, args, message) => {
    const { code, err } = await seriatim(...args);

    expect(code).toBe(1);
    expect(err.trim()).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('invokes what `serve` serves, and `serve` ends on SIGTERM', async () => {
    const request = join(folder, 'house.json');
    writeFileSync(request, '[{"numeric":[1998,2900,4,2.5,1.1,2],"categorical":["y","n"]}]');
    const served = join(folder, 'served');
    mkdirSync(served);
    writeArtefact(served, { 'model.onnx': HOUSE_FEATURES });
    const server = spawn(process.execPath, ['cli/main.ts', 'serve', served, '--port', '0']);
    const [line] = await once(server.stdout, 'data');
    const url = /(http:\S+)/.exec(String(line))![1]!;

    const answered = await seriatim('models', 'invoke', request, '--url', url, '--accept', 'text/csv');
    server.kill('SIGTERM');

    expect(answered).toMatchObject({ code: 0, err: '' });
    expect(answered.out.trim().split(',')).toHaveLength(10);
    expect((await once(server, 'close'))[0]).toBe(0);
  });
});

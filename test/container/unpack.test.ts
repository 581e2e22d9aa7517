import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packArtefact } from '../../container/pack.ts';
import { unpackArtefact } from '../../container/unpack.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'seriatim-unpack-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function archiveOf(name: string, header: Partial<tar.Header>, content = ''): Promise<string> {
  const pack = tar.pack();
  pack.entry({ name: 'model.onnx', ...header }, content);
  pack.finalize();
  const file = join(folder, `${name}.tar.gz`);
  await pipeline(pack, createGzip(), createWriteStream(file));
  return file;
}

describe('unpackArtefact', () => {
  it('gives back what packArtefact was given', async () => {
    writeFileSync(join(folder, 'one'), 'content');
    const archive = join(folder, 'packed.tar.gz');
    await packArtefact([{ path: 'code/a/b.ts', file: join(folder, 'one') }], archive);

    await unpackArtefact(archive, join(folder, 'packed'));

    expect(readFileSync(join(folder, 'packed/code/a/b.ts'), 'utf8')).toBe('content');
  });

  it.each<[string, Partial<tar.Header>]>([
    ['a path that climbs out', { name: '../escaped' }],
    ['an absolute path', { name: '/escaped' }],
    ['a path that climbs out on the way', { name: 'a/../../escaped' }],
    ['a symbolic link', { name: 'link', type: 'symlink', linkname: '/etc' }],
    ['a device', { name: 'device', type: 'character-device' }],
  ])('refuses %s', async (name, header) => {
    const archive = await archiveOf(name.replaceAll(' ', '-'), header);

    await expect(unpackArtefact(archive, join(folder, 'refused'))).rejects.toMatchObject({
      name: 'InvalidArtefact',
    });
    expect(existsSync(join(folder, 'escaped'))).toBe(false);
  });

  it('refuses more than its bound', async () => {
    const archive = await archiveOf('large', {}, 'x'.repeat(100));

    await expect(unpackArtefact(archive, join(folder, 'large'), { limitBytes: 99 })).rejects.toThrow(
      /more than 99/,
    );
  });

  it.each([
    ['bytes that are no archive', Buffer.from('no archive')],
    ['an archive that is cut short', gzipSync(Buffer.alloc(2000, 1)).subarray(0, 20)],
    ['a gzip of no tar', gzipSync(Buffer.alloc(2000, 1))],
  ])('refuses %s', async (name, bytes) => {
    const archive = join(folder, `${name}.tar.gz`);
    writeFileSync(archive, bytes);

    await expect(unpackArtefact(archive, join(folder, 'damaged'))).rejects.toMatchObject({
      name: 'InvalidArtefact',
    });
  });
});

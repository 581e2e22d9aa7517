import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import tar from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSafePath, packArtefact } from '../../container/pack.ts';

describe('packArtefact', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'seriatim-pack-'));
    writeFileSync(join(folder, 'a'), 'first');
    writeFileSync(join(folder, 'b'), 'second');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const entries = () => [
    { path: 'model.onnx', file: join(folder, 'a') },
    { path: 'code/inference.ts', file: join(folder, 'b') },
  ];

  it('writes the same bytes whatever the order and the times of the files', async () => {
    await packArtefact(entries(), join(folder, 'one.tar.gz'));
    utimesSync(join(folder, 'a'), 1, 1);
    await packArtefact(entries().reverse(), join(folder, 'two.tar.gz'));

    expect(sha256(join(folder, 'two.tar.gz'))).toBe(sha256(join(folder, 'one.tar.gz')));
  });

  it('writes sorted entries without owner or time', async () => {
    await packArtefact(entries(), join(folder, 'sorted.tar.gz'));

    const headers = await readHeaders(join(folder, 'sorted.tar.gz'));

    expect(headers.map(({ name }) => name)).toEqual(['code/inference.ts', 'model.onnx']);
    for (const { uid, gid, mode, mtime } of headers)
      expect({ uid, gid, mode, time: mtime?.getTime() }).toEqual({ uid: 0, gid: 0, mode: 0o644, time: 0 });
  });

  it('leaves time and system out of the gzip header', async () => {
    await packArtefact(entries(), join(folder, 'header.tar.gz'));

    expect([...readFileSync(join(folder, 'header.tar.gz')).subarray(4, 10)]).toEqual([0, 0, 0, 0, 2, 255]);
  });

  it.each(['', '/etc/passwd', '../up', 'a/../b', 'a//b', 'a\\b', './a'])(
    'refuses the path %j',
    async (path) => {
      const packed = packArtefact([{ path, file: join(folder, 'a') }], join(folder, 'refused.tar.gz'));

      await expect(packed).rejects.toThrow(RangeError);
    },
  );

  it('refuses a path named twice', async () => {
    const twice = [entries()[0]!, entries()[0]!];

    await expect(packArtefact(twice, join(folder, 'twice.tar.gz'))).rejects.toThrow(/twice/);
  });

  it('fails when a file is not there', async () => {
    const missing = [{ path: 'model.onnx', file: join(folder, 'nothing') }];

    await expect(packArtefact(missing, join(folder, 'missing.tar.gz'))).rejects.toThrow(/ENOENT/);
  });
});

it('never calls a path with a dotted segment safe', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b c', '..', '.', ''), { minLength: 1 }), (segments) => {
      const dotted = segments.some((segment) => ['', '.', '..'].includes(segment));
      expect(isSafePath(segments.join('/'))).toBe(!dotted);
    }),
  );
});

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

async function readHeaders(file: string): Promise<tar.Header[]> {
  const headers: tar.Header[] = [];
  const extract = Readable.from(gunzipSync(readFileSync(file))).pipe(tar.extract());
  for await (const entry of extract) {
    headers.push(entry.header);
    entry.resume();
  }
  return headers;
}

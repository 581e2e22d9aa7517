// Unpacking by itself: whatever files go in come out, whatever names an archive has stay inside.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArchiveRefused, unpack } from '../../local/sagemaker/artefacts/unpack.ts';
import { Unpacker } from '../../local/sagemaker/artefacts/unpacker.ts';
import { DEFAULT_SETTINGS } from '../../local/sagemaker/settings.ts';
import { artefact, type TarEntry, tarGz } from './fixtures/tar.ts';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'unpack-'));
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function unpackInto(folder: string, bytes: Buffer, limits = DEFAULT_SETTINGS): Promise<number> {
  return unpack({ sizeBytes: bytes.length, open: () => Readable.from([bytes]) }, folder, limits);
}

/** An inner folder to unpack into, in an outer one that shows what got out. */
async function freshFolder(): Promise<{ outer: string; inner: string }> {
  const outer = await mkdtemp(join(root, 'case-'));
  return { outer, inner: await mkdtemp(join(outer, 'in-')) };
}

const segment = fc.stringMatching(/^[a-z]{1,3}$/);
const goodPath = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const anyPath = fc
  .array(fc.oneof(segment, fc.constantFrom('..', '.', '', '/')), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'));

it('gives every file back, byte for byte', async () => {
  const files = fc.uniqueArray(fc.tuple(goodPath, fc.uint8Array({ maxLength: 300 })), {
    // A name cannot be a file here and a folder there.
    comparator: (a: string, b: string) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`),
    selector: ([path]) => path,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(files, async (list) => {
      const { inner } = await freshFolder();
      const bytes = await tarGz(list.map(([name, content]) => ({ name, content: Buffer.from(content) })));

      await unpackInto(inner, bytes);

      for (const [path, content] of list) {
        expect((await readFile(join(inner, path))).equals(Buffer.from(content))).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

it('lets nothing out, whatever the names, links and their order', async () => {
  const entry: fc.Arbitrary<TarEntry> = fc.oneof(
    fc.record({ name: anyPath, content: fc.constant('x') }),
    fc.record({
      name: anyPath,
      type: fc.constantFrom('symlink' as const, 'link' as const),
      linkname: anyPath,
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 6 }), async (entries) => {
      const { outer, inner } = await freshFolder();

      await unpackInto(inner, await tarGz(entries)).catch((error: unknown) => {
        expect(error).toBeInstanceOf(ArchiveRefused);
      });

      expect(await readdir(outer)).toEqual([inner.split('/').at(-1)]);
    }),
    { numRuns: 60 },
  );
});

it('refuses more entries, more bytes and more growth than it is allowed', async () => {
  const bytes = await tarGz([
    { name: 'a', content: Buffer.alloc(70 * 1024 * 1024) },
    { name: 'b', content: 'b' },
  ]);
  const attempt = async (limits: Partial<typeof DEFAULT_SETTINGS>): Promise<string> => {
    const { inner } = await freshFolder();
    return unpackInto(inner, bytes, { ...DEFAULT_SETTINGS, ...limits }).then(
      () => 'unpacked',
      (error: Error) => `${error.name}: ${error.message}`,
    );
  };

  expect(await attempt({ unpackedEntriesLimit: 1 })).toContain(
    'ArchiveRefused: it grows to more than 250 times',
  );
  expect(await attempt({ unpackedEntriesLimit: 1, unpackRatioLimit: 10_000 })).toContain(
    'more than 1 entries',
  );
  expect(await attempt({ unpackedLimitBytes: 1_000_000, unpackRatioLimit: 10_000 })).toContain(
    'more than 1000000 bytes',
  );
  expect(await attempt({ unpackRatioLimit: 10_000 })).toBe('unpacked');
});

describe('the thread that unpacks', () => {
  const jobOf = async (text: string, md5?: string) => {
    const { inner } = await freshFolder();
    const content = new Uint8Array(await artefact(text));
    return { content, md5, folder: inner, limits: DEFAULT_SETTINGS };
  };

  it('gives the size and leaves the files', async () => {
    const unpacker = new Unpacker();
    const job = await jobOf('weights');

    expect(await unpacker.unpack(job)).toBe('weights'.length);

    expect(await readFile(join(job.folder, 'weights.txt'), 'utf8')).toBe('weights');
    await unpacker.close();
  });

  it('refuses what has another checksum, and what is no archive', async () => {
    const unpacker = new Unpacker();
    const junk = { ...(await jobOf('x')), content: new Uint8Array(Buffer.from('no archive')) };

    await expect(unpacker.unpack(await jobOf('x', 'f'.repeat(32)))).rejects.toThrow('its checksum');
    await expect(unpacker.unpack(junk)).rejects.toBeInstanceOf(ArchiveRefused);
    await unpacker.close();
  });

  it('fails what it had in hand when it ends, and is there again for the next', async () => {
    const unpacker = new Unpacker();
    const cut = unpacker.unpack(await jobOf('cut')).catch((error: Error) => error.message);

    await unpacker.close();

    expect(await cut).toContain('has ended');
    expect(await unpacker.unpack(await jobOf('next'))).toBe(4);
    await unpacker.close();
  });
});

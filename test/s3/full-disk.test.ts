// A disk that runs full: what is large is refused with the reason, what is small is still taken, nothing is half there.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { S3 } from '../../local/s3/api.ts';
import { inTransaction, openDatabase } from '../../local/s3/database.ts';
import { createS3 } from '../../local/s3/index.ts';
import { RESERVED_BYTES } from '../../local/s3/room.ts';
import { Database } from '../../local/states/store/database.ts';

let folder: string;
let s3: S3 | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seriatim-full-'));
});
afterEach(async () => {
  await s3?.close();
  s3 = undefined;
  await rm(folder, { recursive: true, force: true });
});

const MB = 1024 * 1024;
const large = { bucket: 'bucket', key: 'large' };

async function onDisk(freeBytes: () => number): Promise<S3> {
  s3 = await createS3({ folder, freeBytes: () => Promise.resolve(freeBytes()) });
  await s3.createBucket('bucket');
  return s3;
}

describe('S3 on a full disk', () => {
  it('refuses a large body, naming what is left, and keeps nothing of it', async () => {
    const full = await onDisk(() => RESERVED_BYTES - 1);

    await expect(full.putObject(large, Buffer.alloc(MB))).rejects.toThrow(/ENOSPC.* 31 MB are free/);
    await expect(full.headObject(large)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('drops what it has of a body when the disk runs full on the way', async () => {
    let free = RESERVED_BYTES + 2 * MB;
    const filling = await onDisk(() => free);
    const pieces = (function* () {
      for (let i = 0; i < 8; i++) {
        free -= MB;
        yield Buffer.alloc(MB);
      }
    })();

    await expect(filling.putObject(large, Readable.from(pieces))).rejects.toThrow('ENOSPC');
    await filling.close();
    const left = await readdir(join(folder, 'bodies'), { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toEqual([]);
  });

  it('still takes small bodies, and large ones once there is room', async () => {
    let free = 0;
    const emptied = await onDisk(() => free);
    await emptied.putObject({ bucket: 'bucket', key: 'manifest' }, 'FAILED');
    free = RESERVED_BYTES;
    await emptied.putObject(large, Buffer.alloc(MB));

    const { body } = await emptied.getObject({ bucket: 'bucket', key: 'manifest' });
    expect(await text(body)).toBe('FAILED');
    expect((await emptied.headObject(large)).sizeBytes).toBe(MB);
  });
});

describe('a database that is full', () => {
  it('of S3 says so', () => {
    const database = openDatabase(join(folder, 'index.sqlite'));
    database.exec('PRAGMA max_page_count = 1');
    const fill = () => database.prepare('INSERT INTO small_bodies (bytes) VALUES (?)').run(Buffer.alloc(MB));

    expect(() => inTransaction(database, fill)).toThrow('database or disk is full');
    database.close();
  });

  it('of executions says so', () => {
    const database = new Database(join(folder, 'states.sqlite'));
    database.get('PRAGMA max_page_count = 1');
    const fill = () => database.run("INSERT INTO documents VALUES ('a', 'b', ?)", 'x'.repeat(MB));

    expect(() => database.transaction(fill)).toThrow('database or disk is full');
    database.close();
  });
});

// What is kept across restarts, and that a process killed in the middle of its writes leaves whole objects only.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createS3 } from '../../local/s3/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seriatim-s3-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bodyFiles = async (): Promise<string[]> => {
  const entries = await readdir(join(folder, 'bodies'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
};

describe('the folder', () => {
  it('gives everything back to the next process', async () => {
    const large = Buffer.alloc(100_000, 'large');
    const first = await createS3({ folder });
    await first.createBucket('bucket', { expiration: [{ days: 7 }] });
    await first.putObject({ bucket: 'bucket', key: 'small' }, 'small', {
      contentType: 'a/b',
      metadata: { M: '1' },
    });
    await first.putObject({ bucket: 'bucket', key: 'large' }, Readable.from([large]));
    await first.close();

    const next = await createS3({ folder });
    const { info, body } = await next.getObject({ bucket: 'bucket', key: 'small' });
    const range = await next.getObject({ bucket: 'bucket', key: 'large' }, { first: 50_000, last: 50_009 });

    expect(await text(body)).toBe('small');
    expect(info).toMatchObject({ contentType: 'a/b', metadata: { m: '1' }, sizeBytes: 5 });
    expect(await buffer(range.body)).toEqual(large.subarray(50_000, 50_010));
    await next.close();
    await next.close();
  });

  it('belongs to one process at a time', async () => {
    const first = await createS3({ folder });

    await expect(createS3({ folder })).rejects.toThrow(/in use by another process/);

    await first.close();
    await (await createS3({ folder })).close();
  });

  it('keeps no bytes of objects that were replaced, deleted or refused', async () => {
    const s3 = await createS3({ folder });
    await s3.createBucket('bucket');
    const large = Buffer.alloc(100_000);
    const broken = Readable.from(
      (async function* () {
        yield large;
        throw new Error('cut off');
      })(),
    );

    await s3.putObject({ bucket: 'bucket', key: 'a' }, large);
    await s3.putObject({ bucket: 'bucket', key: 'a' }, large);
    await s3.putObject({ bucket: 'bucket', key: 'c' }, large);
    await s3.deleteObject({ bucket: 'bucket', key: 'c' });
    await expect(s3.putObject({ bucket: 'bucket', key: 'd' }, broken)).rejects.toThrow('cut off');
    await expect(
      s3.putObject({ bucket: 'bucket', key: 'a' }, large, { onlyIfAbsent: true }),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await s3.close();

    expect(await bodyFiles()).toHaveLength(1);
  });

  it('has only whole objects after a kill, and is rid of the rest at the next start', async () => {
    const killed = spawn(process.execPath, ['--input-type=module', '-e', writeForever(folder)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'close');

    const s3 = await createS3({ folder });
    const { objects } = await s3.listObjects({ bucket: 'bucket' });
    const bodies = await Promise.all(
      objects.map(async ({ key }) => buffer((await s3.getObject({ bucket: 'bucket', key })).body)),
    );
    await s3.close();

    expect(objects.length).toBeGreaterThanOrEqual(20);
    for (const [index, body] of bodies.entries()) {
      expect(body.length).toBe(objects[index]!.sizeBytes);
      expect(body.every((byte) => byte === body[0])).toBe(true);
    }
    expect(await bodyFiles()).toHaveLength(objects.filter(({ sizeBytes }) => sizeBytes > 16 * 1024).length);
  });
});

describe('a notification of a process that is killed', () => {
  it.each([
    ['as soon as the object is written', 'written', 1],
    ['while the function deals with it', 'delivered', 1],
    ['once the function has taken it', 'taken', 0],
  ])('%s comes after the restart unless it was taken', async (_when, moment, expected) => {
    const killed = spawn(process.execPath, ['--input-type=module', '-e', killAt(folder, moment)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [, signal] = await once(killed, 'close');

    const told: string[] = [];
    const { promise: toldAll, resolve } = Promise.withResolvers<void>();
    const deliver = async (_arn: string, event: string): Promise<void> => {
      told.push(keyOf(event));
      if (told.at(-1) === 'last') resolve();
    };
    const s3 = await createS3({ folder, deliver });
    // What was kept is told before what comes now.
    await s3.putObject({ bucket: 'bucket', key: 'last' }, 'x');
    await toldAll;
    await s3.close();

    expect(signal).toBe('SIGKILL');
    expect(told.filter((key) => key === 'first')).toHaveLength(expected);
  });
});

function keyOf(eventJson: string): string {
  const { Records } = JSON.parse(eventJson) as { Records: { s3: { object: { key: string } } }[] };
  return Records[0]!.s3.object.key;
}

/** A program that puts an object and ends itself with SIGKILL at that moment of its notification. */
function killAt(into: string, moment: string): string {
  const index = pathToFileURL(join(import.meta.dirname, '../../local/s3/index.ts')).href;
  return `
    import { createS3 } from ${JSON.stringify(index)};
    const die = () => process.kill(process.pid, 'SIGKILL');
    const moment = ${JSON.stringify(moment)};
    const deliver = () => {
      if (moment === 'delivered') die();
      // Forgotten in the turn after the one in which it was taken.
      if (moment === 'taken') setImmediate(() => setImmediate(die));
      return Promise.resolve();
    };
    const s3 = await createS3({ folder: ${JSON.stringify(into)}, deliver });
    const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:start-batch';
    await s3.createBucket('bucket', { notifications: [{ functionArn, events: ['s3:ObjectCreated:*'] }] });
    await s3.putObject({ bucket: 'bucket', key: 'first' }, 'x');
    if (moment === 'written') die();
  `;
}

/** A program that writes objects of 1 KB and 200 KB, many at once, and says so once twenty are written. */
function writeForever(into: string): string {
  const index = pathToFileURL(join(import.meta.dirname, '../../local/s3/index.ts')).href;
  return `
    import { createS3 } from ${JSON.stringify(index)};
    const s3 = await createS3({ folder: ${JSON.stringify(into)} });
    await s3.createBucket('bucket');
    let written = 0;
    const write = async (lane) => {
      for (let n = 0; ; n += 1) {
        const body = Buffer.alloc(n % 2 === 0 ? 1000 : 200_000, n);
        await s3.putObject({ bucket: 'bucket', key: lane + '/' + (n % 50) }, body);
        written += 1;
        if (written === 20) console.log('written');
      }
    };
    for (const lane of ['a', 'b', 'c', 'd']) write(lane);
  `;
}

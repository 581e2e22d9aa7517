// What a start refuses or waits for before anything runs: the state folder's lock, the ports, and the orderly end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClosers } from '../../local/boot/closers.ts';
import { openPort } from '../../local/boot/ports.ts';
import { openRim } from '../../local/boot/rim.ts';
import { openStateFolder } from '../../local/boot/state-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seriatim-rim-'));
});

afterEach(() => rm(folder, { recursive: true }));

describe('the state folder', () => {
  it('is one process’s at a time', () => {
    const state = openStateFolder(folder);

    expect(() => openStateFolder(folder)).toThrow(
      expect.objectContaining({
        name: 'StartFailure',
        message: expect.stringContaining(`process ${process.pid}`),
      }),
    );
    state.release();
  });

  it('is free again once released', () => {
    openStateFolder(folder).release();

    const again = openStateFolder(folder);

    expect(again.folder).toBe(folder);
    again.release();
  });

  it('is taken over from a process that was killed', async () => {
    const module = new URL('../../local/boot/state-folder.ts', import.meta.url).href;
    const script = `import { openStateFolder } from '${module}'; globalThis.state = openStateFolder('${folder}'); console.log('held'); setInterval(() => {}, 1e6);`;
    const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    const whileItLives = attempt(() => openStateFolder(folder));
    other.kill('SIGKILL');
    await once(other, 'exit');

    const state = openStateFolder(folder);

    expect(whileItLives).toContain(`process ${other.pid}`);
    expect(state.folder).toBe(folder);
    state.release();
  });

  it('is emptied of all but its lock', async () => {
    const state = openStateFolder(folder);
    await writeFile(join(folder, 'states.sqlite'), 'x');

    state.empty();

    expect(existsSync(join(folder, 'states.sqlite'))).toBe(false);
    expect(() => openStateFolder(folder)).toThrow('in use');
    state.release();
  });
});

describe('a port', () => {
  it('in use is told in one line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };

    const opening = openPort({ port, variable: 'SERIATIM_HTTP_PORT' });

    await expect(opening).rejects.toThrow(`port ${port} is in use (SERIATIM_HTTP_PORT sets another)`);
    other.close();
  });

  it('lets requests wait for what answers them', async () => {
    const open = await openPort({ port: 0, variable: 'X' });
    const asked = fetch(open.url).then((response) => response.text());

    await openPort({ port: 0, variable: 'Y' }).then((other) => other.close());
    open.answerWith((_request, response) => void response.end('late'));

    expect(await asked).toBe('late');
    await open.close();
  });
});

describe('a port that is drained', () => {
  it('lets what is in flight be answered, and takes nothing new', async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<() => void>();
    const open = await openPort({ port: 0, variable: 'X' });
    open.answerWith((_request, response) => arrive(() => response.end('done')));
    const answer = fetch(open.url);
    const finish = await arrived;

    const drained = open.drain(10_000);

    await expect(fetch(open.url)).rejects.toThrow();
    finish();
    expect(await (await answer).text()).toBe('done');
    await drained;
    await open.close();
  });

  it('waits no longer than it may', async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const open = await openPort({ port: 0, variable: 'X' });
    open.answerWith(() => arrive());
    const answer = fetch(open.url);
    await arrived;

    await open.drain(1);

    await Promise.all([expect(answer).rejects.toThrow(), open.close()]);
  });
});

describe('readiness', () => {
  it('names what is pending from the first moment on', async () => {
    const closers = createClosers();
    const pending = new Set(['template']);
    const rim = await openRim({ projectFolder: folder, httpPort: 0, awsPort: 0 }, { closers, pending });

    const response = await fetch(`${rim.aws.url}/_seriatim/health`);

    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      status: 'starting',
      pending: ['template'],
      ports: { http: rim.http.port, aws: rim.aws.port },
    });
    await closers.close();
  });

  it('answers a scrape of /metrics, and leaves a bucket of that name to S3', async () => {
    const closers = createClosers();
    const rim = await openRim(
      { projectFolder: folder, httpPort: 0, awsPort: 0 },
      { closers, pending: new Set() },
    );

    const scraped = await fetch(`${rim.aws.url}/metrics`);
    rim.aws.answerWith((_request, response) => response.end('from S3'));
    const signed = await fetch(`${rim.aws.url}/metrics`, { headers: { authorization: 'AWS4-HMAC-SHA256' } });

    expect(scraped.headers.get('content-type')).toContain('version=0.0.4');
    expect(await signed.text()).toBe('from S3');
    await closers.close();
  });

  it('leaves the folder as it was when a port is in use', async () => {
    const closers = createClosers();
    const other = await openPort({ port: 0, variable: 'X' });
    await writeFile(join(folder, 'kept'), 'x');
    const options = {
      projectFolder: folder,
      stateFolder: folder,
      httpPort: other.port,
      awsPort: 0,
      fresh: true,
    };

    const opening = openRim(options, { closers, pending: new Set() });

    await expect(opening).rejects.toThrow('in use');
    expect(existsSync(join(folder, 'kept'))).toBe(true);
    await closers.close();
    await other.close();
  });
});

describe('the end', () => {
  it('closes at once what is opened after it began', async () => {
    const closed: string[] = [];
    const closers = createClosers();
    await closers.close();

    closers.add('late', () => void closed.push('late'));
    await closers.close();

    expect(closed).toEqual(['late']);
  });

  it('closes in reverse order, once, and is not held up by one part', async () => {
    const closed: string[] = [];
    const closers = createClosers(20);
    closers.add('first', () => void closed.push('first'));
    closers.add('stuck', () => new Promise(() => {}));
    closers.add('last', async () => void closed.push('last'));

    await Promise.all([closers.close(), closers.close()]);

    expect(closed).toEqual(['last', 'first']);
  });
});

/** The message of what is thrown. */
function attempt(work: () => unknown): string {
  try {
    work();
    return 'nothing was thrown';
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

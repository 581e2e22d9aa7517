// What is left when hosting ends, by close or by kill: nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { createS3 } from '../../local/s3/index.ts';
import { createSageMaker } from '../../local/sagemaker/index.ts';
import { deploy, image, invoke, invokeSeen, startStack } from './fixtures/stack.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('close', () => {
  it('ends every container within 1.5 s, also one that ignores SIGTERM', async () => {
    const stack = await startStack();
    await Promise.all([
      deploy(stack, 'polite', [{ Image: image('box') }]),
      deploy(stack, 'stubborn', [{ Image: image('box'), Environment: { IGNORE_SIGTERM: '1' } }]),
    ]);
    const pids = [(await invokeSeen(stack, 'polite')).pid, (await invokeSeen(stack, 'stubborn')).pid];
    expect(pids.map(isAlive)).toEqual([true, true]);

    const startMs = performance.now();
    await stack.close();

    expect(performance.now() - startMs).toBeLessThan(1_500);
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it('ends containers that are still starting; their endpoint is to come up at the next start', async () => {
    const stack = await startStack();
    const outcome = deploy(stack, 'starting', [{ Image: image('box'), Environment: { UNHEALTHY: '1' } }]);
    while (![...stack.logs.values()].flat().includes('box listens'))
      await new Promise((go) => setTimeout(go, 10));

    await stack.close();

    expect((await outcome).status).toBe('Creating');
  });
});

interface KilledHost {
  readonly pid: number;
  readonly folder: string;
  readonly volumesFolder: string;
}

/** A host that served one container and was killed. */
async function killedHost(imageName: string): Promise<KilledHost> {
  const host = spawn(process.execPath, [new URL('./fixtures/host.ts', import.meta.url).pathname, imageName], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(host.stdout), 'line')) as [string];
  const facts = JSON.parse(line) as KilledHost;
  expect(isAlive(facts.pid)).toBe(true);
  host.kill('SIGKILL');
  await once(host, 'exit');
  return facts;
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}

it('leaves no container when the host is killed', async () => {
  const { pid, folder } = await killedHost('box');

  await untilGone(pid);

  expect(isAlive(pid)).toBe(false);
  await rm(folder, { recursive: true, force: true });
});

it.skipIf(process.platform !== 'linux')(
  'ends, at the next start, a container that outlived its killed host',
  async () => {
    const { pid, folder, volumesFolder } = await killedHost('stubborn-box');
    expect(isAlive(pid)).toBe(true);
    const s3 = await createS3({ folder: join(folder, 's3-of-the-next') });

    const next = await createSageMaker({ s3, volumesFolder, images: {} });
    await untilGone(pid);

    expect(isAlive(pid)).toBe(false);
    await next.close();
    await s3.close();
    await rm(folder, { recursive: true, force: true });
  },
);

it('stands in front of a container that runs elsewhere, by its URL', async () => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end(request.url === '/ping' ? '' : 'from elsewhere'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stack = await startStack({}, { elsewhere: { kind: 'url', url } });

  expect(await deploy(stack, 'elsewhere', [{ Image: image('elsewhere') }])).toEqual({ status: 'InService' });
  expect((await invoke(stack, 'elsewhere')).Body.transformToString()).toBe('from elsewhere');

  await stack.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('an endpoint on the URL of a container that is not there', () => {
  it('fails within the time such a container has, and says why', async () => {
    const images = { gone: { kind: 'url' as const, url: 'http://127.0.0.1:9' } };
    const stack = await startStack({ urlStartupTimeoutMs: 200 }, images);

    const outcome = await deploy(stack, 'gone', [{ Image: image('gone') }]);

    expect(outcome.status).toBe('Failed');
    expect(outcome.failureReason).toContain('it did not answer /ping with 200 in time');
    await stack.close();
  });
});

it('sends calls past a container that has left a ping unanswered, while another instance is well', async () => {
  const stack = await startStack({ pingIntervalMs: 100, pingTimeoutMs: 200, pingFailuresToRestart: 1_000 });
  const containers = [{ Image: image('box'), Environment: { NAME: 'hung' } }];
  await deploy(stack, 'hung', containers, { variant: { InitialInstanceCount: 2 } });
  const { pid } = await invokeSeen(stack, 'hung');
  /** Whether none of twenty calls at once went to the container that does not answer. */
  const allAnswered = async (): Promise<boolean> => {
    const calls = Promise.all(Array.from({ length: 20 }, () => invokeSeen(stack, 'hung')));
    const late = new Promise<'late'>((resolve) => void setTimeout(resolve, 500, 'late'));
    const outcome = await Promise.race([calls.catch(() => 'late' as const), late]);
    return outcome !== 'late' && outcome.every((seen) => seen.pid !== pid);
  };

  process.kill(pid, 'SIGSTOP');
  while (!(await allAnswered()));
  expect([await allAnswered(), await allAnswered(), await allAnswered()]).toEqual([true, true, true]);
  process.kill(pid, 'SIGCONT');

  const back = async (): Promise<boolean> => (await invokeSeen(stack, 'hung')).pid === pid;
  while (!(await back()));
  await stack.close();
});

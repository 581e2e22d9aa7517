// What is left when hosting ends, by close or by kill: nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
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

  it('ends containers that are still starting', async () => {
    const stack = await startStack();
    const outcome = deploy(stack, 'starting', [{ Image: image('box'), Environment: { UNHEALTHY: '1' } }]);
    while (![...stack.logs.values()].flat().includes('box listens'))
      await new Promise((go) => setTimeout(go, 10));

    await stack.close();

    expect((await outcome).status).toBe('Failed');
  });
});

it('leaves no container when the host is killed', async () => {
  const host = spawn(process.execPath, [new URL('./fixtures/host.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(host.stdout), 'line')) as [string];
  const { pid, folder } = JSON.parse(line) as { pid: number; folder: string };
  expect(isAlive(pid)).toBe(true);

  host.kill('SIGKILL');
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));

  expect(isAlive(pid)).toBe(false);
  await rm(folder, { recursive: true, force: true });
});

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

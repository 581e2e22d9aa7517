// A run that is watched while its server goes away and comes back, by a server that is scripted.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runSeriatim, untilOutput } from '../product/product.ts';

const SHA_OF_A = 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb';

let folder: string;
let server: Server | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seriatim-watch-'));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function listen(port: number, answer: (path: string, method: string) => unknown): Promise<number> {
  const own = createServer((request, response) => {
    const body = answer(request.url!, request.method!);
    request.resume().on('end', () => {
      response.writeHead(200, { connection: 'close' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  server = own;
  own.listen(port, '127.0.0.1');
  await once(own, 'listening');
  return (own.address() as AddressInfo).port;
}

it('waits for a server that is started again and goes on', async () => {
  const view = { id: 'r', pipeline: 'p', name: 'a.csv', attempt: 1, startedAt: '2026-01-01T00:00:00.000Z' };
  const progress = { records: 1, done: 1, failed: 0 };
  const output = { bucket: 'b', key: 'k', bytes: 1, sha256: SHA_OF_A };
  const counts = { records: 1, succeeded: 1, failed: 0, errors: {} };
  const manifest = { status: 'SUCCEEDED', durationMs: 1, recordsPerSecond: 1, counts, output };
  const file = join(folder, 'a.csv');
  await writeFile(file, 'x');
  let port = 0;
  const after = (path: string): unknown =>
    path === '/out'
      ? 'a'
      : {
          ...view,
          status: 'SUCCEEDED',
          progress,
          manifest,
          links: { output: `http://127.0.0.1:${port}/out` },
        };
  const before = (path: string, method: string): unknown => {
    if (method === 'POST') return { id: 'r', status: 'STARTED', attempt: 1, input: { key: 'k' } };
    server!.close();
    return { ...view, status: 'RUNNING', progress: { done: 0, failed: 0 }, path };
  };
  port = await listen(0, before);

  const child = runSeriatim(['batch', 'p', file, '--url', `http://127.0.0.1:${port}`]);
  let [stdout, stderr] = ['', ''];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = once(child, 'close');

  await untilOutput(() => stderr, /nothing listens at .*; waiting for up to 60 s/, exited);
  await listen(port, after);

  expect(await exited).toEqual([0, null]);
  expect(stdout).toMatch(/^SUCCEEDED {2}1 record in/);
  expect(await readFile(`${file}.out`, 'utf8')).toBe('a');
});

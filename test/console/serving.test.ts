// The console's files: how large they are, and how they are served.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consoleRoutes } from '../../local/boot/console.ts';
import { buildConsole } from '../../packaging/console.ts';
import { inTurn } from '../../packaging/lock.ts';
import { PROJECT } from '../product/product.ts';

const FOLDER = join(PROJECT, '.build/console');
const MOST_BYTES = 250_000;

let server: Server;
let url: string;
let script: string;

beforeAll(async () => {
  // Products that other tests start may be building it.
  await inTurn(PROJECT, () => buildConsole(PROJECT));
  script = readdirSync(join(FOLDER, 'assets')).find((name) => /^main-.*\.js$/.test(name))!;
  const serve = consoleRoutes(FOLDER);
  server = createServer((asked, response) => {
    if (!serve(asked.url!, asked, response)) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 60_000);
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const get = (path: string, headers: Record<string, string> = {}) => request(url + path, { headers });

describe('the files of the console', () => {
  it(`have under ${MOST_BYTES / 1000} kB in all, compressed`, () => {
    const files = readdirSync(FOLDER, { recursive: true }).map(String);
    const sizeOf = (ending: string): number =>
      files
        .filter((file) => file.endsWith(ending))
        .reduce((sum, file) => sum + statSync(join(FOLDER, file)).size, 0);

    expect(sizeOf('.br')).toBeGreaterThan(50_000);
    expect(sizeOf('.br')).toBeLessThan(MOST_BYTES);
    expect(sizeOf('.gz')).toBeLessThan(MOST_BYTES);
  });

  it('are not built anew when nothing has changed', async () => {
    const before = statSync(join(FOLDER, 'index.html')).mtimeMs;

    await buildConsole(PROJECT);

    expect(statSync(join(FOLDER, 'index.html')).mtimeMs).toBe(before);
  });

  it('come from this origin alone, by a policy that says so', async () => {
    const { statusCode, headers, body } = await get('/console/');

    expect(statusCode).toBe(200);
    expect(headers['content-security-policy']).toMatch(/^default-src 'self'; img-src 'self' blob: data:/);
    expect(headers['cache-control']).toBe('no-cache');
    expect(await body.text()).toContain(`src="./assets/${script}"`);
  });

  it.each([
    ['br, gzip', 'br', '.br'],
    ['gzip, deflate', 'gzip', '.gz'],
    ['br;q=0, gzip', 'gzip', '.gz'],
    ['', undefined, ''],
  ])('are sent to who takes "%s" as %s', async (accepted, encoding, ending) => {
    const { headers, body } = await get(`/console/assets/${script}`, { 'accept-encoding': accepted });

    expect(headers['content-encoding']).toBe(encoding);
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['cache-control']).toContain('immutable');
    const sent = Buffer.from(await body.arrayBuffer());
    expect(sent.equals(readFileSync(join(FOLDER, 'assets', script + ending)))).toBe(true);
  });

  it('are not sent twice to who has them', async () => {
    const { headers } = await get('/console/');

    const again = await get('/console/', { 'if-none-match': headers.etag as string });

    expect(again.statusCode).toBe(304);
    expect(await again.body.text()).toBe('');
  });

  it.each([
    ['/console', 308],
    ['/console/none.js', 404],
    ['/console/../package.json', 404],
    ['/console/..%2f..%2fpackage.json', 404],
    ['/console/assets/../index.html.br', 404],
    ['/executions', 418],
  ])('%s answers %i', async (path, status) => {
    const { hostname, port } = new URL(url);
    // As it is: a client would resolve the dots.
    const { get: rawGet } = await import('node:http');
    const found = await new Promise<number>((resolve, reject) => {
      rawGet({ hostname, port, path }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      }).on('error', reject);
    });

    expect(found).toBe(status);
  });

  it('take no other method', async () => {
    const { statusCode, headers } = await request(`${url}/console/`, { method: 'POST' });

    expect([statusCode, headers.allow]).toEqual([405, 'GET, HEAD']);
  });
});

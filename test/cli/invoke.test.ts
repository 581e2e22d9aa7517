// The command invoke, in its own process: what each kind of file is sent as, and what comes back.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

interface Sent {
  readonly path: string;
  readonly type: string | undefined;
  readonly body: Buffer;
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff, 0xfe, 0x00]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x00]);

let sent: Sent[] = [];
/** Answers a body with its length; one with "bad" in it is refused, one with "plain" in words that are no JSON. */
const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  sent.push({ path: request.url!, type: request.headers['content-type'], body });
  const text = body.toString();
  if (text.includes('plain')) return response.writeHead(502).end('Bad gateway');
  const refused = text.includes('bad');
  const answer = refused
    ? { error: { code: 'InvalidPayload', message: 'x: is missing' } }
    : { bytes: body.length };
  return response.writeHead(refused ? 400 : 200).end(JSON.stringify(answer));
});

let folder: string;
let url: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seriatim-invoke-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = ['--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  sent = [];
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

const invoke = (args: readonly string[], stdin?: string) =>
  runCli(['invoke', 'mine', ...args, ...url], stdin === undefined ? {} : { stdin });

describe('seriatim invoke', () => {
  it.each<[string, string | Uint8Array, string, string]>([
    ['a.png', PNG, 'image/png', 'a photo as its bytes'],
    ['a.JPEG', JPEG, 'image/jpeg', 'whatever the case of its name'],
    ['b.png', JPEG, 'image/jpeg', 'what the bytes say rather than the name'],
    ['c.jpg', 'no photo', 'image/jpeg', 'what the name says where the bytes say nothing'],
    ['a.gif', 'GIF89a', 'image/gif', 'a picture that no pipeline reads by its own type'],
    ['a.json', '{"instances":\n[1]}', 'application/json', 'a request over several lines'],
    ['a.txt', '{"x":1}', 'application/json', 'a file of another name as JSON'],
  ])('sends %s by its kind', async (name, content, type) => {
    const { stdout, exitCode } = await invoke([await file(name, content)]);

    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `{"bytes":${content.length}}\n` });
    expect(sent).toEqual([{ path: '/pipelines/mine/invocations', type, body: Buffer.from(content) }]);
  });

  it('sends a file of lines as a request each, and answers a line each in their order', async () => {
    const { stdout, stderr, exitCode } = await invoke([
      await file('a.ndjson', '{"x":1}\n\n{"bad":22}\n{"plain":3}\n{"x":4444}'),
    ]);

    expect(stdout.split('\n')).toEqual([
      '{"bytes":7}',
      '{"error":{"code":"InvalidPayload","message":"x: is missing"}}',
      '{"error":{"code":"502","message":"Bad gateway"}}',
      '{"bytes":10}',
      '',
    ]);
    expect(stderr).toMatch(
      /a\.ndjson:3: 400 InvalidPayload: x: is missing\n.*a\.ndjson:4: 502: Bad gateway\n/,
    );
    expect(stderr).toMatch(/2 of 4 requests answered in /);
    expect(exitCode).toBe(1);
  });

  it('takes several files, one after the other', async () => {
    const { stdout, exitCode } = await invoke([await file('a.png', PNG), await file('b.jsonl', '{"x":1}')]);

    expect({ stdout, exitCode }).toEqual({ stdout: '{"bytes":11}\n{"bytes":7}\n', exitCode: 0 });
  });

  it.each([
    ['one request', '{\n"x":1}\n', ['{\n"x":1}\n']],
    ['lines', '{"x":1}\n{"x":2}\n', ['{"x":1}', '{"x":2}']],
    ['what is no JSON at all, for the API to tell', 'x=1\ny', ['x=1\ny']],
  ])('takes %s from standard input', async (_, stdin, bodies) => {
    await invoke(['-'], stdin);

    expect(sent.map(({ body }) => body.toString())).toEqual(bodies);
  });

  it('asks for what stages gave, named by commas or one by one', async () => {
    await invoke(['--data', '{}', '--include', 'One,Two', '--include', 'Three']);

    expect(new URL(sent[0]!.path, 'http://loopback').searchParams.get('include')).toBe('One,Two,Three');
  });

  it.each([
    ['houses.csv', 'a,b', /requests are \.json.*run a \.csv file with "seriatim batch <pipeline>/],
    ['empty.json', '', /empty\.json is empty/],
    ['empty.ndjson', '\n\n', /empty\.ndjson holds no request/],
  ])('ends with 1 for %s, and sends nothing', async (name, content, message) => {
    const { stdout, stderr, exitCode } = await invoke([await file(name, content)]);

    expect({ stdout, exitCode, sent }).toEqual({ stdout: '', exitCode: 1, sent: [] });
    expect(stderr).toMatch(message);
  });

  it('ends with 2 for a request given twice', async () => {
    expect((await invoke(['a.json', '--data', '{}'])).exitCode).toBe(2);
  });
});

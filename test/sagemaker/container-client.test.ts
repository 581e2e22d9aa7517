// HTTP towards a container over real sockets: framing in every form that servers use, kept connections, deadlines,
// answers that break off or are no HTTP.

import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../local/clock.ts';
import {
  type ContainerAnswer,
  ContainerClient,
  ContainerTimeout,
  ContainerUnreachable,
} from '../../local/sagemaker/hosting/container-client.ts';
import { Deadline } from '../../local/sagemaker/hosting/deadline.ts';
import { type ResponseHead, ResponseReader } from '../../local/sagemaker/hosting/http-response.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function clientOf(
  server: Server | ReturnType<typeof createTcpServer>,
  limit = 8,
): Promise<ContainerClient> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const client = new ContainerClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, limit);
  closers.push(() => {
    client.destroy();
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return client;
}

const httpClient = (listener: RequestListener, limit?: number) => clientOf(createServer(listener), limit);

/** Answers every request, once its head is there, with these bytes, then closes if asked. */
function rawClient(answer: string, { closes = false } = {}): Promise<ContainerClient> {
  return clientOf(
    createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => (closes ? socket.end(answer, 'latin1') : socket.write(answer, 'latin1')));
    }),
  );
}

function post(
  client: ContainerClient,
  body: Uint8Array | string = 'x',
  timeoutMs = 5_000,
): Promise<ContainerAnswer> {
  const deadline = new Deadline(systemClock, timeoutMs);
  const headers = ['content-type', 'text/plain'];
  return client
    .exchange({ method: 'POST', path: '/invocations', headers, body }, deadline)
    .finally(() => deadline.end());
}

const echo: RequestListener = (request, response) => {
  response.setHeader('x-amzn-sagemaker-custom-attributes', `${request.socket.remotePort}`);
  request.pipe(response);
};

describe('a container client', () => {
  it.each([0, 1, 16 * 1024, 16 * 1024 + 1, 3_000_000])(
    'carries a body of %i bytes there and back',
    async (length) => {
      const client = await httpClient(echo);
      const body = Buffer.alloc(length, 'äö€');

      const answer = await post(client, body);

      expect(answer.body.equals(body)).toBe(true);
    },
  );

  it('sends text as UTF-8', async () => {
    const client = await httpClient(echo);

    expect((await post(client, 'größer als 5 €')).body.toString()).toBe('größer als 5 €');
  });

  it('keeps its connection from call to call', async () => {
    const client = await httpClient(echo);

    const ports = [await post(client), await post(client), await post(client)].map(
      (answer) => answer.customAttributes,
    );

    expect(new Set(ports).size).toBe(1);
  });

  it('opens no more connections than it may, and serves every call all the same', async () => {
    const client = await httpClient(echo, 2);

    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => post(client, `call ${n}`)));

    expect(answers.map(({ body }) => body.toString())).toEqual(
      Array.from({ length: 20 }, (_, n) => `call ${n}`),
    );
    expect(new Set(answers.map((answer) => answer.customAttributes)).size).toBeLessThanOrEqual(2);
  });

  it('opens another connection after the container closed the one it had', async () => {
    const client = await httpClient((request, response) => {
      response.setHeader('connection', 'close');
      echo(request, response);
    });

    expect((await post(client, 'one')).body.toString()).toBe('one');
    expect((await post(client, 'two')).body.toString()).toBe('two');
  });

  it('fails a call when the deadline passes, and the next call goes through', async () => {
    const client = await httpClient((request, response) => {
      if (request.headers['content-length'] !== '4') echo(request, response);
    });

    await expect(post(client, 'hang', 50)).rejects.toThrow(ContainerTimeout);
    expect((await post(client, 'again')).body.toString()).toBe('again');
  });

  it('uses a connection again whose last answer nobody has taken yet', async () => {
    const client = await httpClient((_request, response) => response.end('x'), 1);
    const deadline = new Deadline(systemClock, 5_000);
    closers.push(() => deadline.end());
    const neverReady = { begin: () => {}, write: () => false };

    await client.exchange({ method: 'GET', path: '/', headers: [], sink: neverReady }, deadline);

    expect((await post(client, 'x', 1_000)).status).toBe(200);
  });

  it('fails a call that waits for a connection when its deadline passes', async () => {
    const client = await httpClient(() => {}, 1);
    const first = post(client, 'held', 400).catch((error: Error) => error);

    await expect(post(client, 'behind', 50)).rejects.toThrow(ContainerTimeout);
    expect(await first).toBeInstanceOf(ContainerTimeout);
  });

  it('fails the calls under way and those that wait when it is destroyed', async () => {
    const arrived = vi.fn();
    const client = await httpClient(arrived, 1);
    const calls = [post(client), post(client)].map((call) => call.catch((error: Error) => error));
    await vi.waitFor(() => expect(arrived).toHaveBeenCalled());

    client.destroy();

    for (const call of calls) expect(await call).toBeInstanceOf(ContainerUnreachable);
    await expect(post(client)).rejects.toThrow(ContainerUnreachable);
  });

  it('is told when nobody listens', async () => {
    const server = createServer();
    const client = await clientOf(server);
    server.close();

    await expect(post(client)).rejects.toThrow(ContainerUnreachable);
  });

  it('sends nothing that would end a header early', async () => {
    const client = await httpClient(echo);
    const deadline = new Deadline(systemClock, 1_000);
    const headers = ['content-type', 'text/plain\r\nx-evil: 1'];

    const call = client.exchange({ method: 'POST', path: '/invocations', headers, body: '' }, deadline);

    await expect(call).rejects.toThrow(ContainerUnreachable);
    deadline.end();
  });

  it.each([
    ['that is cut short', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
    ['whose chunks break off', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhal'],
    ['that is no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['of two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['without any byte', ''],
  ])('takes an answer %s for a lost connection', async (_, answer) => {
    await expect(post(await rawClient(answer, { closes: true }))).rejects.toThrow(ContainerUnreachable);
  });

  it.each([
    ['HTTP/1.0, ended by the close', 'HTTP/1.0 200 OK\r\n\r\nwhole', true],
    [
      'a continue before it',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole',
      false,
    ],
    [
      'trailers behind it',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;a=b\r\nwhole\r\n0\r\nx: y\r\n\r\n',
      false,
    ],
    ['more bytes than it says', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwholemore', false],
  ])('reads an answer with %s', async (_, answer, closes) => {
    expect((await post(await rawClient(answer, { closes }))).body.toString()).toBe('whole');
  });
});

describe('a reader of answers', () => {
  it('reads the same answers however the bytes are cut', () => {
    const answer = fc.record({
      status: fc.constantFrom(200, 204, 424, 500),
      body: fc.uint8Array({ maxLength: 300 }),
      isChunked: fc.boolean(),
      chunk: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(
        fc.array(answer, { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 60 })),
        (answers, cuts) => {
          const bytes = Buffer.concat(answers.map(encoded));
          const read = readAll(bytes, cuts);
          const sent = answers.map(({ status, body }) => [
            status,
            Buffer.from(status === 204 ? [] : body).toString('hex'),
          ]);
          expect(read).toEqual(sent);
        },
      ),
    );
  });

  it('never hangs on or passes over arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
        const bytes = Buffer.concat([
          Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'),
          junk,
        ]);
        try {
          readAll(bytes, [7, 3, 1, 20, 1, 1, 1, 9][Symbol.iterator]());
        } catch (thrown) {
          expect((thrown as Error).name).toBe('MalformedResponse');
        }
      }),
    );
  });
});

interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly isChunked: boolean;
  readonly chunk: number;
}

function encoded({ status, body, isChunked, chunk }: Answer): Buffer {
  const line = `HTTP/1.1 ${status} Whatever\r\nContent-Type: a/b\r\n`;
  if (status === 204) return Buffer.from(`${line}\r\n`);
  if (!isChunked) return Buffer.concat([Buffer.from(`${line}Content-Length: ${body.length}\r\n\r\n`), body]);
  const parts = [Buffer.from(`${line}Transfer-Encoding: chunked\r\n\r\n`)];
  for (let at = 0; at < body.length; at += chunk) {
    const piece = body.subarray(at, at + chunk);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), Buffer.from(piece), Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/** One answer after the other, the bytes handed over in pieces of these lengths out of one reused buffer. */
function readAll(bytes: Buffer, cuts: Iterator<number>): [number, string][] {
  const reader = new ResponseReader();
  const read: [number, string][] = [];
  const lent = Buffer.alloc(64);
  let head: ResponseHead | undefined;
  let body = '';
  const listener = {
    onHead(one: ResponseHead) {
      head = one;
    },
    onBody(piece: Buffer) {
      body += piece.toString('hex');
    },
    onEnd() {
      read.push([head!.status, body]);
    },
  };
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(cuts.next().value ?? 5, bytes.length - at);
    bytes.copy(lent, 0, at, at + length);
    at += reader.push(lent.subarray(0, length), listener);
    if (!reader.hasEnded) continue;
    body = '';
    reader.begin();
  }
  return read;
}

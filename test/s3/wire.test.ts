// The wire protocol as it is, below the client: framings, addresses, headers, broken requests.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningS3, startS3 } from './running-s3.ts';

let running: RunningS3;
beforeAll(async () => {
  running = await startS3();
  await running.s3.createBucket('wire');
});
afterAll(() => running.stop());

type Method = 'GET' | 'PUT' | 'HEAD' | 'POST' | 'DELETE';
interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

async function call(method: Method, path: string, { headers = {}, body }: Sent = {}) {
  const answer = await request(running.url + path, { method, headers, body: body ?? null });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

/** Bytes on a socket, and what comes back until the other end closes. */
async function raw(text: string): Promise<string> {
  const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('an aws-chunked body', () => {
  const signature = `;chunk-signature=${'0'.repeat(64)}`;
  const send = (body: string, headers: Record<string, string>) =>
    call('PUT', '/wire/chunked', {
      body,
      headers: { 'content-encoding': 'aws-chunked,gzip', 'x-amz-decoded-content-length': '5', ...headers },
    });

  it.each([
    ['signed', `5${signature}\r\nhello\r\n0${signature}\r\n\r\n`, 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
    ['unsigned', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'],
  ])('that is %s is stored without its framing', async (_, body, sha256) => {
    const { status } = await send(body, { 'x-amz-content-sha256': sha256 });

    const { text, headers } = await call('GET', '/wire/chunked');
    expect(status).toBe(200);
    expect(text).toBe('hello');
    expect(headers['content-encoding']).toBe('gzip');
  });

  it.each([
    ['a false trailer', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', 'BadDigest'],
    ['no announced trailer', '5\r\nhello\r\n0\r\n\r\n', 'MalformedTrailerError'],
    ['too few bytes', '4\r\nhell\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', 'IncompleteBody'],
    ['broken framing', 'hello\r\n', 'InvalidRequest'],
  ])('with %s is refused', async (_, body, code) => {
    const { status, text } = await send(body, {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-trailer': 'x-amz-checksum-crc32',
    });

    expect(status).toBe(400);
    expect(text).toContain(`<Code>${code}</Code>`);
  });

  it('with framing that breaks late is refused, and the connection says so', async () => {
    const body = `19000\r\n${'x'.repeat(0x19000)}BROKEN${'y'.repeat(200_000)}`;

    const { status } = await send(body, {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '300000',
    });

    expect(status).toBe(400);
    // On the same connection, which would stand still if the rest of that body did.
    expect((await call('GET', '/wire/none')).status).toBe(404);
  });
});

describe('a request', () => {
  it('that expects 100 Continue is told to go on', async () => {
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    const head =
      'PUT /wire/expected HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n';
    socket.write(head);
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.write('hello');
    const [second] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();

    expect(first.toString()).toContain('100 Continue');
    expect(second.toString()).toContain('200 OK');
  });

  it('that ends before its body leaves nothing behind', async () => {
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    socket.write(`PUT /wire/cut HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n${'x'.repeat(100_000)}`);
    socket.resume();
    socket.end();
    await once(socket, 'close');

    expect((await call('GET', '/wire/cut')).status).toBe(404);
  });

  it.each(['bucket.localhost', 'bucket.s3.localhost', 'bucket.s3.us-east-1.amazonaws.com'])(
    'to the host %s is about that bucket',
    async (host) => {
      await running.s3.createBucket('bucket');
      await running.s3.putObject({ bucket: 'bucket', key: 'a/b' }, 'by host');

      const answer = await raw(`GET /a/b HTTP/1.1\r\nHost: ${host}:4566\r\nConnection: close\r\n\r\n`);

      expect(answer).toContain('by host');
    },
  );

  it.each(['//', '///', '//x//y', '/%', '/wire/%ff', '/?%', '/wire/../..'])(
    'for %s is answered as a mistake of the caller',
    async (target) => {
      const answer = await raw(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);

      expect(answer).toMatch(/^HTTP\/1\.1 (200|4\d\d) /);
    },
  );

  it('without a length is refused', async () => {
    const answer = await raw('PUT /wire/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');

    expect(answer).toContain('411');
    expect(answer).toContain('MissingContentLength');
  });

  it.each([
    ['x-amz-server-side-encryption-customer-algorithm', 'AES256', 501],
    ['x-amz-object-lock-mode', 'GOVERNANCE', 501],
    ['x-amz-acl', 'public-read', 400],
    ['x-amz-expected-bucket-owner', '123456789012', 403],
  ])('with %s is refused', async (name, value, expected) => {
    const { status } = await call('PUT', '/wire/k', { headers: { [name]: value }, body: 'x' });

    expect(status).toBe(expected);
  });

  it('for a version is answered only for the one there is', async () => {
    await running.s3.putObject({ bucket: 'wire', key: 'version' }, 'x');

    expect((await call('GET', '/wire/version?versionId=null')).status).toBe(200);
    expect((await call('GET', '/wire/version?versionId=abc')).text).toContain('NoSuchVersion');
  });

  it('may override headers of the answer', async () => {
    await running.s3.putObject({ bucket: 'wire', key: 'override' }, 'x');

    const query = 'response-content-type=text/plain&response-content-disposition=attachment';
    const { headers } = await call('GET', `/wire/override?${query}`);

    expect(headers).toMatchObject({ 'content-type': 'text/plain', 'content-disposition': 'attachment' });
  });

  it('whose document is not XML is refused', async () => {
    for (const body of ['', 'x', '<Delete><Object></Delete>', '<Other/>']) {
      expect((await call('POST', '/wire?delete', { body })).text).toContain('MalformedXML');
    }
  });

  it('with too much metadata is refused', async () => {
    const headers = { 'x-amz-meta-long': 'x'.repeat(2048) };

    expect((await call('PUT', '/wire/k', { headers, body: 'x' })).text).toContain('MetadataTooLarge');
  });

  it('gets an error document with its id', async () => {
    const { headers, text } = await call('GET', `/${randomUUID()}/k`);

    expect(text).toContain('<Code>NoSuchBucket</Code>');
    expect(text).toContain(`<RequestId>${String(headers['x-amz-request-id'])}</RequestId>`);
  });
});

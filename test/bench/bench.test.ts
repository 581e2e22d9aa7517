// The bench's own arithmetic and its HTTP client: figures are only as good as these.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, jsonPost, readAnswer } from '../../bench/http-client.ts';
import type { LoadFigures } from '../../bench/load.ts';
import { benchRow, medianOf } from '../../bench/report.ts';

function figures(requestsPerSecond: number, wrong = 0): LoadFigures {
  return { requests: 1, requestsPerSecond, p50Ms: 1000 / requestsPerSecond, p99Ms: 1, wrong };
}

describe('figures', () => {
  it('are those of the middle round, with the wrong answers of all', () => {
    expect(medianOf([figures(30, 1), figures(10), figures(20, 2)])).toEqual(figures(20, 3));
  });

  it('set the product against the floor', () => {
    expect(benchRow(8, figures(250), figures(1000))).toMatchObject({
      clients: 8,
      ratio: 0.25,
      addedP50Ms: 3,
    });
  });
});

describe('the load generator’s client', () => {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const text = `${request.method} ${request.url} ${body} …`;
    response.writeHead(body === 'no' ? 400 : 200, { 'content-length': Buffer.byteLength(text) });
    // In two parts, as a network may deliver it.
    response.write(text.slice(0, 5));
    setImmediate(() => response.end(text.slice(5)));
  });
  let port: number;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => server.close());

  it('sends one request after the other over one connection', async () => {
    const client = await connect(port);

    const first = await client.send(jsonPost('/a', port, 'größer'));
    const second = await client.send(jsonPost('/b', port, 'no'));
    client.close();

    expect(first).toMatchObject({ statusCode: 200, body: 'POST /a größer …' });
    expect(second).toMatchObject({ statusCode: 400, body: 'POST /b no …' });
  });

  it('waits for the whole answer', () => {
    const whole = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');

    for (let length = 0; length < whole.length; length += 1) {
      expect(readAnswer(whole.subarray(0, length))).toBeUndefined();
    }
    expect(readAnswer(whole)).toMatchObject({ statusCode: 200, body: 'hello', bytes: whole.length });
  });
});

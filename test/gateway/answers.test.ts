// What goes back to the client: answers of functions, failures, headers for other origins.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { asking, type Desk, eventOf, FUNCTION, openDesk, posting } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

describe('answers', () => {
  it('sends status, headers, cookies and body', async () => {
    const url = await desk.open();

    const response = await fetch(
      url,
      asking({
        statusCode: 201,
        headers: { 'X-One': 'a', 'Content-Type': 'text/csv', 'content-length': 1, 'X-Number': 5 },
        cookies: ['a=1; Secure', 'b=2'],
        body: 'ä,b',
      }),
    );

    expect(response.status).toBe(201);
    expect(response.headers.get('x-one')).toBe('a');
    expect(response.headers.get('x-number')).toBe('5');
    expect(response.headers.get('content-type')).toBe('text/csv');
    expect(response.headers.getSetCookie()).toEqual(['a=1; Secure', 'b=2']);
    expect(await response.text()).toBe('ä,b');
  });

  it('decodes a body in base64', async () => {
    const url = await desk.open();

    const response = await fetch(
      url,
      asking({ statusCode: 200, body: Buffer.from([1, 255]).toString('base64'), isBase64Encoded: true }),
    );

    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from([1, 255]));
  });

  it.each([
    ['an object', { price: 1 }, '{"price":1}'],
    ['a string', 'plain', 'plain'],
    ['a number', 5, '5'],
    ['null', null, 'null'],
  ])('takes %s without a status as the body of a 200', async (_what, answer, text) => {
    const url = await desk.open();

    const response = await fetch(url, asking(answer));

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toBe(text);
  });

  it('sends no body with 204 and to HEAD', async () => {
    const url = await desk.open();

    const empty = await fetch(url, asking({ statusCode: 204 }));
    const head = await fetch(url, { method: 'HEAD' });

    expect([empty.status, await empty.text()]).toEqual([204, '']);
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(0);
  });
});

describe('failures', () => {
  it.each([
    ['a function that throws', { fail: true }, 'secret reason'],
    ['a status that is none', { answer: { statusCode: 'many' } }, 'many'],
    ['a body that is no text', { answer: { statusCode: 200, body: {} } }, 'not a string'],
    ['a header that cannot be sent', { answer: { statusCode: 200, headers: { 'x-a': 'b\nc' } } }, 'header'],
  ])('answers 500 for %s and keeps the reason to the log', async (_what, body, reason) => {
    const url = await desk.open();

    const response = await fetch(url, posting(body));

    expect([response.status, await response.text()]).toEqual([500, '{"message":"Internal Server Error"}']);
    expect(desk.logged.some((event) => event.message.includes(reason))).toBe(true);
    expect((await fetch(url)).status).toBe(200);
  });

  it('answers 504 when the function takes longer than the integration may', async () => {
    const clock = turnedClock(0);
    const url = await desk.open({
      clock,
      api: {
        apiId: 'a',
        stage: '$default',
        routes: [{ routeKey: '$default', functionArn: FUNCTION, timeoutMs: 5000 }],
      },
      lambda: {
        invoke: async (request) => {
          setImmediate(() => clock.turn(5000));
          return await desk.lambda.invoke(request);
        },
      },
    });

    const response = await fetch(url, posting({ waitMs: 100 }));

    expect([response.status, await response.text()]).toEqual([504, '{"message":"Gateway Timeout"}']);
  });

  it.each([
    ['is throttled', 'throttled', 503, '{"message":"Service Unavailable"}'],
    ['is not there', 'nobody', 500, '{"message":"Internal Server Error"}'],
  ])('answers for a function that %s', async (_what, name, status, text) => {
    const url = await desk.open({
      api: { apiId: 'a', stage: '$default', routes: [{ routeKey: '$default', functionArn: name }] },
    });

    const response = await fetch(url);

    expect([response.status, await response.text()]).toEqual([status, text]);
  });

  it.each([
    ['announced', Buffer.alloc(10 * 1024 * 1024 + 1)],
    [
      'streamed',
      new ReadableStream({
        start(controller) {
          for (let part = 0; part < 11; part++) controller.enqueue(new Uint8Array(1024 * 1024));
          controller.close();
        },
      }),
    ],
  ])('answers 413 to a body over 10 MB that is %s, and goes on', async (_what, body) => {
    const url = await desk.open();

    const response = await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit);

    expect([response.status, await response.json()]).toEqual([413, { message: 'Request Entity Too Large' }]);
    expect((await fetch(url)).status).toBe(200);
  });

  it('answers 413 to a body that Lambda would not take', async () => {
    const url = await desk.open();

    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'x'.repeat(7 * 1024 * 1024),
    });

    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({ message: 'Request Entity Too Large' });
  });

  it('answers 431 to headers over 10 kB', async () => {
    const url = await desk.open();

    expect((await fetch(url, { headers: { 'x-long': 'x'.repeat(11_000) } })).status).toBe(431);
  });

  it('outlives a client that goes away in the middle of a body', async () => {
    const url = await desk.open();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise<void>((resolve) =>
      socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab', () => resolve()),
    );

    socket.destroy();

    expect((await fetch(url)).status).toBe(200);
  });
});

describe('cross-origin requests', () => {
  const cors = {
    allowOrigins: ['https://app.example'],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['content-type'],
    exposeHeaders: ['x-arn'],
    maxAge: 60,
    allowCredentials: true,
  };
  const api = {
    apiId: 'a',
    stage: '$default',
    cors,
    routes: [{ routeKey: '$default', functionArn: FUNCTION }],
  };
  const preflight = {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
  };

  it('answers a preflight itself', async () => {
    const url = await desk.open({ api });

    const response = await fetch(url, preflight);

    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': '60',
      'access-control-allow-credentials': 'true',
    });
  });

  it('gives another origin nothing', async () => {
    const url = await desk.open({ api });

    const response = await fetch(url, {
      ...preflight,
      headers: { ...preflight.headers, origin: 'https://else.example' },
    });

    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('puts its own headers in place of the function\u2019s', async () => {
    const url = await desk.open({ api });

    const response = await fetch(url, {
      ...asking({
        statusCode: 200,
        headers: { 'Access-Control-Allow-Origin': '*', 'x-arn': 'arn' },
        body: '',
      }),
      headers: { 'content-type': 'application/json', origin: 'https://app.example' },
    });

    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(response.headers.get('access-control-expose-headers')).toBe('x-arn');
    expect(response.headers.get('x-arn')).toBe('arn');
  });

  it('hands OPTIONS to the function where the API has no configuration', async () => {
    const url = await desk.open();

    expect((await eventOf(fetch(url, preflight))).requestContext.http.method).toBe('OPTIONS');
  });
});

// How requests reach a function: routes, and the event of payload format 2.0.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway } from '../../local/gateway/index.ts';
import { type Desk, eventOf, FUNCTION, openDesk } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

describe('events', () => {
  it('has the whole of payload format 2.0', async () => {
    const url = await desk.open({ routes: ['POST /pipelines/{pipeline}/invocations'] });

    const response = await fetch(`${url}/pipelines/house%20prices/invocations?a=1&b=x%20y&a=2`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/csv', Cookie: 'k=v; l=w', 'X-Twice': 'one', 'User-Agent': 'tester' },
      body: 'städte;1',
    });

    const event = await eventOf(response);
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /pipelines/{pipeline}/invocations',
      rawPath: '/pipelines/house%20prices/invocations',
      rawQueryString: 'a=1&b=x%20y&a=2',
      cookies: ['k=v', 'l=w'],
      queryStringParameters: { a: '1,2', b: 'x y' },
      pathParameters: { pipeline: 'house prices' },
      body: 'städte;1',
      isBase64Encoded: false,
      requestContext: {
        accountId: '000000000000',
        apiId: 'api1',
        stage: '$default',
        routeKey: 'POST /pipelines/{pipeline}/invocations',
        http: {
          method: 'POST',
          path: '/pipelines/house%20prices/invocations',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'tester',
        },
        requestId: response.headers.get('apigw-requestid'),
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        timeEpoch: expect.any(Number),
      },
    });
    expect(event.headers).toMatchObject({ 'content-type': 'text/csv', 'x-twice': 'one' });
    expect(event.headers).not.toHaveProperty('cookie');
  });

  it('leaves out what a request does not have', async () => {
    const url = await desk.open();

    const event = await eventOf(fetch(`${url}/plain`));

    for (const member of ['body', 'cookies', 'queryStringParameters', 'pathParameters'])
      expect(event).not.toHaveProperty(member);
    expect(event.isBase64Encoded).toBe(false);
  });

  it.each([
    ['an image', 'image/png', Buffer.from([0x89, 0x50, 0xff]), true],
    ['a form', 'application/x-www-form-urlencoded', Buffer.from('a=1'), true],
    ['text that is not UTF-8', 'text/plain', Buffer.from([0x66, 0xfc]), true],
    ['problem details', 'application/problem+json; charset=utf-8', Buffer.from('{}'), false],
    ['JSON Lines', 'application/x-ndjson', Buffer.from('{}\n'), false],
  ])('carries %s so that no byte is lost', async (_what, type, body, isBase64) => {
    const url = await desk.open();

    const event = await eventOf(fetch(url, { method: 'POST', headers: { 'content-type': type }, body }));

    expect(event.isBase64Encoded).toBe(isBase64);
    expect(Buffer.from(event.body ?? '', isBase64 ? 'base64' : 'utf8')).toEqual(body);
  });
});

describe('routes', () => {
  const ROUTES = [
    '$default',
    'ANY /files/{path+}',
    'GET /files/{name}',
    'GET /files/readme',
    'ANY /files/{name}',
    'GET /a.c',
    'DELETE /',
  ];

  it.each([
    ['GET', '/files/readme', 'GET /files/readme'],
    ['GET', '/files/other', 'GET /files/{name}'],
    ['PUT', '/files/readme', 'ANY /files/{name}'],
    ['GET', '/files/a/b', 'ANY /files/{path+}'],
    ['GET', '/files/', '$default'],
    ['GET', '/abc', '$default'],
    ['GET', '/a.c', 'GET /a.c'],
    ['DELETE', '/', 'DELETE /'],
  ])('takes %s %s to %s', async (method, path, routeKey) => {
    const url = await desk.open({ routes: ROUTES });

    expect((await eventOf(fetch(url + path, { method }))).routeKey).toBe(routeKey);
  });

  it('answers 404 where no route fits', async () => {
    const url = await desk.open({ routes: ['GET /only'] });

    const responses = [
      await fetch(`${url}/other`),
      await fetch(`${url}/only`, { method: 'POST', body: 'x' }),
    ];

    expect(responses.map((response) => response.status)).toEqual([404, 404]);
    expect(await responses[0]!.text()).toBe('{"message":"Not Found"}');
  });

  it('takes the path with or without the name of the stage', async () => {
    const api = { apiId: 'a', stage: 'dev', routes: [{ routeKey: 'GET /x', functionArn: FUNCTION }] };
    const url = await desk.open({ api });

    expect([(await fetch(`${url}/dev/x`)).status, (await fetch(`${url}/x`)).status]).toEqual([200, 200]);
  });

  it('refuses a route key that is none', () => {
    const api = { apiId: 'a', stage: '$default', routes: [{ routeKey: 'FETCH x', functionArn: FUNCTION }] };

    expect(() => createGateway({ api, lambda: desk.lambda })).toThrow(TypeError);
  });

  it('lets pages of its own answer first', async () => {
    const url = await desk.open({
      own: (path, _request, response) => {
        if (!path.startsWith('/console/')) return false;
        response.end('page');
        return true;
      },
    });

    expect(await (await fetch(`${url}/console/index.html`)).text()).toBe('page');
    expect((await eventOf(fetch(`${url}/else`))).rawPath).toBe('/else');
  });
});

// The server itself: limits, the access log, closing.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { createGateway } from '../../local/gateway/index.ts';
import { type Desk, openDesk, posting } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

describe('the access log', () => {
  it('has a line for every request, also for those that no function saw', async () => {
    const url = await desk.open({ routes: ['GET /x'], accessLogGroup: '/aws/api/access' });
    const first = await fetch(`${url}/x?q=1`);
    await fetch(`${url}/y`);

    const lines = desk.logged
      .filter((event) => event.group === '/aws/api/access')
      .map((event) => JSON.parse(event.message));

    expect(lines).toMatchObject([
      {
        requestId: first.headers.get('apigw-requestid'),
        httpMethod: 'GET',
        path: '/x?q=1',
        routeKey: 'GET /x',
        status: 200,
        ip: '127.0.0.1',
      },
      { routeKey: '-', status: 404 },
    ]);
  });
});

describe('close', () => {
  it('finishes what is in flight, takes nothing new, and closes idle connections', async () => {
    let invoked = 0;
    const url = await desk.open({
      lambda: {
        invoke(request) {
          invoked++;
          return desk.lambda.invoke(request);
        },
      },
    });
    await fetch(url);
    const running = fetch(url, posting({ waitMs: 50, answer: { statusCode: 200, body: 'done' } }));
    await expect.poll(() => invoked).toBe(2);

    await desk.closeGateway();

    expect(await (await running).text()).toBe('done');
    await expect(fetch(url)).rejects.toThrow();
  });

  it('cuts off what takes longer than a second', async () => {
    const clock = turnedClock(0);
    let arrived = (): void => {};
    const isArrived = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const url = await desk.open({
      clock,
      lambda: {
        invoke: () => {
          arrived();
          return new Promise(() => {});
        },
      },
    });
    const running = fetch(url).catch((thrown: unknown) => thrown);
    await isArrived;

    const closed = desk.closeGateway();
    await clock.turn(1000);
    await closed;

    expect(await running).toBeInstanceOf(Error);
  });

  it('says clearly that a port is in use', async () => {
    const url = await desk.open();
    const second = createGateway({
      api: { apiId: 'b', stage: '$default', routes: [] },
      lambda: desk.lambda,
    });

    await expect(second.listen(Number(new URL(url).port))).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

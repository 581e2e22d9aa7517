// Notices of asynchronous inference: a line for each in the topic's log group, and a POST to the template's subscribers.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { notifier } from '../../local/boot/notifications.ts';
import { getAtt, startSmallSystem } from './small-system.ts';

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:done';

it('go to the log group of the topic, and to the subscribers that the template names', async () => {
  const received: { request: IncomingMessage; body: string }[] = [];
  const server = createServer(async (request, response) => {
    received.push({ request, body: Buffer.concat(await request.toArray()).toString() });
    response.statusCode = request.url === '/broken' ? 500 : 200;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const system = await startSmallSystem();
  const Subscription = [{ Protocol: 'http', Endpoint: `${url}/inline` }];
  await system.boot({
    Done: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'done', Subscription } },
    Other: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: getAtt('Done.TopicArn'), Protocol: 'http', Endpoint: `${url}/broken` },
    },
    Mail: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: getAtt('Done.TopicArn'), Protocol: 'email', Endpoint: 'ada@example.org' },
    },
  });
  const { logs } = system.world.services;

  const sent = notifier(logs, system.world.built.subscriptions)(TOPIC, '{"invocationStatus":"Completed"}');

  await expect(sent).rejects.toThrow('/broken: status 500');
  const lines: unknown[] = [];
  for await (const { message } of logs.find({ group: '/aws/sns/done' })) lines.push(JSON.parse(message));
  expect(lines).toMatchObject([
    { Type: 'Notification', TopicArn: TOPIC, Message: '{"invocationStatus":"Completed"}' },
    { Endpoint: `${url}/broken`, DeliveryFailed: 'status 500' },
  ]);
  expect(received.map(({ request }) => request.url).sort()).toEqual(['/broken', '/inline']);
  expect(received[0]!.request.headers['x-amz-sns-topic-arn']).toBe(TOPIC);
  expect(JSON.parse(received[0]!.body)).toEqual(lines[0]);
  expect(system.world.built.notes.join('\n')).toContain('email');
  await system.close();
  server.close();
});

// STS over the Query protocol, and what the port answers for services that are not there.
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSts } from '../../local/sts/index.ts';
import { createWireServer } from '../../local/wire/server.ts';

const server = createWireServer({
  services: [createSts({ place: { accountId: '123456789012', region: 'us-east-1', partition: 'aws' } })],
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function call(service: string, form: string) {
  const answer = await request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260501/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: form,
  });
  return { status: answer.statusCode, text: await answer.body.text() };
}

describe('STS', () => {
  it('tells who the caller is', async () => {
    const { status, text } = await call('sts', 'Action=GetCallerIdentity&Version=2011-06-15');

    expect(status).toBe(200);
    expect(text).toContain('<Arn>arn:aws:iam::123456789012:root</Arn>');
    expect(text).toContain('<Account>123456789012</Account>');
  });

  it.each([
    ['AssumeRole', 'Action=AssumeRole', 501, 'NotImplemented'],
    ['nothing', '', 400, 'MissingAction'],
  ])('refuses %s', async (_, form, expected, code) => {
    const { status, text } = await call('sts', form);

    expect(status).toBe(expected);
    expect(text).toContain(`<Code>${code}</Code>`);
  });
});

describe('a service that is not there', () => {
  it('is named in the form that its clients read', async () => {
    const { status, text } = await call('iam', 'Action=ListUsers');

    expect(status).toBe(501);
    expect(text).toContain('<Code>UnknownService</Code>');
    expect(text).toContain('iam');
  });
});

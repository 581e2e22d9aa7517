// The short way through the SFN client: the same request as the client's own, and the client's own errors.

import { hash } from 'node:crypto';
import { SFNClient, StartSyncExecutionCommand } from '@aws-sdk/client-sfn';

import { afterEach, describe, expect, it } from 'vitest';
import { createSigner } from '../../layers/seriatim/signing.ts';
import { addSyncLane } from '../../layers/seriatim/sync-lane.ts';
import { type ReceivedCall, type Running, type Scripted, serveJson } from './servers.ts';

const open: (Running | SFNClient)[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await ('close' in one ? one.close() : one.destroy());
});

const ended = { executionArn: 'arn:e', status: 'SUCCEEDED', output: '{}', startDate: 1.5, stopDate: 2.25 };

async function prepare(script: (call: ReceivedCall) => Scripted = () => ({ status: 200, body: ended })) {
  const server = await serveJson(script);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'secret', sessionToken: 'token' };
  const options = {
    endpoint: server.url,
    region: 'eu-west-1',
    disableHostPrefix: true,
    cacheMiddleware: true,
  };
  const client = new SFNClient({ ...options, credentials, maxAttempts: 1 });
  open.push(client, server);
  addSyncLane(client);
  const start = () =>
    client.send(new StartSyncExecutionCommand({ stateMachineArn: 'arn:m', input: '{"ä":1}' }));
  return { ...server, start };
}

/** The client's own signer. */
interface RequestSigner {
  sign(request: object, options: { signingDate: Date }): Promise<{ headers: Record<string, string> }>;
}

describe('the short way', () => {
  it('sends what the client sends, and gives what the client gives', async () => {
    const { calls, start } = await prepare();

    const [slow, short] = [await start(), await start()];

    expect(calls).toHaveLength(2);
    expect(calls[0]!.headers['amz-sdk-request']).toBeDefined();
    expect(calls[1]!.headers['amz-sdk-request']).toBeUndefined();
    for (const name of ['host', 'content-type', 'x-amz-target', 'x-amz-security-token', 'content-length']) {
      expect(calls[1]!.headers[name], name).toBe(calls[0]!.headers[name]);
    }
    expect(JSON.parse(calls[1]!.body)).toEqual(JSON.parse(calls[0]!.body));
    expect({ ...short, $metadata: undefined }).toEqual({ ...slow, $metadata: undefined });
    expect(short.stopDate).toEqual(new Date(2250));
  });

  it('leaves refusals to the client, which throws its typed error', async () => {
    const refusal = { status: 400, body: { __type: 'StateMachineDoesNotExist', message: 'gone' } };
    let isGone = false;
    const { start } = await prepare(() => (isGone ? refusal : { status: 200, body: ended }));
    await start();
    isGone = true;

    await expect(start()).rejects.toMatchObject({ name: 'StateMachineDoesNotExist', message: 'gone' });
  });

  it('signs as the official signer does', async () => {
    const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' };
    const scope = { region: 'eu-west-1', service: 'states' };
    const client = new SFNClient({ region: scope.region, credentials });
    open.push(client);
    const authScheme = {
      name: 'sigv4',
      signingName: scope.service,
      signingRegion: scope.region,
      properties: {},
    };
    const official = (await client.config.signer(authScheme)) as unknown as RequestSigner;
    const host = 'sync-states.eu-west-1.amazonaws.com';
    const nowMs = Date.UTC(2026, 10, 22, 17, 50, 10, 646);
    const sign = createSigner(scope);
    for (const body of ['{}', '{"ä":"–"}']) {
      const checksum = { 'x-amz-content-sha256': hash('sha256', body) };
      const headers = { host, 'content-type': 'application/x-amz-json-1.0', ...checksum };
      const request = { method: 'POST', protocol: 'https:', hostname: host, path: '/', headers, body };

      const expected = await official.sign(request, { signingDate: new Date(nowMs) });

      expect(sign({ path: '/', headers, body }, credentials, nowMs)).toEqual(expected.headers);
    }
  });
});

// Lambda over the wire, through the official client.
import type { AddressInfo } from 'node:net';
import {
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWireServer } from '../../local/wire/server.ts';
import { definition, openWorkshop, type Workshop } from './functions.ts';

let workshop: Workshop;
let client: LambdaClient;
let server: ReturnType<typeof createWireServer>;

const SOURCE = `
export const handler = async (event, context) => {
  if (event.fail) throw Object.assign(new Error('no such city'), { name: 'ModelNotFound' });
  console.log('seen', event.city);
  return { event, clientContext: context.clientContext };
};`;

beforeAll(async () => {
  workshop = await openWorkshop();
  await workshop.put(SOURCE, { description: 'echoes', environment: { STAGE: 'dev' } });
  server = createWireServer({ services: [workshop.lambda] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new LambdaClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  client.destroy();
  server.closeAllConnections();
  server.close();
  await workshop.close();
});

function textOf(payload: Uint8Array | undefined): string {
  return Buffer.from(payload ?? []).toString('utf8');
}

describe('Invoke', () => {
  it('answers with what the handler returns, the version that ran and status 200', async () => {
    const output = await client.send(
      new InvokeCommand({ FunctionName: 'subject', Payload: Buffer.from('{"city":"Houston_TX"}') }),
    );

    expect(output.StatusCode).toBe(200);
    expect(output.ExecutedVersion).toBe('$LATEST');
    expect(output.FunctionError).toBeUndefined();
    expect(JSON.parse(textOf(output.Payload))).toMatchObject({ event: { city: 'Houston_TX' } });
  });

  it('hands an invocation without payload an empty object', async () => {
    const output = await client.send(new InvokeCommand({ FunctionName: 'subject' }));

    expect(JSON.parse(textOf(output.Payload))).toMatchObject({ event: {} });
  });

  it('marks what the handler throws as a function error whose type is the name of the error', async () => {
    const output = await client.send(
      new InvokeCommand({ FunctionName: 'subject', Payload: Buffer.from('{"fail":true}') }),
    );

    expect(output.StatusCode).toBe(200);
    expect(output.FunctionError).toBe('Unhandled');
    const { trace, ...rest } = JSON.parse(textOf(output.Payload));
    expect(rest).toEqual({ errorType: 'ModelNotFound', errorMessage: 'no such city' });
    expect(trace[1]).toMatch(/^ {4}at .*handler .*index\.mjs:3/);
  });

  it('returns the end of the log for LogType Tail', async () => {
    const output = await client.send(
      new InvokeCommand({
        FunctionName: 'subject',
        LogType: 'Tail',
        Payload: Buffer.from('{"city":"Austin_TX"}'),
      }),
    );

    const lines = Buffer.from(output.LogResult ?? '', 'base64')
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => line.split(/[ \t]/)[0])).toEqual([
      'START',
      expect.stringMatching(/^20/),
      'END',
      'REPORT',
    ]);
    expect(lines[1]).toMatch(/\tINFO\tseen Austin_TX$/);
  });

  it('hands over the client context', async () => {
    const ClientContext = Buffer.from('{"custom":{"a":1}}').toString('base64');

    const output = await client.send(new InvokeCommand({ FunctionName: 'subject', ClientContext }));

    expect(JSON.parse(textOf(output.Payload)).clientContext).toEqual({ custom: { a: 1 } });
  });

  it.each([
    'subject',
    'subject:$LATEST',
    'function:subject',
    '000000000000:function:subject',
    'arn:aws:lambda:us-east-1:000000000000:function:subject',
    'arn:aws:lambda:us-east-1:000000000000:function:subject:$LATEST',
  ])('finds the function by %s', async (FunctionName) => {
    const output = await client.send(new InvokeCommand({ FunctionName, InvocationType: 'DryRun' }));

    expect(output.StatusCode).toBe(204);
  });

  it('accepts an Event invocation with 202 and an empty payload', async () => {
    const output = await client.send(
      new InvokeCommand({
        FunctionName: 'subject',
        InvocationType: 'Event',
        Payload: Buffer.from('{"city":"later"}'),
      }),
    );

    expect(output.StatusCode).toBe(202);
    expect(textOf(output.Payload)).toBe('');
    await expect.poll(() => workshop.logged.some((event) => event.message.endsWith('seen later'))).toBe(true);
  });

  it.each([
    ['an unknown function', { FunctionName: 'nobody' }, 'ResourceNotFoundException', 404],
    ['an unknown version', { FunctionName: 'subject', Qualifier: '7' }, 'ResourceNotFoundException', 404],
    [
      'a payload that is no JSON',
      { FunctionName: 'subject', Payload: Buffer.from('{') },
      'InvalidRequestContentException',
      400,
    ],
    [
      'an asynchronous payload that is no JSON',
      { FunctionName: 'subject', InvocationType: 'Event' as const, Payload: Buffer.from('{') },
      'InvalidRequestContentException',
      400,
    ],
    [
      'a payload over 6 MB',
      { FunctionName: 'subject', Payload: Buffer.alloc(6 * 1024 * 1024 + 1, 32) },
      'RequestTooLargeException',
      413,
    ],
    [
      'an asynchronous payload over 1 MB',
      {
        FunctionName: 'subject',
        InvocationType: 'Event' as const,
        Payload: Buffer.alloc(1024 * 1024 + 1, 32),
      },
      'RequestTooLargeException',
      413,
    ],
  ])('refuses %s', async (_what, input, name, status) => {
    const failure = await client.send(new InvokeCommand(input)).catch((thrown: unknown) => thrown);

    expect(failure).toMatchObject({ name, $metadata: { httpStatusCode: status } });
  });
});

describe('reading functions', () => {
  it('describes a function as it was put', async () => {
    const { Configuration, Code } = await client.send(new GetFunctionCommand({ FunctionName: 'subject' }));

    expect(Configuration).toMatchObject({
      FunctionName: 'subject',
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:subject',
      Runtime: 'nodejs24.x',
      Handler: '.build/functions/subject/index.handler',
      Timeout: 3,
      MemorySize: 128,
      Description: 'echoes',
      Environment: { Variables: { STAGE: 'dev' } },
      State: 'Active',
    });
    expect(Code?.Location).toContain(workshop.folder);
    expect(await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'subject' }))).toMatchObject(
      {
        FunctionName: 'subject',
        RevisionId: Configuration?.RevisionId,
      },
    );
  });

  it('lists functions by name in pages', async () => {
    for (const functionName of ['list-b', 'list-a'])
      await workshop.lambda.putFunction(definition(workshop.folder, { functionName }));

    const first = await client.send(new ListFunctionsCommand({ MaxItems: 2 }));
    const second = await client.send(new ListFunctionsCommand({ Marker: first.NextMarker }));

    expect(first.Functions?.map((item) => item.FunctionName)).toEqual(['list-a', 'list-b']);
    expect(second.Functions?.map((item) => item.FunctionName)).toEqual(['subject']);
    expect(second.NextMarker).toBeUndefined();
  });
});

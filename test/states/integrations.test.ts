// Tasks and what they call: errors by name, blobs, retries, timeouts; and the log lines of Express executions.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { createS3 } from '../../local/s3/index.ts';
import type { SdkOperations } from '../../local/service.ts';
import type { StatesOptions } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';
import { arrayFormat, formText } from '../../local/states/integrations/http-form.ts';
import { AwsError } from '../../local/wire/errors.ts';

const INVOKE = 'arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint';

describe('an AWS SDK integration', () => {
  it('encodes a blob as JSON on the way in and gives text on the way out', async () => {
    let body = '';
    const invokeEndpoint: SdkOperations[string] = async (input) => {
      body = Buffer.from(input.Body as Uint8Array).toString();
      return { Body: Buffer.from('{"predictions":[1]}'), ContentType: 'application/json' };
    };

    const output = await runTask(INVOKE, { EndpointName: 'e', Body: { instances: [1] } }, { invokeEndpoint });

    expect(body).toBe('{"instances":[1]}');
    expect(output).toMatchObject({
      output: '{"Body":"{\\"predictions\\":[1]}","ContentType":"application/json"}',
    });
  });

  it('names an error by service and exception', async () => {
    const invokeEndpoint: SdkOperations[string] = async () => {
      throw new AwsError('ModelError', 'Received server error (500)', { statusCode: 424 });
    };

    const output = await runTask(INVOKE, { EndpointName: 'e', Body: 1 }, { invokeEndpoint });

    expect(output.error).toBe('SageMakerRuntime.ModelErrorException');
    expect(output.cause).toMatch(
      /^Received server error \(500\) \(Service: SageMakerRuntime, Status Code: 424, Request ID: [\w-]+\)/,
    );
  });

  it('is refused at creation by name when nothing serves it', async () => {
    await expect(runTask('arn:aws:states:::sqs:sendMessage', {}, {})).rejects.toThrow(
      'arn:aws:states:::sqs:sendMessage',
    );
    await expect(runTask('arn:aws:states:::aws-sdk:ec2:runInstances', {}, {})).rejects.toThrow(
      'ec2:runInstances',
    );
  });
});

describe('the form of an integration', () => {
  it.each([
    'arn:aws:states:::lambda:invoke.sync',
    'arn:aws:states:::http:invoke.waitForTaskToken',
    'arn:aws:states:::sagemaker:createModel.sync',
    'arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint.sync',
    'arn:aws:states:::aws-sdk:sfn:noSuchOperation',
  ])('%s is refused at creation by name', async (resource) => {
    const served = { invokeEndpoint: async () => ({}), createModel: async () => ({}) };

    await expect(runTask(resource, {}, served)).rejects.toThrow(resource);
  });
});

describe("S3's older listing", () => {
  it('pages by the last key', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'seriatim-listing-'));
    const s3 = await createS3({ folder });
    await s3.createBucket('data');
    for (const key of ['a', 'b', 'c']) await s3.putObject({ bucket: 'data', key }, key);
    const states = await createStates({ s3 });
    const task = (Parameters: object): object => ({
      StartAt: 'T',
      States: {
        T: { Type: 'Task', Resource: 'arn:aws:states:::aws-sdk:s3:listObjects', Parameters, End: true },
      },
    });

    const { stateMachineArn } = await states.operations.createStateMachine!({
      name: 'listing',
      roleArn: 'arn:aws:iam::000000000000:role/r',
      type: 'EXPRESS',
      definition: JSON.stringify(task({ Bucket: 'data', Marker: 'a', MaxKeys: 1 })),
    });
    const { output } = await states.operations.startSyncExecution!({ stateMachineArn });

    expect(JSON.parse(String(output))).toMatchObject({
      Contents: [{ Key: 'b' }],
      IsTruncated: true,
      Marker: 'a',
      MaxKeys: 1,
    });
    await states.close();
    await s3.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

describe('a retry', () => {
  it('waits as long as its backoff says, and gives up after its attempts', async () => {
    const clock = turnedClock(0);
    const at: number[] = [];
    const lambda: StatesOptions['lambda'] = {
      async invoke() {
        at.push(clock.now() / 1000);
        const payload = '{"errorType":"Busy"}';
        return {
          statusCode: 200,
          payload,
          functionError: 'Unhandled',
          executedVersion: '$LATEST',
          requestId: 'r',
        };
      },
    };
    const retry = [
      { ErrorEquals: ['Busy'], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 3, MaxDelaySeconds: 10 },
    ];
    const states = await createStates({ clock, lambda });
    const executionArn = await start(
      states,
      task('arn:aws:lambda:us-east-1:000000000000:function:f', { Retry: retry }),
    );

    await clock.turn(100_000);

    expect(at).toEqual([0, 2, 8, 18]);
    expect((await states.operations.describeExecution!({ executionArn })).error).toBe('Busy');
    await states.close();
  });
});

describe('a timeout', () => {
  it('ends a task that hangs, and is caught by name', async () => {
    const clock = turnedClock(0);
    const lambda = { invoke: () => new Promise<never>(() => {}) };
    const states = await createStates({ clock, lambda });
    const fields = { TimeoutSeconds: 5, Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Late' }] };
    const definition = task('arn:aws:lambda:us-east-1:000000000000:function:f', fields, {
      Late: { Type: 'Succeed' },
    });
    const executionArn = await start(states, definition);

    await clock.turn(5_000);

    const described = await states.operations.describeExecution!({ executionArn });
    expect(described).toMatchObject({ status: 'SUCCEEDED', output: '{"Error":"States.Timeout","Cause":""}' });
    await states.close();
  });

  it('of the machine ends the execution with its own status', async () => {
    const clock = turnedClock(0);
    const states = await createStates({ clock });
    const wait = { Type: 'Wait', Seconds: 60, End: true };
    const executionArn = await start(states, { StartAt: 'W', TimeoutSeconds: 5, States: { W: wait } });

    await clock.turn(5_000);

    expect((await states.operations.describeExecution!({ executionArn })).status).toBe('TIMED_OUT');
    await states.close();
  });
});

function task(Resource: string, fields: object = {}, others: object = {}): object {
  return { StartAt: 'T', States: { T: { Type: 'Task', Resource, End: true, ...fields }, ...others } };
}

async function runTask(
  resource: string,
  parameters: object,
  sagemakerruntime: SdkOperations,
): Promise<Record<string, unknown>> {
  const states = await createStates({ services: { sagemakerruntime } });
  try {
    const { stateMachineArn } = await states.operations.createStateMachine!({
      name: 'task',
      type: 'EXPRESS',
      roleArn: 'arn:aws:iam::000000000000:role/r',
      definition: JSON.stringify(task(resource, { Parameters: parameters })),
    });
    return await states.operations.startSyncExecution!({ stateMachineArn });
  } finally {
    await states.close();
  }
}

async function start(states: Awaited<ReturnType<typeof createStates>>, definition: object): Promise<string> {
  const { stateMachineArn } = await states.operations.createStateMachine!({
    name: 'machine',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    definition: JSON.stringify(definition),
  });
  return String((await states.operations.startExecution!({ stateMachineArn })).executionArn);
}

describe('an HTTP task', () => {
  it('gives status, headers and the parsed body, and fails by status code', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/gone?q=1' ? 410 : 200;
      request.pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const Authentication = { ConnectionArn: 'arn:aws:events:us-east-1:000000000000:connection/c/1' };
    const parameters = {
      ApiEndpoint: `${address}/x`,
      Method: 'POST',
      RequestBody: { a: 1 },
      Authentication,
    };

    const good = await runTask('arn:aws:states:::http:invoke', parameters, {});
    const bad = await runTask(
      'arn:aws:states:::http:invoke',
      { ApiEndpoint: `${address}/gone`, Method: 'GET', QueryParameters: { q: 1 }, Authentication },
      {},
    );
    server.closeAllConnections();
    server.close();

    expect(JSON.parse(String(good.output))).toMatchObject({
      ResponseBody: { a: 1 },
      StatusCode: 200,
      StatusText: 'OK',
    });
    expect(bad.error).toBe('States.Http.StatusCode.410');
  });
});

describe("the form of an HTTP task's body", () => {
  it.each([
    ['INDICES', 'a=1+2&b[0]=x%26&b[1]=y'],
    ['BRACKETS', 'a=1+2&b[]=x%26&b[]=y'],
    ['COMMAS', 'a=1+2&b=x%26,y'],
    ['REPEAT', 'a=1+2&b=x%26&b=y'],
  ] as const)('has arrays as %s', (format, expected) => {
    expect(formText({ a: '1 2', b: ['x&', 'y'] }, format)).toBe(expected);
  });

  it('has indices unless told, and no format that there is not', () => {
    expect(arrayFormat({ Transform: { RequestBodyEncoding: 'URL_ENCODED' } })).toBe('INDICES');
    expect(() => arrayFormat({ Transform: { RequestEncodingOptions: { ArrayFormat: 'X' } } })).toThrow(
      'ArrayFormat',
    );
  });
});

describe('a member that the request of an integration has not', () => {
  it.each(['lambda:invoke', 'states:startExecution'])('fails the task of %s by its name', async (name) => {
    const parameters = { FunctionName: 'f', StateMachineArn: 's', Foo: 1 };

    const { error, cause } = await runTask(`arn:aws:states:::${name}`, parameters, {});

    expect(error).toBe('States.Runtime');
    expect(cause).toContain(
      `The Parameters '${JSON.stringify(parameters)}' could not be used to start the Task`,
    );
    expect(cause).toContain('The field "Foo" is not supported by Step Functions');
  });
});

describe("an HTTP task's connection", () => {
  const arn = (name: string): string => `arn:aws:events:us-east-1:000000000000:connection/${name}/1`;
  const invocation = {
    HeaderParameters: [{ Key: 'x-team', Value: 'a' }],
    QueryStringParameters: [{ Key: 'v', Value: '2' }],
    BodyParameters: [{ Key: 'tenant', Value: 't' }],
  };

  it.each([
    ['basic', 'Basic dTpw'],
    ['oauth', 'Bearer secret'],
    ['key', undefined],
  ])('%s adds its authorisation and its parameters', async (name, authorization) => {
    const seen: { url?: string; body?: string; headers?: IncomingHttpHeaders } = {};
    const { address, close } = await listening((request, response) => {
      if (request.url === '/token') return response.end('{"access_token":"secret"}');
      Object.assign(seen, { url: request.url, headers: request.headers });
      request.on('data', (chunk) => Object.assign(seen, { body: `${chunk}` }));
      return request.on('end', () => response.end('{}'));
    });
    const AuthParameters = {
      basic: { BasicAuthParameters: { Username: 'u', Password: 'p' } },
      key: { ApiKeyAuthParameters: { ApiKeyName: 'X-Key', ApiKeyValue: 'k' } },
      oauth: {
        OAuthParameters: {
          AuthorizationEndpoint: `${address}/token`,
          HttpMethod: 'POST' as const,
          ClientParameters: { ClientID: 'i', ClientSecret: 's' },
        },
      },
    }[name]!;
    const connections = {
      [name]: {
        AuthorizationType: 'BASIC' as const,
        AuthParameters: { ...AuthParameters, InvocationHttpParameters: invocation },
      },
    };

    const { status } = await runHttp(address, arn(name), connections);
    await close();

    expect(status).toBe('SUCCEEDED');
    expect(seen).toMatchObject({ url: '/x?v=2', body: '{"a":1,"tenant":"t"}', headers: { 'x-team': 'a' } });
    expect(seen.headers!.authorization).toBe(authorization);
    expect(seen.headers!['x-key']).toBe(name === 'key' ? 'k' : undefined);
  });

  it('overrides what the task gives, and has its body parameters only in an object', async () => {
    const seen: { url?: string; team?: string } = {};
    const { address, close } = await listening((request, response) => {
      Object.assign(seen, { url: request.url, team: request.headers['x-team'] });
      request.resume().on('end', () => response.end('{}'));
    });
    const connections = {
      c: {
        AuthorizationType: 'BASIC' as const,
        AuthParameters: {
          BasicAuthParameters: { Username: 'u', Password: 'p' },
          InvocationHttpParameters: { ...invocation, HeaderParameters: [{ Key: 'X-Team', Value: 'a' }] },
        },
      },
    };
    const own = { Headers: { 'x-Team': 'own' }, QueryParameters: { v: ['0', '1'], w: '3' } };

    const { status } = await runHttp(address, arn('c'), connections, own);
    const text = await runHttp(address, arn('c'), connections, { RequestBody: 'text' });
    await close();

    expect(status).toBe('SUCCEEDED');
    expect(seen).toEqual({ url: '/x?v=2&w=3', team: 'a' });
    expect(text).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });

  it('that is not known fails the task by name', async () => {
    const { error, cause } = await runHttp('http://127.0.0.1:1', arn('other'), {});

    expect(error).toBe('Events.ConnectionResource.InvalidConnectionState');
    expect(cause).toContain(arn('other'));
  });

  async function runHttp(
    address: string,
    ConnectionArn: string,
    connections: NonNullable<StatesOptions['connections']>,
    more: object = {},
  ): Promise<Record<string, unknown>> {
    const states = await createStates({ connections });
    const Parameters = {
      ApiEndpoint: `${address}/x`,
      Method: 'POST',
      RequestBody: { a: 1 },
      Authentication: { ConnectionArn },
      ...more,
    };
    const { stateMachineArn } = await states.operations.createStateMachine!({
      name: 'http',
      type: 'EXPRESS',
      roleArn: 'arn:aws:iam::000000000000:role/r',
      definition: JSON.stringify(task('arn:aws:states:::http:invoke', { Parameters })),
    });
    const answer = await states.operations.startSyncExecution!({ stateMachineArn });
    await states.close();
    return answer;
  }

  async function listening(answer: RequestListener): Promise<{ address: string; close(): Promise<void> }> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async close() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }
});

describe('finished executions', () => {
  it('go when the retention is over', async () => {
    const clock = turnedClock(0);
    const states = await createStates({ clock, retentionMs: 1000 });
    const executionArn = await start(states, { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });

    await clock.turn(2 * 3_600_000);

    await expect(states.operations.describeExecution!({ executionArn })).rejects.toThrow(
      'Execution Does Not Exist',
    );
    await states.close();
  });
});

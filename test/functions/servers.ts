// Real servers for the tests of functions: S3 of this project over a socket, and a scripted Step Functions.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3 } from '../../local/s3/api.ts';
import { createS3 } from '../../local/s3/index.ts';
import { createWireServer } from '../../local/wire/server.ts';

export interface Running {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveS3(): Promise<Running & { readonly s3: S3 }> {
  const folder = await mkdtemp(join(tmpdir(), 'functions-s3-'));
  const s3 = await createS3({ folder });
  const running = await listen(createWireServer({ services: [s3] }));
  return {
    ...running,
    s3,
    async close() {
      await running.close();
      await s3.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface ReceivedCall {
  readonly operation: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Scripted {
  readonly status: number;
  readonly body: unknown;
}

/** Answers what `script` says, and remembers what it received. */
export async function serveJson(
  script: (call: ReceivedCall) => Scripted,
): Promise<Running & { readonly calls: ReceivedCall[] }> {
  const calls: ReceivedCall[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const operation = String(request.headers['x-amz-target']).split('.').at(-1)!;
    const call = { operation, headers: request.headers, body };
    calls.push(call);
    const answer = script(call);
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer.body));
  });
  return { ...(await listen(server)), calls };
}

async function listen(server: Server): Promise<Running> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What Lambda sets, for the clients that functions make by themselves; returns what puts the old values back. */
export function useEndpoint(url: string): () => void {
  const wanted = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, wanted);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

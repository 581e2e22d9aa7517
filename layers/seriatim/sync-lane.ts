// A short way through the SDK client for StartSyncExecution, which every real-time request takes: the client's
// middleware costs eight times what the request itself does. The first call goes through the client, which resolves
// endpoint, region and headers; this keeps them, and from then on signs and sends by itself. Whatever is not answered
// by 200 goes through the client after all, with its retries and typed errors.
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { SFNClient, StartSyncExecutionInput, StartSyncExecutionOutput } from '@aws-sdk/client-sfn';
import { createSigner, type Sign } from './signing.ts';

/** What the client made of its first request. */
interface Lane {
  readonly target: RequestOptions;
  readonly send: typeof httpRequest;
  readonly path: string;
  readonly signedHeaders: Readonly<Record<string, string>>;
  readonly userAgent: string;
  readonly sign: Sign;
}

/** The request of the client before it is signed. */
interface ClientRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Longer than any synchronous Express execution. */
const SOCKET_TIMEOUT_MS = 305_000;

export function addSyncLane(client: SFNClient): void {
  let lane: Lane | undefined;
  client.middlewareStack.add(
    (next, context) => {
      if (context.commandName !== 'StartSyncExecutionCommand') return next;
      return async (args) => {
        const output = lane && (await sendOn(lane, client, args.input as StartSyncExecutionInput));
        return output === undefined ? next(args) : { output: output as never, response: undefined };
      };
    },
    { step: 'initialize', priority: 'high', name: 'syncLane' },
  );
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName === 'StartSyncExecutionCommand') {
        lane ??= await openLane(client, args.request as ClientRequest);
      }
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'syncLaneObserver' },
  );
}

async function openLane(client: SFNClient, request: ClientRequest): Promise<Lane> {
  const isTls = request.protocol === 'https:';
  const { host = hostOf(request), 'content-type': contentType, 'x-amz-target': target } = request.headers;
  return {
    target: {
      hostname: request.hostname,
      ...(request.port === undefined ? {} : { port: request.port }),
      method: 'POST',
      path: request.path,
      agent: isTls
        ? new HttpsAgent({ keepAlive: true, maxSockets: 256 })
        : new HttpAgent({ keepAlive: true, maxSockets: 256 }),
      timeout: SOCKET_TIMEOUT_MS,
    },
    send: isTls ? (httpsRequest as typeof httpRequest) : httpRequest,
    path: request.path,
    signedHeaders: { 'content-type': contentType!, host, 'x-amz-target': target! },
    userAgent: request.headers['x-amz-user-agent'] ?? '',
    sign: createSigner({ region: await client.config.region(), service: 'states' }),
  };
}

function hostOf({ hostname, port }: ClientRequest): string {
  return port === undefined ? hostname : `${hostname}:${port}`;
}

/** Undefined when the client should deal with it: an error, or a connection that broke before an answer began. */
async function sendOn(
  lane: Lane,
  client: SFNClient,
  input: StartSyncExecutionInput,
): Promise<StartSyncExecutionOutput | undefined> {
  const body = JSON.stringify(input);
  const { path, signedHeaders: headers } = lane;
  const signed = lane.sign({ path, headers, body }, await client.config.credentials(), Date.now());
  const answer = await post(lane, { ...signed, ...unsignedHeaders(lane, body) }, body);
  if (answer.status !== 200) return undefined;
  const { startDate, stopDate, ...output } = JSON.parse(answer.text) as WireOutput;
  return { ...output, startDate: toDate(startDate), stopDate: toDate(stopDate) };
}

type WireOutput = Omit<StartSyncExecutionOutput, 'startDate' | 'stopDate'> & {
  readonly startDate?: number;
  readonly stopDate?: number;
};

/** Seconds since the epoch, with a fraction. */
function toDate(seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(Math.round(seconds * 1000));
}

function unsignedHeaders({ userAgent }: Lane, body: string): Record<string, string> {
  // Lets AWS see a function that calls itself, as the client's own middleware does.
  const trace = process.env._X_AMZN_TRACE_ID;
  return {
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': userAgent,
    ...(trace ? { 'x-amzn-trace-id': trace } : {}),
  };
}

function post(
  lane: Lane,
  headers: Record<string, string>,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = lane.send({ ...lane.target, headers }, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    request.on('timeout', () => request.destroy(new Error('No answer in time.')));
    request.on('error', (error: NodeJS.ErrnoException) => {
      // A kept connection that the other side closed meanwhile: nothing was executed.
      const wasClosed = request.reusedSocket && error.code === 'ECONNRESET';
      return wasClosed || error.code === 'ECONNREFUSED' ? resolve({ status: 0, text: '' }) : reject(error);
    });
    request.end(body);
  });
}

function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve(text));
    response.on('error', reject);
  });
}

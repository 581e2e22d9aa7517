// One invocation over HTTP: reads the body, hands it to the model, writes the answer, and says in
// `X-Amzn-SageMaker-Custom-Attributes` what it met when `SERIATIM_REPORT` asks for that.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { InferenceError } from '../errors.ts';
import type { WireAnswer } from '../instances/protocol.ts';
import { readBody } from './body.ts';
import type { Invoked } from './registry.ts';
import { describeInvocation } from './report.ts';
import type { Invocation, InvocationTimes } from './served-model.ts';
import type { ServerContext } from './server.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const NO_BODY = Buffer.alloc(0);
const CUSTOM_ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes';

/** @throws InferenceError */
export async function answerInvocation(
  context: ServerContext,
  name: string,
  exchange: Exchange,
): Promise<void> {
  const { settings, registry, state } = context;
  if (state.phase === 'loading')
    throw new InferenceError('Overloaded', 'The model is still being loaded.', {
      headers: { 'retry-after': '1' },
    });
  const deadline = Date.now() + settings.deadlineMs;
  if (registry.target(name).streamsInput) return answerStreamed(context, name, { deadline, ...exchange });
  const body = await readBody(exchange.request, settings.maxBodyBytes);
  const invoked = await registry.invoke(name, toInvocation(body, deadline, exchange));
  writeAnswer(context, invoked, exchange);
}

interface TimedExchange extends Exchange {
  readonly deadline: number;
}

/** The body goes to the handlers as it comes; what they leave unread is read past, so that the connection lives on. */
async function answerStreamed(context: ServerContext, name: string, exchange: TimedExchange): Promise<void> {
  const { request, deadline } = exchange;
  const stream = Readable.toWeb(request) as ReadableStream<Uint8Array>;
  try {
    const invocation = { ...toInvocation(NO_BODY, deadline, exchange), stream };
    writeAnswer(context, await context.registry.invoke(name, invocation), exchange);
  } finally {
    request.removeAllListeners('data').resume();
  }
}

function toInvocation(body: Buffer, deadline: number, { request, response }: Exchange): Invocation {
  const headers = request.headers as Record<string, string>;
  return {
    body,
    contentType: headers['content-type'] ?? 'application/json',
    accept: headers.accept,
    headers,
    deadline,
    isAbandoned: () => request.socket.destroyed,
    signal: () => closeSignal(response),
    onHead: (answer) => writeHead(response, answer),
    onChunk: (chunk) => writeChunk(response, chunk),
  };
}

/** Whoever went away in the middle of a stream reads no more of it; for one who reads slowly the handler waits. */
function writeChunk(response: ServerResponse, chunk: string | Uint8Array): Promise<void> | undefined {
  if (response.destroyed || response.write(chunk)) return undefined;
  return new Promise((resolve) => {
    const taken = () => {
      response.off('drain', taken).off('close', taken);
      resolve();
    };
    response.once('drain', taken).once('close', taken);
  });
}

function closeSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

function writeHead(response: ServerResponse, { contentType, headers }: WireAnswer): void {
  response.writeHead(200, { ...headers, 'content-type': contentType });
}

function writeAnswer({ settings }: ServerContext, invoked: Invoked, { request, response }: Exchange): void {
  const { body, contentType, headers } = invoked.answer;
  if (response.destroyed) return;
  if (body === null) {
    response.end();
    return;
  }
  const all: Record<string, string | number> = { ...headers, 'content-type': contentType };
  all['content-length'] = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  if (settings.reportsAttributes) {
    const report = describeInvocation(invoked, {
      headers: request.headers as Record<string, string>,
      pinned: settings.pinnedModels,
    });
    const own = headers?.[CUSTOM_ATTRIBUTES];
    all[CUSTOM_ATTRIBUTES] = own === undefined ? report : `${own};${report}`;
  }
  if (settings.reportsServerTiming) all['server-timing'] = serverTiming(invoked.answer.times);
  response.writeHead(200, all);
  response.end(body);
}

/** `queue;dur=0.02, input;dur=0.05, infer;dur=0.11, output;dur=0.03` */
function serverTiming({ queueMs, inputMs, computeMs, outputMs }: InvocationTimes): string {
  const times = { queue: queueMs, input: inputMs, infer: computeMs, output: outputMs };
  return Object.entries(times)
    .map(([name, milliseconds]) => `${name};dur=${milliseconds.toFixed(2)}`)
    .join(', ');
}

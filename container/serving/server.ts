// SageMaker's container contract over HTTP: `/ping`, `/invocations`, `/execution-parameters`, `/metrics`, and the multi-model API
// `/models…`. Every answer of an error is `{"error":{"code","message"}}`.
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { errorBody, InferenceError, toInferenceError } from '../errors.ts';
import type { Logger } from '../handlers/api.ts';
import type { Settings } from '../settings.ts';
import { readBody } from './body.ts';
import { answerInvocation } from './invocations.ts';
import type { Metrics } from './metrics.ts';
import { answerModels } from './model-routes.ts';
import type { Registry } from './registry.ts';
import type { ResponseCache } from './response-cache.ts';

/**
 * An `import` of node:http reads every export of it, and so loads its WebSocket and fetch clients: 12 MB of resident
 * memory that a container has no use for.
 */
const { createServer } = process.getBuiltinModule('node:http');

/** The name of the one model in single-model mode. */
export const SINGLE_MODEL = 'model';

export interface ServerContext {
  readonly settings: Settings;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly state: ServerState;
  readonly metrics: Metrics;
  readonly responseCache?: ResponseCache;
}

export interface ServerState {
  /** `loading` until the single model is there; `stopping` once SIGTERM came. */
  phase: 'loading' | 'ready' | 'stopping';
}

/** The server is not listening yet. */
export function createContainerServer(context: ServerContext): Server {
  const server = createServer(timeouts(context.settings));
  server.on('request', (request, response) => {
    if (context.state.phase === 'stopping') response.setHeader('connection', 'close');
    route(context, request, response).catch((thrown: unknown) => sendError(response, thrown, context.logger));
  });
  return server;
}

/** Past the deadline by which a request that has come whole is answered. */
const LATE_MS = 1000;

/** A caller who sends no end of a body is cut off with 408, once the deadline of its request is over. */
function timeouts({ deadlineMs }: Settings): ServerOptions {
  const requestTimeout = deadlineMs + LATE_MS;
  const headersTimeout = Math.min(60_000, requestTimeout);
  return { keepAliveTimeout: 75_000, requestTimeout, headersTimeout, connectionsCheckingInterval: LATE_MS };
}

async function route(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request);
  if (path === '/invocations') {
    requireMethod(request, 'POST');
    return answerInvocation(context, SINGLE_MODEL, { request, response });
  }
  if (path === '/ping') return answerPing(context, response);
  if (path === '/metrics') return answerMetrics(context, response);
  if (path === '/execution-parameters') return answerExecutionParameters(context.settings, response);
  if (path === '/models' || path.startsWith('/models/'))
    return answerModels(context, path, { request, response });
  throw new InferenceError('ModelNotFound', `There is no ${path} here.`);
}

function pathOf({ url }: IncomingMessage): string {
  const text = url ?? '/';
  const end = text.indexOf('?');
  return end === -1 ? text : text.slice(0, end);
}

/** @throws InferenceError MethodNotAllowed */
export function requireMethod({ method, url }: IncomingMessage, expected: string): void {
  if (method === expected) return;
  throw new InferenceError('MethodNotAllowed', `${url} takes ${expected}, not ${method}.`, {
    headers: { allow: expected },
  });
}

/** 200 when the container can take invocations; the details are for people. */
function answerPing({ state, registry, settings }: ServerContext, response: ServerResponse): void {
  const models = registry.list();
  const providers = [...new Set(models.map(({ provider }) => provider))];
  const passedOver = [...new Set(models.flatMap((model) => model.passedOver))];
  const status = { loading: 503, ready: 200, stopping: 503 }[state.phase];
  const mode = settings.isMultiModel ? 'multi-model' : 'single-model';
  sendJson(response, status, { status: state.phase, mode, models: models.length, providers, passedOver });
}

function answerMetrics({ registry, metrics, responseCache }: ServerContext, response: ServerResponse): void {
  const gauges = registry.list().map(({ label, provider, passedOver, thread, waiting }) => ({
    label,
    provider,
    passedOver,
    thread,
    waiting: waiting(),
  }));
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(metrics.render(gauges, responseCache?.figures()));
}

function answerExecutionParameters({ batchTransform }: Settings, response: ServerResponse): void {
  sendJson(response, 200, {
    MaxConcurrentTransforms: batchTransform.maxConcurrentTransforms,
    BatchStrategy: batchTransform.strategy,
    MaxPayloadInMB: batchTransform.maxPayloadMegabytes,
  });
}

export function sendJson(response: ServerResponse, statusCode: number, value: unknown): void {
  sendText(response, statusCode, JSON.stringify(value));
}

function sendText(
  response: ServerResponse,
  statusCode: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(statusCode, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** A stream that has begun can only be cut off: the caller sees that the body is incomplete. */
function sendError(response: ServerResponse, thrown: unknown, logger: Logger): void {
  const error = toInferenceError(thrown);
  if (error.statusCode >= 500 && error.name !== 'Overloaded') logger.error(`${error.name}: ${error.message}`);
  if (response.headersSent) response.destroy();
  else sendText(response, error.statusCode, errorBody(error), error.headers);
}

/** A JSON request's object. @throws InferenceError InvalidPayload */
export async function readJsonObject(
  request: IncomingMessage,
  limitBytes: number,
): Promise<Record<string, unknown>> {
  const body = await readBody(request, limitBytes);
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (thrown) {
    throw new InferenceError('InvalidPayload', `The body is not JSON: ${(thrown as Error).message}`);
  }
  throw new InferenceError('InvalidPayload', 'The body is not a JSON object.');
}

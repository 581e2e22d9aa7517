// The HTTP API on its own port: a request becomes an event, a function answers it, the answer goes out. Created from
// the routes of the template; the functions are reached through Lambda's interface.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../clock.ts';
import { type LogSink, noLogs } from '../logs/api.ts';
import { type AwsPlace, DEFAULT_PLACE } from '../service.ts';
import { isServed } from './access.ts';
import { type HttpAnswer, messageAnswer, TOO_LARGE } from './answer.ts';
import type { Gateway, GatewayOptions, HttpApi } from './api.ts';
import { type Cors, createCors, noCors } from './cors.ts';
import { logTime, requestEvent } from './event.ts';
import { callFunction } from './integration.ts';
import { MAX_HEADER_BYTES, receiveBody } from './receive.ts';
import { compileRoutes, type FindRoute } from './routes.ts';

/** How long `close` waits for what is in flight. */
const CLOSE_GRACE_MS = 1000;
/** Longer than clients keep idle connections, so that none is closed under a request. */
const KEEP_ALIVE_MS = 65_000;

export function createGateway(options: GatewayOptions): Gateway {
  const { clock = systemClock } = options;
  const http = new HttpApiServer({ ...options, clock });
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true },
    (request, response) => http.serve(request, response),
  );
  return {
    serve: (request, response) => http.serve(request, response),
    listen: (port, host = '127.0.0.1') =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve(serverUrl(server.address() as AddressInfo));
        });
      }),
    async close() {
      http.isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cancel = clock.schedule(CLOSE_GRACE_MS, () => server.closeAllConnections());
      await closed;
      cancel();
    },
  };
}

function serverUrl({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

class HttpApiServer {
  isClosing = false;
  private readonly options: GatewayOptions;
  private readonly clock: Clock;
  private readonly logs: LogSink;
  private readonly place: AwsPlace;
  private readonly api: HttpApi;
  private readonly findRoute: FindRoute;
  private readonly cors: Cors;
  private readonly idPrefix = randomBytes(6).toString('base64url');
  private requests = 0;

  constructor(options: GatewayOptions & { readonly clock: Clock }) {
    this.options = options;
    this.clock = options.clock;
    this.logs = options.logs ?? noLogs;
    this.place = options.place ?? DEFAULT_PLACE;
    this.api = options.api;
    this.findRoute = compileRoutes(options.api.routes);
    this.cors = options.api.cors === undefined ? noCors : createCors(options.api.cors);
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    this.answer(request, response).catch((thrown: unknown) => {
      // The client has gone, or a defect of ours: either way there is nobody to tell but the log.
      if (!response.destroyed) this.logFailure('-', (thrown as Error).stack ?? String(thrown));
      if (!response.headersSent) this.send(request, response, messageAnswer(500, 'Internal Server Error'));
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = this.clock.now();
    const { path, rawQueryString } = splitUrl(request.url ?? '/');
    const access = this.options.access ?? 'loopback';
    // Pages hold no data, and a browser cannot send a token before it has one; where there is none, they stay here.
    const served = isServed(request, access);
    if ((served || typeof access === 'object') && this.options.own?.(path, request, response) === true)
      return;
    if (!served) {
      this.send(request, response, messageAnswer(access === 'loopback' ? 403 : 401, 'Forbidden'));
      return;
    }
    const requestId = `${this.idPrefix}${(++this.requests).toString(36).padStart(7, '0')}=`;
    const { answer, routeKey } = await this.answerFor({
      request,
      path,
      rawQueryString,
      requestId,
      nowMs: startedMs,
    });
    this.send(request, response, answer, requestId);
    if (this.options.accessLogGroup !== undefined)
      this.logAccess(this.options.accessLogGroup, { request, requestId, routeKey, answer, startedMs });
  }

  private async answerFor(arrived: Arrival): Promise<RoutedAnswer> {
    const preflight = this.cors.preflight(arrived.request);
    if (preflight !== undefined) return { answer: preflight, routeKey: '-' };
    const { answer, routeKey } = await this.route(arrived);
    return { answer: { ...answer, headers: this.cors.apply(arrived.request, answer.headers) }, routeKey };
  }

  private async route(arrived: Arrival): Promise<RoutedAnswer> {
    const { request, path } = arrived;
    const match = this.findRoute(request.method ?? 'GET', pathInStage(this.api, path));
    if (match === undefined) return { answer: messageAnswer(404, 'Not Found'), routeKey: '-' };
    const { routeKey } = match.route;
    const body = await receiveBody(request);
    if (body === undefined) return { answer: TOO_LARGE, routeKey };
    const payload = requestEvent(this.api, match, { ...arrived, ...this.place, body });
    const traceId = request.headers['x-amzn-trace-id'];
    const { answer, failure } = await callFunction(
      { lambda: this.options.lambda, clock: this.clock },
      { route: match.route, payload, traceId: typeof traceId === 'string' ? traceId : undefined },
    );
    if (failure !== undefined) this.logFailure(`${routeKey} (${arrived.requestId})`, failure);
    return { answer, routeKey };
  }

  private send(
    request: IncomingMessage,
    response: ServerResponse,
    answer: HttpAnswer,
    requestId?: string,
  ): void {
    if (response.destroyed) return;
    const headers = { ...answer.headers };
    if (answer.statusCode !== 204) headers['content-length'] = answer.body.length;
    if (requestId !== undefined) headers['apigw-requestid'] = requestId;
    if (this.isClosing) headers.connection = 'close';
    response.writeHead(answer.statusCode, headers);
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  private logFailure(where: string, reason: string): void {
    const message = `${where}: ${reason}`;
    if (this.logs === noLogs) console.error(`HTTP API: ${message}`);
    const group = `/aws/apigateway/${this.api.apiId}/errors`;
    this.logs.write(group, this.api.stage, [{ timestamp: this.clock.now(), message }]);
  }

  private logAccess(group: string, access: Access): void {
    const { request, requestId, routeKey, answer, startedMs } = access;
    const timestamp = this.clock.now();
    const message = JSON.stringify({
      requestId,
      ip: request.socket.remoteAddress ?? '',
      requestTime: logTime(startedMs),
      httpMethod: request.method,
      path: request.url,
      routeKey,
      status: answer.statusCode,
      protocol: `HTTP/${request.httpVersion}`,
      responseLength: answer.body.length,
      responseLatency: timestamp - startedMs,
    });
    this.logs.write(group, this.api.stage, [{ timestamp, message }]);
  }
}

interface Arrival {
  readonly request: IncomingMessage;
  readonly path: string;
  readonly rawQueryString: string;
  readonly requestId: string;
  readonly nowMs: number;
}

interface RoutedAnswer {
  readonly answer: HttpAnswer;
  readonly routeKey: string;
}

interface Access {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly routeKey: string;
  readonly answer: HttpAnswer;
  readonly startedMs: number;
}

function splitUrl(url: string): { path: string; rawQueryString: string } {
  const at = url.indexOf('?');
  return at < 0
    ? { path: url, rawQueryString: '' }
    : { path: url.slice(0, at), rawQueryString: url.slice(at + 1) };
}

/** A named stage leads the path on AWS; here it may be left out. */
function pathInStage({ stage }: HttpApi, path: string): string {
  if (stage === '$default' || !path.startsWith(`/${stage}/`)) return path;
  return path.slice(stage.length + 1);
}

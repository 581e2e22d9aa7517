// The HTTP API (API Gateway v2) on its own port. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { FunctionInvoker } from '../lambda/api.ts';
import type { LogSink } from '../logs/api.ts';
import type { AwsPlace } from '../service.ts';
import type { Access } from './access.ts';

export interface Gateway {
  /** @returns where it listens, such as `http://127.0.0.1:3000` */
  listen(port: number, host?: string): Promise<string>;
  /** Answers one request of a server that somebody else opened, in place of `listen`. */
  serve(request: IncomingMessage, response: ServerResponse): void;
  /** Stops accepting, gives what is in flight up to a second, then closes every connection. */
  close(): Promise<void>;
}

export interface GatewayOptions {
  readonly api: HttpApi;
  readonly lambda: FunctionInvoker;
  readonly place?: AwsPlace;
  readonly clock?: Clock;
  /** Where the access log and the errors of integrations go. */
  readonly logs?: LogSink;
  /** Without it there is no access log. */
  readonly accessLogGroup?: string;
  /** Who is served; `loopback` unless told. */
  readonly access?: Access;
  /** Pages and endpoints that are no part of the API, such as `/console/`; true when it has answered. */
  readonly own?: (path: string, request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface HttpApi {
  readonly apiId: string;
  /** `$default`, or a name that may lead the path. */
  readonly stage: string;
  readonly routes: readonly HttpRoute[];
  readonly cors?: CorsConfiguration;
}

export interface HttpRoute {
  /** `POST /pipelines/{pipeline}/invocations`, `ANY /files/{path+}` or `$default`. */
  readonly routeKey: string;
  readonly functionArn: string;
  /** 30,000 ms unless told, which is also the most. */
  readonly timeoutMs?: number;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html */
export interface CorsConfiguration {
  readonly allowOrigins?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAge?: number;
  readonly allowCredentials?: boolean;
}

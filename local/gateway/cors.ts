// Cross-origin requests, answered by the API itself when it has a CORS configuration; what a function says about it
// is then left out. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { HttpAnswer } from './answer.ts';
import type { CorsConfiguration } from './api.ts';

export interface Cors {
  /** The answer to a preflight; undefined for any other request. */
  preflight(request: IncomingMessage): HttpAnswer | undefined;
  /** Adds the headers that the request's origin is due, in place of the function's. */
  apply(request: IncomingMessage, headers: OutgoingHttpHeaders): OutgoingHttpHeaders;
}

export const noCors: Cors = { preflight: () => undefined, apply: (_request, headers) => headers };

export function createCors(configuration: CorsConfiguration): Cors {
  return {
    preflight(request) {
      const { origin, 'access-control-request-method': method } = request.headers;
      if (request.method !== 'OPTIONS' || origin === undefined || method === undefined) return undefined;
      const headers = { ...originHeaders(configuration, origin), ...preflightHeaders(configuration) };
      const isAllowed = allowedOrigin(configuration, origin) !== undefined;
      return { statusCode: 204, headers: isAllowed ? headers : {}, body: Buffer.alloc(0) };
    },
    apply(request, headers) {
      const kept = Object.fromEntries(
        Object.entries(headers).filter(([name]) => !name.startsWith('access-control-')),
      );
      const { origin } = request.headers;
      if (origin === undefined || allowedOrigin(configuration, origin) === undefined) return kept;
      const exposed = configuration.exposeHeaders?.join(',');
      return {
        ...kept,
        ...originHeaders(configuration, origin),
        ...(exposed === undefined ? {} : { 'access-control-expose-headers': exposed }),
      };
    },
  };
}

function allowedOrigin({ allowOrigins = [] }: CorsConfiguration, origin: string): string | undefined {
  if (allowOrigins.includes('*')) return '*';
  return allowOrigins.some((allowed) => matchesOrigin(allowed, origin)) ? origin : undefined;
}

/** `https://*` and `http://*` allow every origin of the scheme. */
function matchesOrigin(allowed: string, origin: string): boolean {
  return allowed.endsWith('*') ? origin.startsWith(allowed.slice(0, -1)) : allowed === origin;
}

function originHeaders(configuration: CorsConfiguration, origin: string): OutgoingHttpHeaders {
  const allowed = allowedOrigin(configuration, origin);
  return {
    'access-control-allow-origin': allowed,
    ...(allowed === '*' ? {} : { vary: 'Origin' }),
    ...(configuration.allowCredentials === true ? { 'access-control-allow-credentials': 'true' } : {}),
  };
}

function preflightHeaders({ allowMethods, allowHeaders, maxAge }: CorsConfiguration): OutgoingHttpHeaders {
  return {
    ...(allowMethods === undefined ? {} : { 'access-control-allow-methods': allowMethods.join(',') }),
    ...(allowHeaders === undefined ? {} : { 'access-control-allow-headers': allowHeaders.join(',') }),
    ...(maxAge === undefined ? {} : { 'access-control-max-age': String(maxAge) }),
  };
}

// A request as the event of payload format 2.0.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { HttpApi } from './api.ts';
import type { RouteMatch } from './routes.ts';

export interface RequestFacts {
  readonly request: IncomingMessage;
  readonly path: string;
  readonly rawQueryString: string;
  readonly body: Buffer;
  readonly requestId: string;
  readonly nowMs: number;
  readonly accountId: string;
  readonly region: string;
}

/** The event as JSON text. */
export function requestEvent(api: HttpApi, match: RouteMatch, facts: RequestFacts): string {
  const { request, path, rawQueryString, body } = facts;
  const { headers, cookies } = splitHeaders(request);
  const isText = body.length === 0 || isTextBody(request, body);
  return JSON.stringify({
    version: '2.0',
    routeKey: match.route.routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookies === undefined ? {} : { cookies }),
    headers,
    ...(rawQueryString === '' ? {} : { queryStringParameters: queryParameters(rawQueryString) }),
    requestContext: requestContext(api, match, facts),
    ...(match.pathParameters === undefined ? {} : { pathParameters: match.pathParameters }),
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: !isText,
  });
}

function requestContext(api: HttpApi, match: RouteMatch, facts: RequestFacts): object {
  const { request, path, requestId, nowMs, accountId, region } = facts;
  const domainName = `${api.apiId}.execute-api.${region}.amazonaws.com`;
  return {
    accountId,
    apiId: api.apiId,
    domainName,
    domainPrefix: api.apiId,
    http: {
      method: request.method,
      path,
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: request.socket.remoteAddress ?? '',
      userAgent: request.headers['user-agent'] ?? '',
    },
    requestId,
    routeKey: match.route.routeKey,
    stage: api.stage,
    time: logTime(nowMs),
    timeEpoch: nowMs,
  };
}

/** Lower-case names, several of one name joined by commas; cookies on their own. */
function splitHeaders(request: IncomingMessage): { headers: Record<string, string>; cookies?: string[] } {
  const headers: Record<string, string> = {};
  const raw = request.rawHeaders;
  let cookies: string[] | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    const value = raw[at + 1]!;
    if (name === 'cookie') cookies = [...(cookies ?? []), ...value.split(/;\s*/)];
    else headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  return cookies === undefined ? { headers } : { headers, cookies };
}

function queryParameters(rawQueryString: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(rawQueryString))
    parameters[name] = Object.hasOwn(parameters, name) ? `${parameters[name]},${value}` : value;
  return parameters;
}

const TEXT_TYPE =
  /^(?:text\/|application\/(?:[\w.+-]+\+)?(?:json|xml|javascript)\b|application\/x-ndjson\b)/i;

/** A body of another type, or one that claims to be text and is not UTF-8, goes in base64: nothing is lost. */
function isTextBody(request: IncomingMessage, body: Buffer): boolean {
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  return type !== undefined && encoding === undefined && TEXT_TYPE.test(type) && isUtf8(body);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
let lastTime = { second: -1, text: '' };

/** `22/Nov/2026:17:26:21 +0000`, made once a second. */
export function logTime(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== lastTime.second) lastTime = { second, text: formatTime(new Date(nowMs)) };
  return lastTime.text;
}

function formatTime(time: Date): string {
  const [year, , day] = time.toISOString().slice(0, 10).split('-');
  return `${day}/${MONTHS[time.getUTCMonth()]}/${year}:${time.toISOString().slice(11, 19)} +0000`;
}

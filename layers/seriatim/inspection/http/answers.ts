// What the inspection routes answer, and how a request comes to its route. A route is a function from what was asked
// to an answer; what goes wrong is thrown and becomes `{"error":{"code","message"}}` here, in one place.
import { createHash } from 'node:crypto';
import { NoSuchPayload } from '../payloads/select.ts';

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body is base64 of bytes. */
  readonly isBase64Encoded?: boolean;
}

export interface ApiRequest {
  /** Of the path, such as `id`. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body?: string | undefined;
  /** `ETag`s of answers that the caller has, as the header `If-None-Match` names them. */
  readonly ifNoneMatch?: string | undefined;
}

export type RouteHandler = (request: ApiRequest) => Promise<HttpAnswer>;

/** By route key, as API Gateway has them: `GET /executions/{id}`. */
export type Routes = Readonly<Record<string, RouteHandler>>;

/** A refusal that the caller is told of. */
export class ApiError extends Error {
  readonly statusCode: number;
  readonly code: string;

  constructor(statusCode: number, code: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

/** Refusals and bad queries are answers; anything else is a defect and is thrown. */
export async function answerRoute(
  routes: Routes,
  routeKey: string,
  request: ApiRequest,
): Promise<HttpAnswer> {
  const handle = Object.hasOwn(routes, routeKey) ? routes[routeKey] : undefined;
  if (handle === undefined) return errorAnswer(404, 'RouteNotFound', `There is no route ${routeKey}.`);
  try {
    return unlessKnown(await handle(request), request);
  } catch (thrown) {
    if (thrown instanceof ApiError) return errorAnswer(thrown.statusCode, thrown.code, thrown.message);
    if (thrown instanceof NoSuchPayload) return errorAnswer(404, 'PayloadNotFound', thrown.message);
    if (thrown instanceof RangeError) return errorAnswer(400, 'InvalidQuery', thrown.message);
    throw thrown;
  }
}

const tags = new WeakMap<HttpAnswer, string>();

/** Who has an answer already is not sent it again. */
function unlessKnown(answer: HttpAnswer, { ifNoneMatch = '' }: ApiRequest): HttpAnswer {
  if (answer.statusCode !== 200 || answer.isBase64Encoded) return answer;
  const etag = tags.get(answer) ?? `"${createHash('sha1').update(answer.body).digest('base64url')}"`;
  tags.set(answer, etag);
  const headers = { ...answer.headers, etag };
  const isKnown = ifNoneMatch.split(',').some((each) => each.trim().replace(/^W\//, '') === etag);
  return isKnown ? { statusCode: 304, headers, body: '' } : { ...answer, headers };
}

export function jsonAnswer(statusCode: number, body: unknown): HttpAnswer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  };
}

/** In the form of all errors of the HTTP API: `{"error":{"code","message"}}`. */
export function errorAnswer(statusCode: number, code: string, message: string): HttpAnswer {
  return jsonAnswer(statusCode, { error: { code, message } });
}

/** Types that a browser draws and does not run; whatever else is a file to keep. */
const DRAWN = /^image\/(png|jpeg|gif|webp|bmp)$/;

/** Bytes with the type they were stored with; never to be run as a page of this origin. */
export function bytesAnswer(contentType: string, body: Uint8Array, name: string): HttpAnswer {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  const kept: Record<string, string> = DRAWN.test(type)
    ? {}
    : { 'content-disposition': `attachment; filename="${name}"` };
  return {
    statusCode: 200,
    headers: {
      'content-type': contentType,
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      ...kept,
    },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  };
}

// A function's answer, payload format 2.0, as an HTTP response.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
import type { OutgoingHttpHeaders } from 'node:http';

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

interface FormattedAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly cookies?: readonly string[];
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
}

/** A plain answer of the gateway itself: `{"message": …}`. */
export function messageAnswer(statusCode: number, message: string): HttpAnswer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ message })),
  };
}

/** A body over a limit, in AWS's words, which do not say the limit: docs/errors.md does. */
export const TOO_LARGE = messageAnswer(413, 'Request Entity Too Large');

/** Set by the gateway or by HTTP itself, never by a function. */
const OWN_HEADERS = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'apigw-requestid',
]);

/**
 * What has a `statusCode` is taken apart; anything else is the body of a 200 of type JSON.
 * @throws RangeError, TypeError for an answer that is no response
 */
export function functionAnswer(payload: string): HttpAnswer {
  const value: unknown = JSON.parse(payload);
  if (!isFormatted(value)) {
    const body = typeof value === 'string' ? value : payload;
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
  }
  const statusCode = Number(value.statusCode);
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599)
    throw new RangeError(`The function answered with the status ${String(value.statusCode)}`);
  return { statusCode, headers: answerHeaders(value), body: answerBody(value) };
}

function isFormatted(value: unknown): value is FormattedAnswer {
  return typeof value === 'object' && value !== null && 'statusCode' in value;
}

function answerHeaders({ headers, cookies }: FormattedAnswer): OutgoingHttpHeaders {
  const found: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const lower = name.toLowerCase();
    if (!OWN_HEADERS.has(lower) && value !== null && value !== undefined) found[lower] = String(value);
  }
  found['content-type'] ??= 'text/plain; charset=utf-8';
  if (cookies !== undefined && cookies.length > 0) found['set-cookie'] = [...cookies];
  return found;
}

function answerBody({ body, isBase64Encoded }: FormattedAnswer): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') throw new TypeError('The body of the function\u2019s answer is not a string');
  return Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
}

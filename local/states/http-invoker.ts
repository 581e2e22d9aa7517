// Lambda's Invoke API over HTTP: for an engine whose functions live behind a URL.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
import { Pool } from 'undici';
import type { FunctionInvoker, InvokeResult } from '../lambda/api.ts';
import { AwsError } from '../wire/errors.ts';

/** Connections to the endpoint at once: as many functions may run. */
const CONNECTIONS = 1024;

type HeaderValues = Record<string, string | string[] | undefined>;

export function httpInvoker(endpoint: string): FunctionInvoker {
  const url = new URL(endpoint);
  const pool = new Pool(url.origin, { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 });
  return {
    async invoke(request): Promise<InvokeResult> {
      const qualifier =
        request.qualifier === undefined ? '' : `?Qualifier=${encodeURIComponent(request.qualifier)}`;
      const path = `/2015-03-31/functions/${encodeURIComponent(request.functionName)}/invocations${qualifier}`;
      const { statusCode, headers, body } = await pool.request({
        method: 'POST',
        path,
        headers: {
          'content-type': 'application/json',
          'x-amz-invocation-type': request.invocationType ?? 'RequestResponse',
          ...(request.withLogTail === true ? { 'x-amz-log-type': 'Tail' } : {}),
          ...(request.clientContext === undefined ? {} : { 'x-amz-client-context': request.clientContext }),
        },
        body: request.payload,
      });
      const text = await body.text();
      if (statusCode >= 300) throw toError(statusCode, headers, text);
      return toResult(statusCode, headers, text);
    },
  };
}

function toResult(statusCode: number, headers: HeaderValues, payload: string): InvokeResult {
  const functionError = header(headers, 'x-amz-function-error');
  const logResult = header(headers, 'x-amz-log-result');
  return {
    statusCode: statusCode as InvokeResult['statusCode'],
    payload,
    executedVersion: header(headers, 'x-amz-executed-version') ?? '$LATEST',
    requestId: header(headers, 'x-amzn-requestid') ?? '',
    ...(functionError === undefined ? {} : { functionError: functionError as 'Handled' | 'Unhandled' }),
    ...(logResult === undefined ? {} : { logTail: Buffer.from(logResult, 'base64').toString() }),
  };
}

function toError(statusCode: number, headers: HeaderValues, text: string): AwsError {
  const code = (header(headers, 'x-amzn-errortype') ?? 'ServiceException').split(':', 1)[0]!;
  return new AwsError(code, messageOf(text), { statusCode });
}

function messageOf(text: string): string {
  try {
    const body = JSON.parse(text) as { Message?: string; message?: string };
    return body.Message ?? body.message ?? text;
  } catch {
    return text;
  }
}

function header(headers: HeaderValues, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

// `arn:aws:states:::http:invoke`: an HTTP task, with what its connection adds to the request.
// https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
import { isObject, type Json, parseJson, textOf } from '../json/text.ts';
import { FieldFailure, StateFailure } from '../run/failure.ts';
import { inspectValue } from '../run/inspection.ts';
import { type Additions, connectionFor } from './http-connection.ts';
import { arrayFormat, formText } from './http-form.ts';
import type { Integration, RunningCall } from './integration.ts';

export const httpInvoke: Integration = {
  async run(call) {
    call.events.started();
    const controller = new AbortController();
    const forget = call.frame.cancellation.onCancel(() => controller.abort());
    try {
      return await request(call, controller.signal);
    } finally {
      forget();
    }
  },
};

const TIMEOUT_MS = 60_000;

async function request(call: RunningCall, signal: AbortSignal): Promise<Json> {
  const given = isObject(call.parameters) ? call.parameters : {};
  const added = await connectionFor(given, call.frame.execution.engine.connections, signal);
  const body = bodyOf(given, added);
  const address = addressOf(given, added);
  const method = String(given.Method ?? 'GET');
  // What the definition gives itself does not stand against the connection.
  const headers = { ...headersOf(given, body !== undefined), ...added.headers };
  inspectValue(call.frame, 'request', {
    protocol: address.protocol.slice(0, -1),
    method,
    url: address.href,
    headers: textOf(headers),
    ...(body === undefined ? {} : { body }),
  });
  const response = await fetch(address, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    redirect: 'manual',
  }).catch((thrown: unknown) => {
    throw new StateFailure('States.Http.Socket', String((thrown as Error).message), { isTask: true });
  });
  const text = await response.text();
  inspectValue(call.frame, 'response', {
    protocol: address.protocol.slice(0, -1),
    statusCode: String(response.status),
    statusMessage: response.statusText,
    headers: textOf(headerLists(response.headers)),
    body: text,
  });
  if (!response.ok)
    throw new StateFailure(`States.Http.StatusCode.${response.status}`, text, { isTask: true });
  return {
    Headers: headerLists(response.headers),
    ResponseBody: parsed(text),
    StatusCode: response.status,
    StatusText: response.statusText,
  };
}

type Given = Readonly<Record<string, Json>>;

function addressOf(given: Given, { query }: Additions): URL {
  const address = new URL(String(given.ApiEndpoint));
  const own = isObject(given.QueryParameters) ? given.QueryParameters : {};
  for (const [name, value] of Object.entries(own)) {
    for (const item of Array.isArray(value) ? value : [value]) address.searchParams.append(name, plain(item));
  }
  // Where both give one, the connection's stands.
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return address;
}

function plain(value: Json): string {
  return typeof value === 'string' ? value : textOf(value);
}

function isForm(given: Given): boolean {
  return isObject(given.Transform) && given.Transform.RequestBodyEncoding === 'URL_ENCODED';
}

function bodyOf(given: Given, { body: added }: Additions): string | undefined {
  const isAdded = Object.keys(added).length > 0;
  if (isAdded && given.RequestBody !== undefined && !isObject(given.RequestBody)) {
    const detail =
      'The body parameters of the connection cannot be merged into a RequestBody that is not a JSON object.';
    throw new FieldFailure('States.Runtime', detail);
  }
  const own = given.RequestBody ?? (isAdded ? {} : undefined);
  const RequestBody = isAdded && isObject(own) ? { ...own, ...added } : own;
  if (RequestBody === undefined) return undefined;
  if (!isForm(given) || !isObject(RequestBody)) return plain(RequestBody);
  return formText(RequestBody, arrayFormat(given));
}

function headersOf(given: Given, hasBody: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  if (hasBody)
    headers['content-type'] = isForm(given) ? 'application/x-www-form-urlencoded' : 'application/json';
  if (!isObject(given.Headers)) return headers;
  for (const [name, value] of Object.entries(given.Headers)) {
    headers[name.toLowerCase()] = Array.isArray(value) ? value.map(plain).join(', ') : plain(value);
  }
  return headers;
}

function headerLists(headers: Headers): Record<string, string[]> {
  return Object.fromEntries([...headers].map(([name, value]) => [name, [value]]));
}

function parsed(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

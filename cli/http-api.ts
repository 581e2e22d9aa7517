// The HTTP API as the commands see it: one place that knows its address, and turns whatever goes wrong into one line.
import { request } from 'undici';

export interface ApiAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Something to say to the person at the keyboard, without a stack. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Nothing answers just now: it may be starting again. */
export class UnreachableError extends CommandError {}

/** `--url`, or the loopback port of `npm start`. */
export function apiUrl(given: string | undefined): string {
  const url = given ?? `http://127.0.0.1:${process.env.SERIATIM_HTTP_PORT ?? '3000'}`;
  if (!URL.canParse(url)) throw new CommandError(`${url} is not a URL`);
  return url.replace(/\/+$/, '');
}

export interface ApiRequest {
  readonly url: string;
  /** From `/` on, with its query. */
  readonly path: string;
  /** Posted when given. */
  readonly body?: string | Uint8Array;
  /** Of the body: JSON unless told. */
  readonly contentType?: string;
}

/** @throws CommandError when nothing answers */
export async function callApi({
  url,
  path,
  body,
  contentType = 'application/json',
}: ApiRequest): Promise<ApiAnswer> {
  try {
    const answer = await request(url + path, {
      ...(body === undefined
        ? { method: 'GET' }
        : { method: 'POST', body, headers: { 'content-type': contentType } }),
    });
    return { statusCode: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  } catch (thrown) {
    throw unreachable(url, thrown as Error & { code?: string });
  }
}

/** What to say when nothing answered. */
export function unreachable(url: string, { code, message }: Error & { code?: string }): UnreachableError {
  if (code === 'ECONNREFUSED') {
    const advice = 'start it with "npm start", or give its address with --url';
    return new UnreachableError(`nothing listens at ${url}: ${advice}`);
  }
  return new UnreachableError(`${url} does not answer: ${message}`);
}

/** As a server that starts or stops, or what stands before it, answers. */
const UNAVAILABLE = new Set([502, 503]);

/** The JSON of a 200. @throws CommandError with the API's own words otherwise */
export async function getJson<Body>(asked: ApiRequest): Promise<Body> {
  const answer = await callApi(asked);
  if (UNAVAILABLE.has(answer.statusCode)) throw new UnreachableError(errorText(answer));
  if (answer.statusCode !== 200) throw new CommandError(errorText(answer));
  try {
    return JSON.parse(answer.text) as Body;
  } catch {
    throw new CommandError(`${asked.url} answered something that is not JSON: is it Seriatim's HTTP API?`);
  }
}

/** `{"error":{"code","message"}}`, API Gateway's `{"message"}`, or the text as it came. */
export function errorText({ statusCode, text }: ApiAnswer): string {
  try {
    const body = JSON.parse(text) as { error?: { code?: string; message?: string }; message?: string };
    const message = body.error?.message ?? body.message;
    const code = body.error?.code === undefined ? '' : ` ${body.error.code}`;
    if (message !== undefined) return `${statusCode}${code}: ${message}`;
  } catch {
    // Not JSON.
  }
  return `${statusCode}: ${text.slice(0, 200)}`;
}

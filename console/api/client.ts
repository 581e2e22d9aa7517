// The only caller of the HTTP API. A refusal becomes an `ApiFailure` with the API's own code and words. A token, where
// the API asks for one, is kept for as long as the tab is open and sent as a bearer token.

export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const TOKEN_KEY = 'seriatim-token';

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

export function hasToken(): boolean {
  return sessionStorage.getItem(TOKEN_KEY) !== null;
}

/** The answers last read, by path, so that what has not changed is neither sent nor drawn again. */
const answers = new Map<string, { readonly etag: string; readonly body: unknown }>();
const MOST_ANSWERS = 8;

/** @returns the very same value while the answer is the same. @throws ApiFailure */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const known = answers.get(path);
  const headers: Record<string, string> = known === undefined ? {} : { 'if-none-match': known.etag };
  const response = await request(path, { headers, ...(signal === undefined ? {} : { signal }) });
  if (response.status === 304 && known !== undefined) return known.body as T;
  if (!response.ok) throw await failureOf(response);
  const body: unknown = await response.json();
  keepAnswer(path, response.headers.get('etag'), body);
  return body as T;
}

function keepAnswer(path: string, etag: string | null, body: unknown): void {
  answers.delete(path);
  if (etag !== null) answers.set(path, { etag, body });
  if (answers.size > MOST_ANSWERS) answers.delete(answers.keys().next().value!);
}

/** @throws ApiFailure */
export async function postJson<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return (await (await call(path, { method: 'POST', headers, body: JSON.stringify(body) })).json()) as T;
}

/** @throws ApiFailure */
export async function getBlob(path: string, signal: AbortSignal): Promise<Blob> {
  return (await call(path, { signal })).blob();
}

/** The answer whatever its status. @throws ApiFailure only when nothing answers */
export async function request(path: string, options: RequestInit): Promise<Response> {
  const headers = new Headers(options.headers);
  const token = sessionStorage.getItem(TOKEN_KEY);
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  try {
    return await fetch(apiRoot() + path, { ...options, headers });
  } catch (thrown) {
    if (options.signal?.aborted) throw thrown;
    throw new ApiFailure(0, 'Unreachable', 'The API does not answer. Is Seriatim running?');
  }
}

async function call(path: string, options: RequestInit): Promise<Response> {
  const response = await request(path, options);
  if (response.ok) return response;
  throw await failureOf(response);
}

/** API Gateway's own refusals are `{"message"}`. */
async function failureOf(response: Response): Promise<ApiFailure> {
  const { status } = response;
  const body = (await response.json().catch(() => ({}))) as Partial<Record<string, unknown>>;
  const { code, message } = (body.error ?? {}) as { code?: string; message?: string };
  const words = message ?? (typeof body.message === 'string' ? body.message : response.statusText);
  return new ApiFailure(status, code ?? `HTTP ${status}`, words);
}

/** Whoever puts the page beside a deployed API writes where that is into the page's head. */
function apiRoot(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="seriatim-api"]');
  return (meta?.content ?? '').replace(/\/$/, '');
}

/** A path with its segments escaped, and a query without what is empty or absent. */
export function apiPath(
  segments: readonly string[],
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(kept.map(([name, value]) => [name, String(value)]));
  const path = segments.map(encodeURIComponent).join('/');
  return `/${path}${search.size === 0 ? '' : `?${search}`}`;
}

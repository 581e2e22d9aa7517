// The inspection API as the commands see it, wherever it is: over HTTP, in this process over AWS, or in this process
// over a file. One place turns its refusals into one line and an exit code.
import type { HttpAnswer } from '../../layers/seriatim/inspection/http/answers.ts';
import { CommandError } from '../http-api.ts';

/** One request, by its path from `/` on. */
export interface AskedRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

export type Ask = (request: AskedRequest) => Promise<HttpAnswer>;

export interface Api {
  get<Body>(path: string, query?: AskedRequest['query']): Promise<Body>;
  post<Body>(path: string, body?: unknown): Promise<Body>;
  bytes(path: string, query?: AskedRequest['query']): Promise<Content>;
}

export interface Content {
  readonly contentType: string;
  readonly body: Buffer;
}

/** Of the exit codes in docs/inspection.md, those that an answer's status means. */
const EXIT_CODES: Readonly<Record<number, number>> = { 401: 4, 403: 4, 404: 3, 410: 3 };

export function apiOver(ask: Ask): Api {
  const answered = async (request: AskedRequest): Promise<HttpAnswer> => {
    const answer = await ask(request);
    if (answer.statusCode < 300) return answer;
    throw new CommandError(`${answer.statusCode}${messageOf(answer)}`, EXIT_CODES[answer.statusCode]);
  };
  return {
    get: async (path, query = {}) => parsed(await answered({ method: 'GET', path, query })),
    post: async (path, body) => parsed(await answered({ method: 'POST', path, body })),
    bytes: async (path, query = {}) => {
      const answer = await answered({ method: 'GET', path, query });
      const contentType = answer.headers['content-type'] ?? 'application/octet-stream';
      return { contentType, body: bytesOf(answer) };
    },
  };
}

function bytesOf({ body, isBase64Encoded }: HttpAnswer): Buffer {
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
}

/** Not by way of bytes: a long view has ten megabytes. */
function textOf({ body, isBase64Encoded }: HttpAnswer): string {
  return isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
}

function parsed<Body>(answer: HttpAnswer): Body {
  try {
    return JSON.parse(textOf(answer)) as Body;
  } catch {
    throw new CommandError('The answer is not JSON: is it Seriatim’s HTTP API?');
  }
}

/** `{"error":{"code","message"}}`, API Gateway's `{"message"}`, or the text as it came. */
function messageOf(answer: HttpAnswer): string {
  const body = textOf(answer);
  try {
    const { error, message } = JSON.parse(body) as {
      error?: { code?: string; message?: string };
      message?: string;
    };
    const code = error?.code === undefined ? '' : ` ${error.code}`;
    return `${code}: ${error?.message ?? message ?? body}`;
  } catch {
    return `: ${body.slice(0, 200)}`;
  }
}

/** `/executions/<id>` with the id percent-encoded; an ARN has slashes in it. */
export function executionPath(root: 'executions' | 'payloads', id: string, below = ''): string {
  return `/${root}/${encodeURIComponent(id)}${below}`;
}

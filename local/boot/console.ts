// The inspection console at `/console/` on the HTTP port: the files that packaging built, from memory, compressed as
// the browser takes them. Only files of that folder can be asked for, by the names they had when it was read; the
// folder is read again when it was built anew.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative } from 'node:path';

/** Answers what lies below `/console/`, and tells by `true` that it did. */
export type ConsoleRoutes = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

interface Asset {
  readonly contentType: string;
  readonly etag: string;
  readonly isForever: boolean;
  readonly plain: Buffer;
  readonly br: Buffer | undefined;
  readonly gzip: Buffer | undefined;
}

const ROOT = '/console/';
const INDEX = 'index.html';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Pictures of payloads are drawn from memory; scripts come from this origin and from nowhere else. */
const POLICY = [
  "default-src 'self'",
  "img-src 'self' blob: data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

const SAFE_HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** @param folder what packaging built; nothing is served when it is not there */
export function consoleRoutes(folder: string): ConsoleRoutes {
  const assets = createAssets(folder);
  return (path, request, response) => {
    if (path === '/console') {
      response.writeHead(308, { location: ROOT }).end();
      return true;
    }
    if (!path.startsWith(ROOT)) return false;
    const asset = assets.find(path.slice(ROOT.length) || INDEX);
    if (asset === undefined) answerText(response, 404, `There is nothing at ${path}`);
    else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      answerText(response, 405, 'Only GET and HEAD');
    } else answerAsset(asset, request, response);
    return true;
  };
}

function answerText(response: ServerResponse, status: number, text: string): void {
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...SAFE_HEADERS };
  response.writeHead(status, headers).end(text);
}

function answerAsset(asset: Asset, request: IncomingMessage, response: ServerResponse): void {
  const { encoding, body } = encodingFor(asset, request.headers['accept-encoding'] ?? '');
  const etag = `"${asset.etag}${encoding === undefined ? '' : `-${encoding}`}"`;
  const headers = {
    ...SAFE_HEADERS,
    'content-type': asset.contentType,
    'cache-control': asset.isForever ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag,
    vary: 'accept-encoding',
  };
  if (request.headers['if-none-match']?.split(/,\s*/).includes(etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, {
    ...headers,
    'content-length': body.length,
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function encodingFor(asset: Asset, accepted: string): { encoding?: 'br' | 'gzip'; body: Buffer } {
  const taken = new Set(
    accepted
      .split(',')
      .map((one) => one.trim().toLowerCase())
      .filter((one) => !/;\s*q=0(\.0*)?$/.test(one))
      .map((one) => one.split(';', 1)[0]!),
  );
  for (const encoding of ['br', 'gzip'] as const) {
    const body = asset[encoding];
    if (body !== undefined && taken.has(encoding)) return { encoding, body };
  }
  return { body: asset.plain };
}

interface Assets {
  find(name: string): Asset | undefined;
}

function createAssets(folder: string): Assets {
  let read = new Map<string, Asset>();
  let builtMs: number | undefined;
  const refresh = (): void => {
    const mtimeMs = statSync(join(folder, INDEX), { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs === builtMs) return;
    read = mtimeMs === undefined ? new Map() : readAssets(folder);
    builtMs = mtimeMs;
  };
  return {
    find: (name) => {
      // Assets are named by their content: new names are known from a new page.
      if (name === INDEX || read.size === 0) refresh();
      return read.get(name);
    },
  };
}

function readAssets(folder: string): Map<string, Asset> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const nameOf = (file: string): string => relative(folder, file).replaceAll('\\', '/');
  const known = new Set(files);
  const served = files.filter((file) => extname(file) in TYPES);
  return new Map(served.map((file) => [nameOf(file), readAsset(file, { folder, known })]));
}

function readAsset(
  file: string,
  { folder, known }: { readonly folder: string; readonly known: ReadonlySet<string> },
): Asset {
  const beside = (ending: string): Buffer | undefined =>
    known.has(file + ending) ? readFileSync(file + ending) : undefined;
  const isForever = relative(folder, file).startsWith('assets');
  const { mtimeMs, size } = statSync(file);
  return {
    contentType: TYPES[extname(file)]!,
    etag: `${Math.round(mtimeMs).toString(36)}-${size.toString(36)}`,
    isForever,
    plain: readFileSync(file),
    br: beside('.br'),
    gzip: beside('.gz'),
  };
}

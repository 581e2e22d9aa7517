// What `seriatim invoke` sends: from an argument, files or standard input to the bodies of requests, each with its
// content type. Pictures go as their bytes, files of lines as a request per line, all else as JSON.
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { contentTypeOf } from '../../layers/seriatim/content-types.ts';
import { CommandError } from '../http-api.ts';

export interface Request {
  /** Where it comes from, to tell of a failure: `requests.ndjson:3`. */
  readonly from: string;
  readonly body: string | Uint8Array;
  readonly contentType: string;
}

/** Of standard input. */
const STDIN = '-';

const PICTURES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
};
/** Pictures that no pipeline reads: the API says so better for their own type than for JSON. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.bmp': 'image/bmp',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.svg': 'image/svg+xml',
  '.heic': 'image/heic',
  '.pdf': 'application/pdf',
};
const LINES: readonly string[] = ['.ndjson', '.jsonl'];
/** What the API takes none of, but a batch does. */
const FOR_BATCH: readonly string[] = ['.csv', '.tsv', '.parquet', '.gz'];

export function requestOf(data: string): Request {
  return { from: '--data', body: data, contentType: 'application/json' };
}

/** @throws CommandError for a file that cannot be read, holds nothing, or is of a kind that only a batch takes */
export async function requestsOf(file: string): Promise<Request[]> {
  const kind = extname(file).toLowerCase();
  if (FOR_BATCH.includes(kind)) {
    const kinds = '.json, .ndjson, .jsonl, .png, .jpg and .jpeg';
    throw new CommandError(
      `${file}: requests are ${kinds}; run a ${kind} file with "seriatim batch <pipeline> ${file}"`,
    );
  }
  const content = await read(file);
  if (content.length === 0) throw new CommandError(`${nameOf(file)} is empty`);
  // The bytes tell better than the name what a picture is; what is none keeps the type that its name says.
  const picture = contentTypeOf(content) ?? PICTURES[kind] ?? OTHER_TYPES[kind];
  if (picture !== undefined) return [{ from: nameOf(file), body: content, contentType: picture }];
  const text = content.toString('utf8');
  const isLines = LINES.includes(kind) || (kind !== '.json' && isSeveral(text));
  return isLines
    ? linesOf(file, text)
    : [{ from: nameOf(file), body: text, contentType: 'application/json' }];
}

async function read(file: string): Promise<Buffer> {
  if (file === STDIN) return buffer(process.stdin);
  return readFile(file).catch((thrown: Error) => {
    throw new CommandError(`${file} cannot be read: ${thrown.message}`);
  });
}

function nameOf(file: string): string {
  return file === STDIN ? 'standard input' : file;
}

/** Whether a text of no known kind is JSON Lines: it is no JSON as a whole, and its first line is. */
function isSeveral(text: string): boolean {
  return !isJson(text) && isJson(text.trim().split('\n', 1)[0]!);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Lines are not read before they are sent: the API says better what is wrong with one. */
function linesOf(file: string, text: string): Request[] {
  const requests = text
    .split('\n')
    .map((line, i) => ({
      from: `${nameOf(file)}:${i + 1}`,
      body: line.trim(),
      contentType: 'application/json',
    }))
    .filter(({ body }) => body !== '');
  if (requests.length === 0) throw new CommandError(`${nameOf(file)} holds no request`);
  return requests;
}

// Content types and Accept headers (RFC 9110). Parsed headers are remembered: a client sends the same ones each time.
import { InferenceError } from '../errors.ts';

export interface MediaType {
  /** `type/subtype` in lower case, without parameters. */
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The header as it came. */
  readonly text: string;
}

const REMEMBERED_HEADERS = 200;
const mediaTypes = new Map<string, MediaType>();
const acceptLists = new Map<string, readonly MediaType[]>();

/** @throws InferenceError UnsupportedContentType for a header that is no media type */
export function parseMediaType(text: string): MediaType {
  return remember(mediaTypes, text, () => parseOne(text));
}

/** The types of an Accept header, best first; those with `q=0` left out. */
export function parseAccept(text: string): readonly MediaType[] {
  return remember(acceptLists, text, () => parseList(text));
}

function remember<Value>(cache: Map<string, Value>, text: string, parse: () => Value): Value {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const value = parse();
  if (cache.size >= REMEMBERED_HEADERS) cache.clear();
  cache.set(text, value);
  return value;
}

function parseOne(text: string): MediaType {
  const [type = '', ...rest] = splitOutsideQuotes(text, ';');
  const name = type.trim().toLowerCase();
  if (!/^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
    throw new InferenceError('UnsupportedContentType', `"${text}" is not a content type.`);
  }
  return { type: name, parameters: Object.fromEntries(rest.map(parseParameter)), text };
}

function parseParameter(text: string): [string, string] {
  const [name = '', ...value] = text.split('=');
  const joined = value.join('=').trim();
  const unquoted = /^".*"$/s.test(joined) ? joined.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : joined;
  return [name.trim().toLowerCase(), unquoted];
}

function parseList(text: string): MediaType[] {
  return splitOutsideQuotes(text, ',')
    .filter((item) => item.trim() !== '')
    .map((item) => parseOne(item.trim()))
    .map((mediaType, order) => ({ mediaType, order, quality: quality(mediaType) }))
    .filter((item) => item.quality > 0)
    .sort((a, b) => b.quality - a.quality || a.order - b.order)
    .map((item) => item.mediaType);
}

function quality({ parameters }: MediaType): number {
  const value = Number(parameters.q ?? 1);
  return Number.isFinite(value) ? value : 1;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts = [''];
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '"' && text[i - 1] !== '\\') isQuoted = !isQuoted;
    if (char === separator && !isQuoted) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts;
}

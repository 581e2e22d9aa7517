// Listing a bucket in the order of its keys' UTF-8 bytes, by prefix and delimiter, a page at a time. A common prefix
// is skipped over with one seek, so a page costs what it shows and not what it hides.
import { isBefore, afterPrefix as leastAfterPrefix } from './names.ts';
import type { StoredObject } from './records.ts';

export interface ListRequest {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  /** Keys and common prefixes up to here, inclusive, are left out. */
  readonly after: string;
  readonly maxKeys: number;
}

export interface Listing {
  readonly objects: readonly StoredObject[];
  readonly commonPrefixes: readonly string[];
  /** The last key or common prefix shown, when there is more: the next page's `after`. */
  readonly next: string | undefined;
}

export type ObjectsFrom = (key: string) => Iterable<StoredObject>;

export function list(objectsFrom: ObjectsFrom, request: ListRequest): Listing {
  const page = { objects: [] as StoredObject[], commonPrefixes: [] as string[], last: '', more: false };
  if (request.maxKeys > 0) {
    for (let from = startOf(request); from !== undefined; )
      from = listUntilSkip(objectsFrom, request, from, page);
  }
  const { objects, commonPrefixes, last, more } = page;
  return { objects, commonPrefixes, next: more ? last : undefined };
}

interface Page {
  readonly objects: StoredObject[];
  readonly commonPrefixes: string[];
  last: string;
  more: boolean;
}

/** Returns where to go on after the first common prefix met; `undefined` at the end of the page or the keys. */
function listUntilSkip(
  objectsFrom: ObjectsFrom,
  request: ListRequest,
  from: string,
  page: Page,
): string | undefined {
  for (const object of objectsFrom(from)) {
    if (!object.key.startsWith(request.prefix)) return undefined;
    if (page.objects.length + page.commonPrefixes.length === request.maxKeys) {
      page.more = true;
      return undefined;
    }
    const group = commonPrefix(object.key, request);
    page.last = group ?? object.key;
    if (group !== undefined) {
      page.commonPrefixes.push(group);
      return leastAfterPrefix(group);
    }
    page.objects.push(object);
  }
  return undefined;
}

function startOf(request: ListRequest): string | undefined {
  const { prefix, after } = request;
  if (after === '') return prefix;
  const group = after.startsWith(prefix) ? commonPrefix(after, request) : undefined;
  // A page that ended inside a common prefix has shown it; nothing sorts between a key and itself with a NUL.
  const from = group === undefined ? `${after}\0` : leastAfterPrefix(group);
  return from !== undefined && isBefore(from, prefix) ? prefix : from;
}

function commonPrefix(key: string, { prefix, delimiter }: ListRequest): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : key.slice(0, at + delimiter.length);
}

/** Continuation tokens are opaque to callers. */
export function encodeToken(after: string): string {
  return Buffer.from(`1${after}`).toString('base64url');
}

/** `undefined` for what `encodeToken` did not make. */
export function decodeToken(token: string): string | undefined {
  const text = Buffer.from(token, 'base64url').toString();
  return text.startsWith('1') && encodeToken(text.slice(1)) === token ? text.slice(1) : undefined;
}

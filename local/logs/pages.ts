// Pages of a sorted list. A token names the last entry of the page before, so a list may change between pages.
import type { SdkValues } from '../service.ts';
import { invalid, optionalNumber, optionalText } from './input.ts';

export interface PageRules<Item> {
  readonly max: number;
  /** What the list is sorted by; unique. */
  readonly key: (item: Item) => string;
}

export function paginate<Item>(
  items: readonly Item[],
  input: SdkValues,
  { max, key }: PageRules<Item>,
): { page: readonly Item[]; nextToken: string | undefined } {
  const token = optionalText(input, 'nextToken');
  const size = pageSize(input, max);
  const start = token === undefined ? 0 : startAfter(items, decodeToken(token), key);
  const page = items.slice(start, start + size);
  const last = page.at(-1);
  const hasMore = start + size < items.length && last !== undefined;
  return { page, nextToken: hasMore ? Buffer.from(key(last)).toString('base64url') : undefined };
}

export function pageSize(input: SdkValues, max: number): number {
  return Math.min(Math.max(1, optionalNumber(input, 'limit') ?? max), max);
}

function decodeToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (text === '') throw invalid('The specified nextToken is invalid.');
  return text;
}

/** In either direction of sorting: after the entry itself, or where it would have stood. */
function startAfter<Item>(items: readonly Item[], last: string, key: (item: Item) => string): number {
  const exact = items.findIndex((item) => key(item) === last);
  if (exact >= 0) return exact + 1;
  const isAscending = items.length < 2 || key(items[0]!) < key(items[1]!);
  const next = items.findIndex((item) => (isAscending ? key(item) > last : key(item) < last));
  return next < 0 ? items.length : next;
}

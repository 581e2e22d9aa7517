// The List operations' common part: filters by name, time and status, order, and pages by NextToken.
import type { SdkValues } from '../../service.ts';
import { invalid, Problems } from './problems.ts';

export interface Listing<Item> {
  readonly items: Iterable<Item>;
  readonly name: (item: Item) => string;
  readonly created: (item: Item) => Date;
  readonly modified?: (item: Item) => Date;
  readonly status?: (item: Item) => string;
}

/**
 * One page of what matches. Newest first unless told.
 * @throws AwsError ValidationException for a NextToken that is not ours
 */
export function page<Item>(input: SdkValues, listing: Listing<Item>): { items: Item[]; NextToken?: string } {
  new Problems()
    .number('maxResults', input.MaxResults, { min: 1, max: 100, isOptional: true })
    .text('sortOrder', input.SortOrder, { oneOf: ['Ascending', 'Descending'], isOptional: true })
    .throwIfAny();
  const matching = [...listing.items].filter((item) => matches(input, listing, item));
  matching.sort(order(input, listing));
  const from = offsetOf(input.NextToken);
  const size = (input.MaxResults as number | undefined) ?? 10;
  const items = matching.slice(from, from + size);
  return from + size < matching.length
    ? { items, NextToken: Buffer.from(String(from + size)).toString('base64url') }
    : { items };
}

function matches<Item>(input: SdkValues, listing: Listing<Item>, item: Item): boolean {
  const name = input.NameContains;
  if (typeof name === 'string' && !listing.name(item).toLowerCase().includes(name.toLowerCase()))
    return false;
  if (input.StatusEquals !== undefined && listing.status?.(item) !== input.StatusEquals) return false;
  const modified = listing.modified?.(item) ?? listing.created(item);
  return (
    isWithin(listing.created(item), input.CreationTimeAfter, input.CreationTimeBefore) &&
    isWithin(modified, input.LastModifiedTimeAfter, input.LastModifiedTimeBefore)
  );
}

function isWithin(time: Date, after: unknown, before: unknown): boolean {
  const ms = time.getTime();
  return (after === undefined || ms > epochMs(after)) && (before === undefined || ms < epochMs(before));
}

/** Times come as Date in process and as epoch seconds over the wire. */
function epochMs(time: unknown): number {
  return typeof time === 'number' ? time * 1000 : new Date(time as string | Date).getTime();
}

function order<Item>(input: SdkValues, listing: Listing<Item>): (a: Item, b: Item) => number {
  const sign = input.SortOrder === 'Ascending' ? 1 : -1;
  const byName = (a: Item, b: Item) => (listing.name(a) < listing.name(b) ? -1 : 1);
  const byTime = (a: Item, b: Item) => listing.created(a).getTime() - listing.created(b).getTime();
  return (a, b) => sign * (input.SortBy === 'Name' ? byName(a, b) : byTime(a, b) || byName(a, b));
}

function offsetOf(token: unknown): number {
  if (token === undefined || token === null) return 0;
  const offset = Number(Buffer.from(String(token), 'base64url').toString());
  if (!Number.isInteger(offset) || offset < 0) throw invalid('Invalid pagination token');
  return offset;
}

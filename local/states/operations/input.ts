// Reading the members of a request: types, lengths, page sizes and page tokens, ARNs.
import { crc32 } from 'node:zlib';
import type { SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { isObject } from '../json/text.ts';
import { constraint, invalidArn, missing, validation } from './api-errors.ts';

/** @throws AwsError ValidationException */
export function requiredText(input: SdkValues, member: string): string {
  const value = input[member];
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) throw missing(member);
  throw validation(`Value at '${member}' is not a string`);
}

export function optionalText(input: SdkValues, member: string): string | undefined {
  const value = input[member];
  return typeof value === 'string' ? value : undefined;
}

/** One of the values of an enumeration. @throws AwsError ValidationException */
export function optionalChoice<T extends string>(
  input: SdkValues,
  member: string,
  values: readonly T[],
): T | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  const found = values.find((candidate) => candidate === value);
  if (found === undefined) {
    throw constraint(String(value), member, `satisfy enum value set: [${values.join(', ')}]`);
  }
  return found;
}

/** `includedData`: METADATA_ONLY leaves inputs and outputs out of an answer. @throws AwsError ValidationException */
export function readIncluded(input: SdkValues): boolean {
  return optionalChoice(input, 'includedData', ['ALL_DATA', 'METADATA_ONLY']) !== 'METADATA_ONLY';
}

/** The longest error name and cause that a caller may give. */
export const MAX_ERROR = 256;
export const MAX_CAUSE = 32_768;

/** A text of at most so many characters. @throws AwsError ValidationException */
export function boundedText(input: SdkValues, member: string, most: number): string | undefined {
  const value = optionalText(input, member);
  if (value !== undefined && value.length > most) {
    throw constraint(value, member, `have length less than or equal to ${most}`);
  }
  return value;
}

/** An ARN of Step Functions. @throws AwsError InvalidArn */
export function requiredArn(input: SdkValues, member: string): string {
  const arn = requiredText(input, member);
  checkArn(arn);
  return arn;
}

export function checkArn(arn: string): void {
  if (!arn.startsWith('arn:')) throw invalidArn(`Invalid ARN prefix: ${arn}`);
  const parts = arn.split(':');
  if (parts.length < 6) throw invalidArn(`Invalid ARN: ${arn}`);
}

const MAX_RESULTS = 1000;
const DEFAULT_RESULTS = 100;

export interface Page {
  readonly limit: number;
  readonly token: string | undefined;
}

/** `maxResults` and `nextToken`; 0 means 100. @throws AwsError ValidationException */
export function readPage(input: SdkValues, maxTokenLength = 1024): Page {
  const limit = Number(input.maxResults ?? 0);
  if (limit > MAX_RESULTS) {
    throw constraint(String(limit), 'maxResults', `have value less than or equal to ${MAX_RESULTS}`);
  }
  if (limit < 0) throw constraint(String(limit), 'maxResults', 'have value greater than or equal to 0');
  const token = optionalText(input, 'nextToken');
  if (token !== undefined && token.length > maxTokenLength) {
    throw constraint(token, 'nextToken', `have length less than or equal to ${maxTokenLength}`);
  }
  return { limit: limit === 0 ? DEFAULT_RESULTS : limit, token };
}

/** Of a list that is at hand whole, in the order of the items' times. */
export interface Listing<T> {
  /** What is listed: a token of another list is refused. */
  readonly of: string;
  readonly msOf: (item: T) => number;
  readonly isNewestFirst?: boolean;
}

/** A page; its token names the last item, so that what is deleted or created meanwhile hides no other. */
export function pageOf<T extends { readonly arn: string }>(
  items: readonly T[],
  page: Page,
  listing: Listing<T>,
): { items: readonly T[]; nextToken?: string } {
  const from = page.token === undefined ? 0 : following(items, page.token, listing);
  const shown = items.slice(from, from + page.limit);
  const last = shown.at(-1);
  if (last === undefined || from + page.limit >= items.length) return { items: shown };
  const nextToken = encodeToken<After>({ arn: last.arn, ms: listing.msOf(last) }, listing.of);
  return { items: shown, nextToken };
}

interface After {
  readonly arn: string;
  readonly ms: number;
}

function following<T extends { readonly arn: string }>(
  items: readonly T[],
  token: string,
  { of, msOf, isNewestFirst = false }: Listing<T>,
): number {
  const after = decodeToken<After>(token, of);
  const index = items.findIndex(({ arn }) => arn === after.arn);
  if (index !== -1) return index + 1;
  // Deleted meanwhile. One of the same millisecond is rather shown twice than never.
  const next = items.findIndex((item) => (isNewestFirst ? msOf(item) <= after.ms : msOf(item) >= after.ms));
  return next === -1 ? items.length : next;
}

/** @param of what is listed, with its filters */
export function encodeToken<T>(at: T, of: string): string {
  return Buffer.from(JSON.stringify({ at, of: crc32(of) })).toString('base64url');
}

/** @throws AwsError InvalidToken for no token, or one of another list */
export function decodeToken<T>(token: string, of: string): T {
  const found = parsedToken(token);
  if (!isObject(found) || found.of !== crc32(of)) {
    throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
  }
  return found.at as T;
}

function parsedToken(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    return undefined;
  }
}

// Reading the members of a request: types, lengths, page sizes and page tokens, ARNs.
import type { SdkValues } from '../../service.ts';
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

/** A page of a list that is at hand whole; tokens are positions. */
export function pageOf<T>(items: readonly T[], page: Page): { items: readonly T[]; nextToken?: string } {
  const from = page.token === undefined ? 0 : decodeToken<number>(page.token);
  const end = from + page.limit;
  const shown = items.slice(from, end);
  return end < items.length ? { items: shown, nextToken: encodeToken(end) } : { items: shown };
}

export function encodeToken(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** @throws AwsError InvalidToken */
export function decodeToken<T>(token: string): T {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString()) as T;
  } catch {
    throw validation("Invalid Token: 'Invalid token'");
  }
}

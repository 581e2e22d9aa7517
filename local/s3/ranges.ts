// Byte ranges of a GET. https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
import { AwsError } from '../wire/errors.ts';
import type { ByteRange } from './api.ts';
import type { StoredObject } from './records.ts';

/** A `Range` header as S3 takes it: one range. What cannot be read, or is several, asks for the whole. */
export type RangeAsked =
  | { readonly first: number; readonly last?: number }
  | { readonly suffixBytes: number };

export function parseRange(header: string | undefined): RangeAsked | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const [, first, last] = match;
  if (first === '') return last === '' ? undefined : { suffixBytes: Number(last) };
  if (last === '') return { first: Number(first) };
  return Number(last) < Number(first) ? undefined : { first: Number(first), last: Number(last) };
}

/** @throws AwsError InvalidRange (416) when nothing of the object is in it */
export function resolveRange(asked: RangeAsked | undefined, sizeBytes: number): ByteRange | undefined {
  if (asked === undefined) return undefined;
  const range =
    'suffixBytes' in asked
      ? { first: Math.max(0, sizeBytes - asked.suffixBytes), last: sizeBytes - 1 }
      : { first: asked.first, last: Math.min(asked.last ?? sizeBytes - 1, sizeBytes - 1) };
  if (range.first <= range.last) return range;
  throw new AwsError('InvalidRange', 'The requested range is not satisfiable', {
    statusCode: 416,
    members: { ActualObjectSize: sizeBytes },
  });
}

/** The bytes of one part of a multipart object; another object is one part. @throws AwsError InvalidPartNumber (416) */
export function rangeOfPart({ details, sizeBytes }: StoredObject, number: number): ByteRange | undefined {
  const parts = details.parts ?? [{ bytes: sizeBytes }];
  const part = parts[number - 1];
  if (part === undefined) {
    throw new AwsError('InvalidPartNumber', 'The requested partnumber is not satisfiable', {
      statusCode: 416,
    });
  }
  const first = parts.slice(0, number - 1).reduce((sum, { bytes }) => sum + bytes, 0);
  return part.bytes === 0 ? undefined : { first, last: first + part.bytes - 1 };
}

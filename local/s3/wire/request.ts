// One request to S3 as its handlers see it: the bucket and key it is about, its headers and its query.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WireCall } from '../../service.ts';
import { decodePath } from '../addresses.ts';
import type { Conditions } from '../conditions.ts';

export interface S3Request {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Empty when the request names none. */
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly requestId: string;
  /** A header; those of AWS may also stand in the query of a presigned URL. */
  header(name: string): string | undefined;
}

/** @throws AwsError InvalidURI (400) */
export function readRequest(call: WireCall): S3Request {
  const { request: incoming, response, method, query, requestId } = call;
  const { headers } = incoming;
  const hosted = bucketOfHost(headers.host);
  const path = call.path.startsWith('/') ? call.path.slice(1) : call.path;
  const slash = hosted === undefined ? path.indexOf('/') : -1;
  const bucket = hosted ?? decodePath(slash === -1 ? path : path.slice(0, slash));
  const key = hosted === undefined ? (slash === -1 ? '' : path.slice(slash + 1)) : path;
  const header = (name: string): string | undefined => {
    const value = headers[name] ?? (name.startsWith('x-amz-') ? (query.get(name) ?? undefined) : undefined);
    return Array.isArray(value) ? value.join(',') : value;
  };
  return { incoming, response, method, bucket, key: decodePath(key), query, requestId, header };
}

/**
 * Virtual-hosted style: `bucket.localhost`, `bucket.s3.localhost`, `bucket.s3.us-east-1.amazonaws.com`. A bare name or
 * address is path style.
 */
export function bucketOfHost(host: string | undefined): string | undefined {
  const name = host?.replace(/:\d+$/, '').toLowerCase() ?? '';
  if (/^s3[.-]/.test(name)) return undefined;
  return (/^(.+)\.s3[.-][a-z0-9.-]+$/.exec(name) ?? /^(.+)\.localhost$/.exec(name))?.[1];
}

/** `If-Match` and its kin, or with a prefix those of a copy's source. */
export function conditionsOf({ header }: S3Request, prefix = ''): Conditions {
  const found: Record<string, string> = {};
  for (const [member, name] of CONDITION_HEADERS) {
    const value = header(prefix + name);
    if (value !== undefined) found[member] = value;
  }
  return found;
}

const CONDITION_HEADERS = [
  ['ifMatch', 'if-match'],
  ['ifNoneMatch', 'if-none-match'],
  ['ifModifiedSince', 'if-modified-since'],
  ['ifUnmodifiedSince', 'if-unmodified-since'],
] as const;

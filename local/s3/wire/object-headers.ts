// An object's properties in the headers of requests and answers.
import type { OutgoingHttpHeaders } from 'node:http';
import type { Bucket } from '../buckets.ts';
import { checksumHeader } from '../checksums.ts';
import { METADATA_PREFIX, STORED_HEADER_NAMES, withoutTransferCoding } from '../details.ts';
import { expiryOf } from '../lifecycle-rules.ts';
import { DEFAULT_CONTENT_TYPE, type DetailsGiven } from '../objects.ts';
import type { StoredObject } from '../records.ts';
import { checkObjectTags, parseTagHeader } from '../tags.ts';
import type { S3Request } from './request.ts';

/** What a PUT, copy or upload says about the object. @throws AwsError InvalidTag (400) */
export function readDetails(request: S3Request): DetailsGiven {
  const tagging = request.header('x-amz-tagging');
  return {
    headers: readStoredHeaders(request),
    metadata: readMetadata(request),
    ...(tagging === undefined ? {} : { tags: checkObjectTags(parseTagHeader(tagging)) }),
  };
}

function readStoredHeaders({ header }: S3Request): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of STORED_HEADER_NAMES) {
    const value = header(name);
    const kept = name === 'content-encoding' && value !== undefined ? withoutTransferCoding(value) : value;
    if (kept !== undefined) headers[name] = kept;
  }
  headers['content-type'] ??= DEFAULT_CONTENT_TYPE;
  return headers;
}

function readMetadata({ incoming, query }: S3Request): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, value] of query) {
    const lower = name.toLowerCase();
    if (lower.startsWith(METADATA_PREFIX)) metadata[lower.slice(METADATA_PREFIX.length)] = value;
  }
  for (const name in incoming.headers) {
    if (!name.startsWith(METADATA_PREFIX)) continue;
    metadata[name.slice(METADATA_PREFIX.length)] = String(incoming.headers[name]);
  }
  return metadata;
}

/** Query parameters with which a reader overrides headers of the answer. */
const OVERRIDES: Readonly<Record<string, string>> = {
  'response-cache-control': 'cache-control',
  'response-content-disposition': 'content-disposition',
  'response-content-encoding': 'content-encoding',
  'response-content-language': 'content-language',
  'response-content-type': 'content-type',
  'response-expires': 'expires',
};

/** The headers of an answer to GET or HEAD, but for those of the range. */
export function objectHeaders(request: S3Request, bucket: Bucket, object: StoredObject): OutgoingHttpHeaders {
  const { details, etag, lastModifiedMs } = object;
  const headers: OutgoingHttpHeaders = {
    'x-amz-request-id': request.requestId,
    etag,
    'last-modified': new Date(lastModifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    'x-amz-server-side-encryption': 'AES256',
    ...details.headers,
  };
  if (headers['x-amz-storage-class'] === 'STANDARD') delete headers['x-amz-storage-class'];
  for (const name in details.metadata)
    headers[METADATA_PREFIX + name] = encodeHeader(details.metadata[name]!);
  if (details.tags !== undefined && details.tags.length > 0) {
    headers['x-amz-tagging-count'] = details.tags.length;
  }
  const expiry = bucket.lifecycle.length === 0 ? undefined : expiryOf(bucket.lifecycle, object);
  if (expiry !== undefined) {
    const id = encodeURIComponent(expiry.rule.id ?? '');
    headers['x-amz-expiration'] = `expiry-date="${new Date(expiry.atMs).toUTCString()}", rule-id="${id}"`;
  }
  override(headers, request.query);
  return headers;
}

function override(headers: OutgoingHttpHeaders, query: URLSearchParams): void {
  if (query.size === 0) return;
  for (const parameter in OVERRIDES) {
    const value = query.get(parameter);
    if (value !== null) headers[OVERRIDES[parameter]!] = encodeHeader(value);
  }
}

/** `x-amz-checksum-…`, when the object has one. */
export function checksumHeaders({ details: { checksum } }: StoredObject): OutgoingHttpHeaders {
  if (checksum === undefined) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** Header values are Latin-1; S3 encodes what is not as RFC 2047 has it. */
function encodeHeader(value: string): string {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)
    ? value
    : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}

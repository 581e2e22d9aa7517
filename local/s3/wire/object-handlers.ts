// Operations on one object: put, get, head, copy, delete, tags, attributes.
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseCopySource } from '../addresses.ts';
import type { ByteRange } from '../api.ts';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, checksumElement, toAlgorithm } from '../checksums.ts';
import { bareEtag, checkRead } from '../conditions.ts';
import { DEFAULT_STORAGE_CLASS } from '../details.ts';
import type { Ground } from '../ground.ts';
import * as objects from '../objects.ts';
import { parseRange, rangeOfPart, resolveRange } from '../ranges.ts';
import type { StoredObject } from '../records.ts';
import { checkObjectTags, readTags, writeTags } from '../tags.ts';
import type { XmlElement } from '../xml.ts';
import { incomingBody, readDocument } from './body.ts';
import { checkVersion, type Handlers } from './handler.ts';
import { checksumHeaders, objectHeaders, readDetails } from './object-headers.ts';
import { sendDocument, sendEmpty, sendXml } from './reply.ts';
import { conditionsOf, type S3Request } from './request.ts';

export const objectHandlers: Handlers = {
  async PutObject(ground, request) {
    const incoming = await incomingBody(request);
    const put = { incoming, details: readDetails(request), conditions: conditionsOf(request) };
    const object = await objects.putObject(ground, request, put);
    sendEmpty(request, 200, {
      etag: object.etag,
      'x-amz-server-side-encryption': object.details.headers['x-amz-server-side-encryption'] ?? 'AES256',
      ...checksumHeaders(object),
    });
  },
  async GetObject(ground, request) {
    checkVersion(request);
    const { object, body } = objects.openObject(ground, request);
    if (isNotModified(request, object)) return;
    const range = rangeAsked(request, object);
    const span = range ?? { first: 0, last: object.sizeBytes - 1 };
    const bytes = objects.readBody(ground, body, span);
    if (!(bytes instanceof Uint8Array)) await opened(bytes);
    request.response.writeHead(
      range === undefined ? 200 : 206,
      getHeaders(ground, request, { object, range }),
    );
    if (bytes instanceof Uint8Array) request.response.end(bytes);
    else await send(bytes, request.response);
  },
  HeadObject(ground, request) {
    checkVersion(request);
    const object = objects.headObject(ground, request);
    if (isNotModified(request, object)) return;
    const range = rangeAsked(request, object);
    request.response.writeHead(
      range === undefined ? 200 : 206,
      getHeaders(ground, request, { object, range }),
    );
    request.response.end();
  },
  DeleteObject(ground, request) {
    checkVersion(request);
    const ifMatch = request.header('if-match');
    objects.deleteObject(ground, request, ifMatch === undefined ? {} : { ifMatch });
    sendEmpty(request, 204);
  },
  async CopyObject(ground, request) {
    const object = await objects.copyObject(ground, request, readCopying(request));
    sendXml(request, 'CopyObjectResult', copyResult(object), { 'x-amz-server-side-encryption': 'AES256' });
  },
  GetObjectTagging(ground, request) {
    checkVersion(request);
    const { details } = objects.headObject(ground, request);
    sendDocument(request, writeTags(details.tags ?? []), { 'content-type': 'application/xml' });
  },
  async PutObjectTagging(ground, request) {
    checkVersion(request);
    const tags = checkObjectTags(readTags(await readDocument(request)));
    objects.tagObject(ground, request, tags);
    sendEmpty(request, 200);
  },
  DeleteObjectTagging(ground, request) {
    checkVersion(request);
    objects.tagObject(ground, request, []);
    sendEmpty(request, 204);
  },
  GetObjectAttributes(ground, request) {
    checkVersion(request);
    const object = objects.headObject(ground, request);
    const asked = new Set(
      (request.header('x-amz-object-attributes') ?? '').split(',').map((one) => one.trim()),
    );
    sendXml(request, 'GetObjectAttributesResponse', attributes(object, asked), {
      'last-modified': new Date(object.lastModifiedMs).toUTCString(),
    });
  },
};

/** Answers 304 itself. @throws AwsError PreconditionFailed (412) */
function isNotModified(request: S3Request, object: StoredObject): boolean {
  if (checkRead(conditionsOf(request), object) === 'send') return false;
  const lastModified = new Date(object.lastModifiedMs).toUTCString();
  sendEmpty(request, 304, { etag: object.etag, 'last-modified': lastModified });
  return true;
}

function rangeAsked({ query, header }: S3Request, object: StoredObject): ByteRange | undefined {
  const part = query.get('partNumber');
  if (part !== null) return rangeOfPart(object, Number(part));
  return resolveRange(parseRange(header('range')), object.sizeBytes);
}

function getHeaders(
  ground: Ground,
  request: S3Request,
  { object, range }: { object: StoredObject; range: ByteRange | undefined },
) {
  const headers = objectHeaders(request, ground.buckets.get(request.bucket), object);
  headers['content-length'] = range === undefined ? object.sizeBytes : range.last - range.first + 1;
  if (range !== undefined)
    headers['content-range'] = `bytes ${range.first}-${range.last}/${object.sizeBytes}`;
  if (request.query.has('partNumber') && object.details.parts !== undefined) {
    headers['x-amz-mp-parts-count'] = object.details.parts.length;
  }
  const wantsChecksum = request.header('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
  return wantsChecksum && range === undefined ? { ...headers, ...checksumHeaders(object) } : headers;
}

/** A file that cannot be opened must be known before the status is sent. */
function opened(body: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    body.once('readable', resolve);
    body.once('error', reject);
  });
}

/** A reader that goes away early is no error of ours. */
async function send(body: Readable, response: ServerResponse): Promise<void> {
  await pipeline(body, response).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'ERR_STREAM_PREMATURE_CLOSE' && thrown.code !== 'ECONNRESET') throw thrown;
  });
}

function readCopying(request: S3Request): objects.Copying {
  const { header } = request;
  const { headers, metadata, tags } = readDetails(request);
  const algorithm = header('x-amz-checksum-algorithm');
  return {
    source: parseCopySource(header('x-amz-copy-source') ?? ''),
    sourceConditions: conditionsOf(request, 'x-amz-copy-source-'),
    conditions: conditionsOf(request),
    ...(header('x-amz-metadata-directive') === 'REPLACE' ? { details: { headers, metadata } } : {}),
    ...(header('x-amz-tagging-directive') === 'REPLACE' ? { tags: tags ?? [] } : {}),
    ...(algorithm === undefined ? {} : { checksumAlgorithm: toAlgorithm(algorithm) }),
  };
}

export function copyResult(object: StoredObject): XmlElement {
  return {
    LastModified: new Date(object.lastModifiedMs).toISOString(),
    ETag: object.etag,
    ...checksumMembers(object),
  };
}

export function checksumMembers({ details: { checksum } }: StoredObject): XmlElement {
  if (checksum === undefined) return {};
  return { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type };
}

function attributes(object: StoredObject, asked: ReadonlySet<string>): XmlElement {
  const { details, etag, sizeBytes } = object;
  return {
    ETag: asked.has('ETag') ? bareEtag(etag) : undefined,
    Checksum: asked.has('Checksum') && details.checksum !== undefined ? checksumMembers(object) : undefined,
    ObjectParts: asked.has('ObjectParts') ? partAttributes(object) : undefined,
    StorageClass: asked.has('StorageClass')
      ? (details.headers['x-amz-storage-class'] ?? DEFAULT_STORAGE_CLASS)
      : undefined,
    ObjectSize: asked.has('ObjectSize') ? sizeBytes : undefined,
  };
}

function partAttributes({ details: { parts, checksum } }: StoredObject): XmlElement | undefined {
  if (parts === undefined) return undefined;
  // S3 lists the parts only of an object whose checksum is composed of theirs.
  const listed = checksum?.type === 'COMPOSITE' ? parts : [];
  return {
    PartsCount: parts.length,
    Part: listed.map((part) => ({
      PartNumber: part.number,
      Size: part.bytes,
      ...partChecksum(checksum?.algorithm, part.checksum),
    })),
  };
}

export function partChecksum(
  algorithm: ChecksumAlgorithm | undefined,
  value: string | undefined,
): XmlElement {
  return algorithm === undefined || value === undefined ? {} : { [checksumElement(algorithm)]: value };
}

/** The checksum among a document's elements or a request's headers. */
export function findChecksum(read: (algorithm: ChecksumAlgorithm) => string | undefined): string | undefined {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = read(algorithm);
    if (value !== undefined) return value;
  }
  return undefined;
}

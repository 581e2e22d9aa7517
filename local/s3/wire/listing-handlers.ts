// Operations that list, and the deletion of many objects: objects (three ways), uploads, parts.
import { AwsError, toAwsError } from '../../wire/errors.ts';
import { DEFAULT_STORAGE_CLASS } from '../details.ts';
import type { Ground } from '../ground.ts';
import { decodeToken, encodeToken, type Listing } from '../listing.ts';
import { findUpload } from '../multipart.ts';
import { invalidToken, listObjects } from '../object-listing.ts';
import { deleteObject } from '../objects.ts';
import type { StoredObject } from '../records.ts';
import { children, childText, malformedXml, readXml, type XmlElement, type XmlNode } from '../xml.ts';
import { readDocument } from './body.ts';
import { type Handlers, notImplemented } from './handler.ts';
import { partChecksum } from './object-handlers.ts';
import { sendXml } from './reply.ts';
import type { S3Request } from './request.ts';
import { listUploads } from './upload-listing.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const MAX_DELETED = 1000;

export const listingHandlers: Handlers = {
  ListObjectsV2(ground, request) {
    const { query } = request;
    const token = query.get('continuation-token');
    const after = token === null ? (query.get('start-after') ?? '') : decodeToken(token);
    if (after === undefined) throw invalidToken();
    const { listing, asked, encode } = listPage(ground, request, after);
    sendXml(request, 'ListBucketResult', {
      ...asked,
      KeyCount: listing.objects.length + listing.commonPrefixes.length,
      ContinuationToken: token ?? undefined,
      NextContinuationToken: listing.next === undefined ? undefined : encodeToken(listing.next),
      StartAfter: encode(query.get('start-after')),
      ...members(listing, encode, query.get('fetch-owner') === 'true' ? ground.place.accountId : undefined),
    });
  },
  ListObjects(ground, request) {
    const { query } = request;
    const { listing, asked, encode } = listPage(ground, request, query.get('marker') ?? '');
    sendXml(request, 'ListBucketResult', {
      ...asked,
      Marker: encode(query.get('marker') ?? ''),
      // Without a delimiter the last key says where to go on.
      NextMarker: query.get('delimiter') ? encode(listing.next ?? null) : undefined,
      ...members(listing, encode, ground.place.accountId),
    });
  },
  ListObjectVersions(ground, request) {
    const { query } = request;
    const { listing, asked, encode } = listPage(ground, request, query.get('key-marker') ?? '');
    sendXml(request, 'ListVersionsResult', {
      ...asked,
      KeyMarker: encode(query.get('key-marker') ?? ''),
      VersionIdMarker: query.get('version-id-marker') ?? '',
      NextKeyMarker: encode(listing.next ?? null),
      NextVersionIdMarker: listing.next === undefined ? undefined : 'null',
      Version: listing.objects.map((object) => ({
        ...listed(object, encode, ground.place.accountId),
        VersionId: 'null',
        IsLatest: true,
      })),
      CommonPrefixes: listing.commonPrefixes.map((Prefix) => ({ Prefix: encode(Prefix) })),
    });
  },
  ListMultipartUploads(ground, request) {
    sendXml(request, 'ListMultipartUploadsResult', listUploads(ground, request, encoder(request)));
  },
  ListParts(ground, request) {
    sendXml(request, 'ListPartsResult', listParts(ground, request));
  },
  async DeleteObjects(ground, request) {
    ground.buckets.get(request.bucket);
    const root = readXml(await readDocument(request), 'Delete');
    const named = children(root, 'Object');
    if (named.length === 0 || named.length > MAX_DELETED) throw malformedXml();
    const results = named.map((node) => deleteOne(ground, request.bucket, node));
    const isQuiet = childText(root, 'Quiet') === 'true';
    sendXml(request, 'DeleteResult', {
      Deleted: results.filter((result) => !('Code' in result) && !isQuiet),
      Error: results.filter((result) => 'Code' in result),
    });
  },
};

type Encode = (text: string | null) => string | undefined;

/** With `encoding-type=url` every key and prefix comes percent-encoded, because XML cannot hold every character. */
function encoder({ query }: S3Request): Encode {
  const encoding = query.get('encoding-type');
  if (encoding !== null && encoding !== 'url') {
    throw new AwsError('InvalidArgument', 'Invalid Encoding Method specified in Request');
  }
  if (encoding === null) return (text) => text ?? undefined;
  return (text) => (text === null ? undefined : encodeURIComponent(text).replaceAll('%2F', '/'));
}

function listPage(ground: Ground, request: S3Request, after: string) {
  const { bucket, query } = request;
  const encode = encoder(request);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = wholeNumber(query.get('max-keys'), 1000);
  const listing = listObjects(ground, bucket, { prefix, delimiter, after, maxKeys });
  const asked = {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    MaxKeys: Math.min(maxKeys, 1000),
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: listing.next !== undefined,
  };
  return { listing, asked, encode };
}

/** `NaN`, which is refused further in, for what is not one. */
function wholeNumber(text: string | null, otherwise: number): number {
  if (text === null || text === '') return otherwise;
  return /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
}

function members(listing: Listing, encode: Encode, owner: string | undefined): XmlElement {
  return {
    Contents: listing.objects.map((object) => listed(object, encode, owner)),
    CommonPrefixes: listing.commonPrefixes.map((Prefix) => ({ Prefix: encode(Prefix) })),
  };
}

function listed(object: StoredObject, encode: Encode, owner: string | undefined): XmlElement {
  const { checksum, headers } = object.details;
  return {
    Key: encode(object.key),
    LastModified: new Date(object.lastModifiedMs).toISOString(),
    ETag: object.etag,
    ChecksumAlgorithm: checksum?.algorithm,
    ChecksumType: checksum?.type,
    Size: object.sizeBytes,
    Owner: owner === undefined ? undefined : { ID: owner },
    StorageClass: headers['x-amz-storage-class'] ?? DEFAULT_STORAGE_CLASS,
  };
}

function listParts(ground: Ground, request: S3Request): XmlElement {
  const { bucket, key, query } = request;
  const uploadId = query.get('uploadId') ?? '';
  const { details } = findUpload(ground, { bucket, key, uploadId });
  const after = wholeNumber(query.get('part-number-marker'), 0);
  const most = Math.min(wholeNumber(query.get('max-parts'), 1000), 1000);
  if (Number.isNaN(after + most)) throw new AwsError('InvalidArgument', 'max-parts must be a whole number');
  const rest = ground.store.uploads.parts(uploadId).filter(({ number }) => number > after);
  const page = rest.slice(0, most);
  return {
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    Initiator: { ID: ground.place.accountId },
    Owner: { ID: ground.place.accountId },
    StorageClass: details.headers['x-amz-storage-class'] ?? DEFAULT_STORAGE_CLASS,
    PartNumberMarker: after,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: most,
    IsTruncated: rest.length > page.length,
    ChecksumAlgorithm: details.checksum?.algorithm,
    ChecksumType: details.checksum?.type,
    Part: page.map((part) => ({
      PartNumber: part.number,
      LastModified: new Date(part.lastModifiedMs).toISOString(),
      ETag: part.etag,
      Size: part.sizeBytes,
      ...partChecksum(details.checksum?.algorithm, part.checksum),
    })),
  };
}

/** What became of one: the failure of one does not keep the others. */
function deleteOne(ground: Ground, bucket: string, node: XmlNode): XmlElement {
  const key = childText(node, 'Key');
  if (key === undefined) throw malformedXml();
  const version = childText(node, 'VersionId');
  try {
    if (version !== undefined && version !== 'null') throw notImplemented('Deleting a version of an object');
    const ifMatch = childText(node, 'ETag');
    deleteObject(ground, { bucket, key }, ifMatch === undefined ? {} : { ifMatch });
    return { Key: key };
  } catch (thrown) {
    const { name, message } = toAwsError(thrown);
    return { Key: key, Code: name, Message: message };
  }
}

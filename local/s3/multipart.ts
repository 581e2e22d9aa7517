// Multipart uploads: parts are files of their own, and a completed object is the list of them, so completing moves
// no bytes however large the object is.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
import { createHash, randomUUID } from 'node:crypto';
import { AwsError } from '../wire/errors.ts';
import type { ObjectAddress as At } from './api.ts';
import { type Checksum, composeChecksum } from './checksums.ts';
import { bareEtag, type WriteConditions } from './conditions.ts';
import type { Ground } from './ground.ts';
import { checkKey } from './names.ts';
import { checkMetadata, place } from './objects.ts';
import { type Incoming, receive } from './receive.ts';
import type { StoredObject, StoredPart, StoredUpload, UploadDetails } from './records.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;
const MIN_PART_BYTES = 5 * 1024 * 1024;

/** Returns the upload's id. @throws AwsError NoSuchBucket (404) */
export function createUpload(ground: Ground, at: At, details: UploadDetails): string {
  const bucket = ground.buckets.get(at.bucket);
  checkKey(at.key);
  checkMetadata(details.metadata);
  const uploadId = randomUUID();
  const startedMs = ground.clock.now();
  ground.store.uploads.insert({ uploadId, bucketId: bucket.id, key: at.key, startedMs, details });
  return uploadId;
}

export interface PartAddress extends At {
  readonly uploadId: string;
  readonly number: number;
}

/** @throws AwsError NoSuchUpload (404), InvalidArgument (400), and as `receive` does */
export async function putPart(ground: Ground, at: PartAddress, incoming: Incoming): Promise<StoredPart> {
  if (!(Number.isInteger(at.number) && at.number >= 1 && at.number <= MAX_PARTS)) {
    const message = `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`;
    throw new AwsError('InvalidArgument', message);
  }
  const upload = findUpload(ground, at);
  const { body, sizeBytes, md5, checksum } = await receive(
    ground.bodies,
    withUploadsChecksum(incoming, upload),
    { alwaysFile: true },
  );
  const file = body.kind === 'files' ? body.files[0]!.file : '';
  const part: StoredPart = {
    number: at.number,
    sizeBytes,
    etag: `"${md5.toString('hex')}"`,
    lastModifiedMs: ground.clock.now(),
    checksum: checksum?.value,
    file,
  };
  keepPart(ground, at, part);
  return part;
}

/** The upload may have ended while the part came in. */
function keepPart(ground: Ground, at: PartAddress, part: StoredPart): void {
  try {
    findUpload(ground, at);
  } catch (thrown) {
    ground.bodies.remove([part.file]);
    throw thrown;
  }
  const replaced = ground.store.uploads.putPart(at.uploadId, part);
  if (replaced !== undefined) ground.bodies.remove([replaced]);
}

/** Every part of an upload with a checksum has one, though the client sent none. */
function withUploadsChecksum(incoming: Incoming, { details }: StoredUpload): Incoming {
  const algorithm = details.checksum?.algorithm;
  if (algorithm === undefined || incoming.checksum?.algorithm === algorithm) return incoming;
  if (incoming.checksum !== undefined) {
    const message = `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${incoming.checksum.algorithm.toLowerCase()}`;
    throw new AwsError('InvalidRequest', message);
  }
  return { ...incoming, checksum: { algorithm, expected: () => undefined } };
}

/** One part as the client names it when it completes the upload. */
export interface NamedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksum?: string;
}

export interface Completion {
  readonly parts: readonly NamedPart[];
  readonly conditions: WriteConditions;
  /** The checksum of the whole that the client expects. */
  readonly checksum?: string;
  readonly sizeBytes?: number;
}

/** @throws AwsError NoSuchUpload (404), InvalidPart, InvalidPartOrder, EntityTooSmall, BadDigest (400) */
export function completeUpload(
  ground: Ground,
  at: At & { uploadId: string },
  completion: Completion,
): StoredObject {
  const finished = alreadyCompleted(ground, at);
  if (finished !== undefined) return finished;
  const upload = findUpload(ground, at);
  const parts = chooseParts(ground.store.uploads.parts(at.uploadId), completion.parts);
  const checksum = checksumOf(upload, parts, completion);
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  checkSize(completion, sizeBytes);
  const { headers, metadata, tags } = upload.details;
  const object: StoredObject = {
    key: at.key,
    sizeBytes,
    etag: etagOf(parts),
    lastModifiedMs: ground.clock.now(),
    details: {
      headers,
      metadata,
      uploadId: at.uploadId,
      parts: parts.map((part) => ({
        number: part.number,
        bytes: part.sizeBytes,
        ...(part.checksum === undefined ? {} : { checksum: part.checksum }),
      })),
      ...(tags === undefined ? {} : { tags }),
      ...(checksum === undefined ? {} : { checksum }),
    },
  };
  return place(ground, at.bucket, {
    object,
    body: { kind: 'files', files: parts.map(({ file, sizeBytes: bytes }) => ({ file, bytes })) },
    conditions: completion.conditions,
    event: 'ObjectCreated:CompleteMultipartUpload',
    endsUpload: at.uploadId,
  });
}

/** A client that did not hear the answer asks again. */
function alreadyCompleted(ground: Ground, at: At & { uploadId: string }): StoredObject | undefined {
  const object = ground.store.object(ground.buckets.get(at.bucket).id, at.key);
  return object?.details.uploadId === at.uploadId ? object : undefined;
}

function chooseParts(kept: readonly StoredPart[], named: readonly NamedPart[]): StoredPart[] {
  const byNumber = new Map(kept.map((part) => [part.number, part]));
  const parts = named.map(({ number, etag, checksum }, index) => {
    if (index > 0 && named[index - 1]!.number >= number) throw invalidPartOrder();
    const part = byNumber.get(number);
    const same = part !== undefined && bareEtag(part.etag) === bareEtag(etag);
    if (!same || (checksum !== undefined && checksum !== part.checksum)) throw invalidPart(number);
    return part;
  });
  const small = parts.slice(0, -1).find((part) => part.sizeBytes < MIN_PART_BYTES);
  if (small !== undefined) throw entityTooSmall(small);
  return parts;
}

function invalidPartOrder(): AwsError {
  const message = 'The list of parts was not in ascending order. Parts must be ordered by part number.';
  return new AwsError('InvalidPartOrder', message);
}

function invalidPart(number: number): AwsError {
  const message =
    'One or more of the specified parts could not be found. The part may not have been uploaded, ' +
    "or the specified entity tag may not match the part's entity tag.";
  return new AwsError('InvalidPart', message, { members: { PartNumber: number } });
}

function entityTooSmall(part: StoredPart): AwsError {
  const message = 'Your proposed upload is smaller than the minimum allowed size';
  return new AwsError('EntityTooSmall', message, {
    members: { ProposedSize: part.sizeBytes, MinSizeAllowed: MIN_PART_BYTES, PartNumber: part.number },
  });
}

function checksumOf(
  { details }: StoredUpload,
  parts: readonly StoredPart[],
  { checksum: expected }: Completion,
): Checksum | undefined {
  if (details.checksum === undefined) return undefined;
  const { algorithm, type } = details.checksum;
  const checksum = composeChecksum(
    algorithm,
    type,
    parts.map((part) => ({ value: part.checksum ?? '', bytes: part.sizeBytes })),
  );
  // A composite checksum may be sent with or without its number of parts.
  if (expected !== undefined && expected !== checksum.value && expected !== checksum.value.split('-', 1)[0]) {
    throw new AwsError('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
  }
  return checksum;
}

function checkSize({ sizeBytes: expected }: Completion, sizeBytes: number): void {
  if (expected === undefined || expected === sizeBytes) return;
  const message = `The provided 'x-amz-mp-object-size' header value ${expected} does not match what was computed: ${sizeBytes}`;
  throw new AwsError('InvalidRequest', message);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html: the digest of the digests, and their number. */
function etagOf(parts: readonly StoredPart[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(Buffer.from(bareEtag(part.etag), 'hex'));
  return `"${hash.digest('hex')}-${parts.length}"`;
}

/** @throws AwsError NoSuchUpload (404) */
export function abortUpload(ground: Ground, at: At & { uploadId: string }): void {
  findUpload(ground, at);
  ground.bodies.remove(ground.store.uploads.delete(at.uploadId));
}

/** @throws AwsError NoSuchBucket, NoSuchUpload (404) */
export function findUpload(ground: Ground, at: At & { uploadId: string }): StoredUpload {
  const bucket = ground.buckets.get(at.bucket);
  const upload = ground.store.uploads.find(at.uploadId);
  if (upload !== undefined && upload.bucketId === bucket.id && upload.key === at.key) return upload;
  const message =
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
  throw new AwsError('NoSuchUpload', message, { statusCode: 404, members: { UploadId: at.uploadId } });
}

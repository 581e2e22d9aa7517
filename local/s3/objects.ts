// Objects: written whole, read by range, copied without moving bytes, deleted. What a lifecycle rule has let expire is
// not there any more, whether or not it has been swept yet.
import type { Readable } from 'node:stream';
import { AwsError } from '../wire/errors.ts';
import type { ObjectAddress as At } from './api.ts';
import type { Bucket } from './buckets.ts';
import type { Checksum, ChecksumAlgorithm } from './checksums.ts';
import { type Conditions, checkSource, checkWrite, noSuchKey, type WriteConditions } from './conditions.ts';
import { commit, type Ground } from './ground.ts';
import { expiryOf } from './lifecycle-rules.ts';
import { checkKey } from './names.ts';
import type { EventName } from './notification-rules.ts';
import { type Incoming, receive } from './receive.ts';
import type { ObjectDetails, StoredBody, StoredObject, Tag } from './records.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html */
const MAX_METADATA_BYTES = 2048;

export const DEFAULT_CONTENT_TYPE = 'binary/octet-stream';

export type DetailsGiven = Pick<ObjectDetails, 'headers' | 'metadata' | 'tags'>;

export interface OpenedObject {
  readonly object: StoredObject;
  readonly body: StoredBody;
}

/** @throws AwsError as `receive` and `checkWrite` do */
export async function putObject(
  ground: Ground,
  at: At,
  {
    incoming,
    details,
    conditions,
  }: { incoming: Incoming; details: DetailsGiven; conditions: WriteConditions },
): Promise<StoredObject> {
  const bucket = ground.buckets.get(at.bucket);
  checkKey(at.key);
  checkMetadata(details.metadata);
  // Once before the body has come, to spare the bytes; what counts is the check at the moment of the write.
  checkWrite(conditions, find(ground, bucket, at.key));
  const { body, sizeBytes, md5, checksum } = await receive(ground.bodies, incoming);
  const object: StoredObject = {
    key: at.key,
    sizeBytes,
    etag: `"${md5.toString('hex')}"`,
    lastModifiedMs: ground.clock.now(),
    details: checksum === undefined ? details : { ...details, checksum },
  };
  return place(ground, at.bucket, { object, body, conditions, event: 'ObjectCreated:Put' });
}

/** A whole object whose bytes are already kept, on its way to its key. */
export interface Placing {
  readonly object: StoredObject;
  readonly body: StoredBody;
  readonly conditions: WriteConditions;
  readonly event: EventName;
  readonly endsUpload?: string;
}

/** Makes an object visible; its files are removed again if that fails. Must not await before it has. */
export function place(ground: Ground, bucketName: string, placing: Placing): StoredObject {
  const { object, body, conditions, event, endsUpload } = placing;
  try {
    const bucket = ground.buckets.get(bucketName);
    checkWrite(conditions, find(ground, bucket, object.key));
    commit(ground, { event, bucket, key: object.key, object }, (deliveries) =>
      ground.store.putObject({
        bucketId: bucket.id,
        object,
        body,
        deliveries,
        ...(endsUpload === undefined ? {} : { endsUpload }),
      }),
    );
    return object;
  } catch (thrown) {
    // The files of an upload stay with its parts.
    if (body.kind === 'files' && endsUpload === undefined)
      ground.bodies.remove(body.files.map(({ file }) => file));
    throw thrown;
  }
}

/** @throws AwsError NoSuchBucket, NoSuchKey (404) */
export function headObject(ground: Ground, at: At): StoredObject {
  const object = find(ground, ground.buckets.get(at.bucket), at.key);
  if (object === undefined) throw noSuchKey(at.key);
  return object;
}

/** @throws AwsError NoSuchBucket, NoSuchKey (404) */
export function openObject(ground: Ground, at: At): OpenedObject {
  const bucket = ground.buckets.get(at.bucket);
  const found = ground.store.objectWithBody(bucket.id, at.key);
  if (found === undefined || isExpired(ground, bucket, found.object)) throw noSuchKey(at.key);
  return found;
}

/** The bytes from `first` to `last`, inclusive: at once when they are in the database, otherwise as a stream. */
export function readBody(
  ground: Ground,
  body: StoredBody,
  { first, last }: { readonly first: number; readonly last: number },
): Uint8Array | Readable {
  if (body.kind === 'small') return body.bytes.subarray(first, last + 1);
  return ground.bodies.read(body.files, first, last);
}

/** Succeeds where there is nothing, as S3 does. @throws AwsError NoSuchBucket (404), PreconditionFailed (412) */
export function deleteObject(
  ground: Ground,
  at: At,
  { ifMatch, event = 'ObjectRemoved:Delete' }: { ifMatch?: string; event?: EventName } = {},
): void {
  const bucket = ground.buckets.get(at.bucket);
  checkKey(at.key);
  if (ifMatch !== undefined) checkWrite({ ifMatch }, find(ground, bucket, at.key));
  if (ground.store.object(bucket.id, at.key) === undefined) return;
  commit(ground, { event, bucket, key: at.key }, (deliveries) =>
    ground.store.deleteObject(bucket.id, at.key, deliveries),
  );
}

export interface Copying {
  readonly source: At;
  readonly sourceConditions: Conditions;
  readonly conditions: WriteConditions;
  /** What replaces the source's headers and metadata; they are copied when absent. */
  readonly details?: Pick<DetailsGiven, 'headers' | 'metadata'>;
  /** What replaces the source's tags. */
  readonly tags?: readonly Tag[];
  /** A checksum to have, if the source has another or none. */
  readonly checksumAlgorithm?: ChecksumAlgorithm;
}

/** Files are linked, so a copy of any size is quick; the ETag is the source's. @throws AwsError */
export async function copyObject(ground: Ground, to: At, copying: Copying): Promise<StoredObject> {
  const target = ground.buckets.get(to.bucket);
  checkKey(to.key);
  const { source, details } = copying;
  const opened = openObject(ground, source);
  checkSource(copying.sourceConditions, opened.object);
  checkWrite(copying.conditions, find(ground, target, to.key));
  if (details === undefined && source.bucket === to.bucket && source.key === to.key) throw copyToItself();
  if (details !== undefined) checkMetadata(details.metadata);
  const given = opened.object.details;
  const tags = copying.tags ?? given.tags;
  const { body, checksum } = await duplicate(ground, opened, copying.checksumAlgorithm);
  const object: StoredObject = {
    ...opened.object,
    key: to.key,
    lastModifiedMs: ground.clock.now(),
    details: {
      headers: details?.headers ?? given.headers,
      metadata: details?.metadata ?? given.metadata,
      ...(tags === undefined ? {} : { tags }),
      ...(given.parts === undefined ? {} : { parts: given.parts }),
      ...(checksum === undefined ? {} : { checksum }),
    },
  };
  return place(ground, to.bucket, {
    object,
    body,
    conditions: copying.conditions,
    event: 'ObjectCreated:Copy',
  });
}

function copyToItself(): AwsError {
  const message =
    'This copy request is illegal because it is trying to copy an object to itself without changing ' +
    "the object's metadata, storage class, website redirect location or encryption attributes.";
  return new AwsError('InvalidRequest', message);
}

async function duplicate(
  ground: Ground,
  { object, body }: OpenedObject,
  algorithm: ChecksumAlgorithm | undefined,
): Promise<{ body: StoredBody; checksum: Checksum | undefined }> {
  const { checksum } = object.details;
  if (algorithm !== undefined && checksum?.algorithm !== algorithm) {
    const bytes = readBody(ground, body, { first: 0, last: object.sizeBytes - 1 });
    const source = bytes instanceof Uint8Array ? [bytes] : bytes;
    return receive(ground.bodies, { source, checksum: { algorithm, expected: () => undefined } });
  }
  if (body.kind === 'small') return { body, checksum };
  const release = ground.bodies.hold(body.files);
  try {
    const files = [];
    for (const { file, bytes } of body.files)
      files.push({ file: await ground.bodies.duplicate(file), bytes });
    return { body: { kind: 'files', files }, checksum };
  } finally {
    release();
  }
}

/** Replaces an object's tags. @throws AwsError NoSuchBucket, NoSuchKey (404) */
export function tagObject(ground: Ground, at: At, tags: readonly Tag[]): void {
  const bucket = ground.buckets.get(at.bucket);
  const object = headObject(ground, at);
  ground.store.saveDetails(bucket.id, at.key, { ...object.details, tags });
  const event = tags.length > 0 ? 'ObjectTagging:Put' : 'ObjectTagging:Delete';
  const deliveries = ground.notifier.prepare({ event, bucket, key: at.key, object });
  ground.notifier.dispatch(ground.store.queueDeliveries(deliveries));
}

export function isExpired(ground: Ground, bucket: Bucket, object: StoredObject): boolean {
  if (bucket.lifecycle.length === 0) return false;
  const expiry = expiryOf(bucket.lifecycle, object);
  return expiry !== undefined && expiry.atMs <= ground.clock.now();
}

/** What stands at the key now. */
function find(ground: Ground, bucket: Bucket, key: string): StoredObject | undefined {
  const object = ground.store.object(bucket.id, key);
  return object === undefined || isExpired(ground, bucket, object) ? undefined : object;
}

/** @throws AwsError MetadataTooLarge (400) */
export function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  let bytes = 0;
  for (const name in metadata) bytes += name.length + metadata[name]!.length;
  if (bytes <= MAX_METADATA_BYTES) return;
  const message = 'Your metadata headers exceed the maximum allowed metadata size';
  throw new AwsError('MetadataTooLarge', message, {
    members: { Size: bytes, MaxSizeAllowed: MAX_METADATA_BYTES },
  });
}

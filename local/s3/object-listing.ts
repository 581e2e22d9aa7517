// Listing the live objects of a bucket.
import { AwsError } from '../wire/errors.ts';
import type { Ground } from './ground.ts';
import { type Listing, type ListRequest, list } from './listing.ts';
import { isExpired } from './objects.ts';
import type { StoredObject } from './records.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
const MAX_KEYS = 1000;

/** @throws AwsError NoSuchBucket (404), InvalidArgument (400) */
export function listObjects(ground: Ground, bucketName: string, request: ListRequest): Listing {
  const bucket = ground.buckets.get(bucketName);
  if (!(Number.isInteger(request.maxKeys) && request.maxKeys >= 0)) {
    throw new AwsError('InvalidArgument', 'max-keys must be an integer between 0 and 2147483647');
  }
  function* live(from: string): Generator<StoredObject> {
    for (const object of ground.store.objectsFrom(bucket.id, from)) {
      if (!isExpired(ground, bucket, object)) yield object;
    }
  }
  return list(live, { ...request, maxKeys: Math.min(request.maxKeys, MAX_KEYS) });
}

/** For a token that no listing gave out. */
export function invalidToken(): AwsError {
  return new AwsError('InvalidArgument', 'The continuation token provided is incorrect');
}

// What a bucket and a key may be called. Keys are any Unicode up to 1,024 bytes and are never used as paths.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
import { AwsError } from '../wire/errors.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const IP_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;
const RESERVED = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

/** @throws AwsError InvalidBucketName (400) */
export function checkBucketName(bucket: string): void {
  const valid =
    BUCKET_NAME.test(bucket) && !bucket.includes('..') && !IP_ADDRESS.test(bucket) && !RESERVED.test(bucket);
  if (valid) return;
  throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.', {
    members: { BucketName: bucket },
  });
}

/** @throws AwsError KeyTooLongError (400), InvalidURI (400) for an empty one */
export function checkKey(key: string): void {
  if (key === '') throw new AwsError('InvalidURI', 'An object needs a key.');
  // A UTF-16 unit is at most three bytes, so most keys need no counting.
  if (key.length * 3 <= MAX_KEY_BYTES) return;
  const bytes = Buffer.byteLength(key);
  if (bytes <= MAX_KEY_BYTES) return;
  throw new AwsError('KeyTooLongError', 'Your key is too long', {
    members: { Size: bytes, MaxSizeAllowed: MAX_KEY_BYTES },
  });
}

/**
 * The least string, in UTF-8 byte order, above every string that starts with `prefix`; `undefined` when there is none.
 */
export function afterPrefix(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0)!;
    if (point === 0x10ffff) continue;
    // Surrogates are no characters of their own.
    points.push(String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1));
    return points.join('');
  }
  return undefined;
}

/** Whether `a` stands before `b` in the order in which S3 lists keys. */
export function isBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

// Conditional requests: what `If-Match` and its kin allow.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html, RFC 9110 section 13
import { AwsError } from '../wire/errors.ts';
import type { StoredObject } from './records.ts';

export interface Conditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly ifModifiedSince?: string;
  readonly ifUnmodifiedSince?: string;
}

/**
 * @returns `not modified` when a read should be answered so
 * @throws AwsError PreconditionFailed (412)
 */
export function checkRead(conditions: Conditions, object: StoredObject): 'send' | 'not modified' {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw preconditionFailed('If-Match');
  } else if (ifUnmodifiedSince !== undefined && isModifiedSince(object, ifUnmodifiedSince)) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, object.etag) ? 'not modified' : 'send';
  const unmodified = ifModifiedSince !== undefined && !isModifiedSince(object, ifModifiedSince);
  return unmodified ? 'not modified' : 'send';
}

/** @throws AwsError PreconditionFailed (412): a copy's source is never `not modified` */
export function checkSource(conditions: Conditions, object: StoredObject): void {
  if (checkRead(conditions, object) === 'not modified') {
    throw preconditionFailed(
      conditions.ifNoneMatch === undefined
        ? 'x-amz-copy-source-If-Modified-Since'
        : 'x-amz-copy-source-If-None-Match',
    );
  }
}

export type WriteConditions = Pick<Conditions, 'ifMatch' | 'ifNoneMatch'>;

/**
 * Held against what stands at the key at the moment of the write.
 * @throws AwsError PreconditionFailed (412), NoSuchKey (404) for `If-Match` where there is no object
 */
export function checkWrite(conditions: WriteConditions, current: StoredObject | undefined): void {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifNoneMatch !== undefined && current !== undefined && matches(ifNoneMatch, current.etag)) {
    throw preconditionFailed('If-None-Match');
  }
  if (ifMatch === undefined) return;
  if (current === undefined) throw noSuchKey(undefined);
  if (!matches(ifMatch, current.etag)) throw preconditionFailed('If-Match');
}

export function noSuchKey(key: string | undefined): AwsError {
  return new AwsError('NoSuchKey', 'The specified key does not exist.', {
    statusCode: 404,
    members: key === undefined ? {} : { Key: key },
  });
}

function preconditionFailed(condition: string): AwsError {
  const message = 'At least one of the pre-conditions you specified did not hold';
  return new AwsError('PreconditionFailed', message, { statusCode: 412, members: { Condition: condition } });
}

/** `*`, or a list of ETags; clients leave out the quotes at times. */
function matches(header: string, etag: string): boolean {
  const bare = bareEtag(etag);
  return header.split(',').some((one) => one.trim() === '*' || bareEtag(one) === bare);
}

export function bareEtag(etag: string): string {
  return etag.trim().replace(/^W\//, '').replace(/^"|"$/g, '');
}

/** Dates in headers have whole seconds. A date that cannot be read sets no condition. */
function isModifiedSince({ lastModifiedMs }: StoredObject, date: string): boolean {
  const sinceMs = Date.parse(date);
  return Number.isNaN(sinceMs) || Math.floor(lastModifiedMs / 1000) * 1000 > sinceMs;
}

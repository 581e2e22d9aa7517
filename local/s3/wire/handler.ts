// What a handler of one operation is, and the limits of what object requests may ask for.
import { AwsError } from '../../wire/errors.ts';
import type { Ground } from '../ground.ts';
import type { S3Request } from './request.ts';

export type Handler = (ground: Ground, request: S3Request) => void | Promise<void>;
export type Handlers = Readonly<Record<string, Handler>>;

/** Headers that ask for what is not done here; passing over them would be a lie. */
const UNSERVED =
  /^x-amz-(copy-source-)?server-side-encryption-customer-|^x-amz-object-lock-|^x-amz-write-offset-bytes$|^x-amz-grant-/;

/** Canned ACLs that a bucket without ACLs, as all new ones are, still takes. */
const SERVED_ACLS = ['private', 'bucket-owner-full-control'];

/** @throws AwsError NotImplemented (501), AccessControlListNotSupported (400), AccessDenied (403) */
export function checkHeaders(ground: Ground, request: S3Request): void {
  for (const name in request.incoming.headers) {
    if (!name.startsWith('x-amz-')) continue;
    if (UNSERVED.test(name)) throw notImplemented(`The header ${name}`);
  }
  const acl = request.header('x-amz-acl');
  if (acl !== undefined && !SERVED_ACLS.includes(acl)) {
    throw new AwsError('AccessControlListNotSupported', 'The bucket does not allow ACLs');
  }
  const owner = request.header('x-amz-expected-bucket-owner');
  if (owner !== undefined && owner !== ground.place.accountId) throw accessDenied('Access Denied');
  checkExpiry(ground, request);
}

/** Presigned URLs end, though signatures are not checked: callers on loopback need no credentials. */
function checkExpiry({ clock }: Ground, { query }: S3Request): void {
  const lifeSeconds = query.get('X-Amz-Expires');
  const signed = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '');
  if (lifeSeconds === null || signed === null) return;
  const [, year, month, day, hour, minute, second] = signed.map(Number);
  const signedMs = Date.UTC(year!, month! - 1, day, hour, minute, second);
  if (signedMs + Number(lifeSeconds) * 1000 < clock.now()) throw accessDenied('Request has expired');
}

function accessDenied(message: string): AwsError {
  return new AwsError('AccessDenied', message, { statusCode: 403 });
}

export function notImplemented(what: string): AwsError {
  return new AwsError('NotImplemented', `${what} is not served here.`, { statusCode: 501 });
}

/** Versions are not kept: the one there is has the id `null`. @throws AwsError NoSuchVersion (404) */
export function checkVersion({ query, key }: S3Request): void {
  const version = query.get('versionId');
  if (version === null || version === 'null') return;
  throw new AwsError('NoSuchVersion', 'The specified version does not exist.', {
    statusCode: 404,
    members: { Key: key, VersionId: version },
  });
}

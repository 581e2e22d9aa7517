// What other services ask of S3 in the same process. The wire handler and the SDK integrations stand on this too.
// Missing things are `AwsError`s with S3's codes: NoSuchBucket, NoSuchKey, PreconditionFailed, InvalidRange …
import type { Readable } from 'node:stream';
import type { SdkOperations, Service } from '../service.ts';

export interface S3 extends Service {
  readonly name: 's3';
  readonly operations: SdkOperations;
  /** Idempotent: a bucket that exists keeps its objects and takes the new settings. */
  createBucket(bucket: string, settings?: BucketSettings): Promise<void>;
  headObject(at: ObjectAddress): Promise<ObjectInfo>;
  /** The body is a stream from disk; a caller that stops early must destroy it. */
  getObject(at: ObjectAddress, range?: ByteRange): Promise<{ info: ObjectInfo; body: Readable }>;
  putObject(
    at: ObjectAddress,
    body: Readable | Uint8Array | string,
    options?: PutOptions,
  ): Promise<ObjectInfo>;
  listObjects(query: ListQuery): Promise<ListPage>;
  deleteObject(at: ObjectAddress): Promise<void>;
}

/** A member that is left out leaves that configuration as it is; an empty list removes it. */
export interface BucketSettings {
  readonly notifications?: readonly NotificationRule[];
  readonly expiration?: readonly ExpirationRule[];
}

/** One rule of a bucket's `LifecycleConfiguration` that lets objects expire. */
export interface ExpirationRule {
  readonly id?: string;
  /** Every object of the bucket unless told. */
  readonly prefix?: string;
  /** Whole days after the object was written, then until the next midnight UTC. */
  readonly days: number;
}

/** One `LambdaConfiguration` of a bucket's `NotificationConfiguration`. */
export interface NotificationRule {
  readonly functionArn: string;
  /** Such as `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
}

export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
  /** With its quotes, as S3 sends it. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Both ends inclusive, as in the HTTP header. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface PutOptions {
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Refuses with PreconditionFailed (412) when the key exists: `If-None-Match: *`. */
  readonly onlyIfAbsent?: boolean;
}

export interface ListQuery {
  readonly bucket: string;
  readonly prefix?: string;
  readonly delimiter?: string;
  readonly startAfter?: string;
  readonly continuationToken?: string;
  /** 1,000 unless told. */
  readonly maxKeys?: number;
}

export interface ListPage {
  readonly objects: readonly ObjectInfo[];
  readonly commonPrefixes: readonly string[];
  readonly nextToken: string | undefined;
}

// What the store keeps of an object, a multipart upload, a part and a notification under way.
import type { Checksum, ChecksumAlgorithm, ChecksumType } from './checksums.ts';

/** Where an object's bytes are: in the database when they are few, otherwise in files, one for each part. */
export type StoredBody =
  | { readonly kind: 'small'; readonly bytes: Uint8Array }
  | { readonly kind: 'files'; readonly files: readonly BodyFile[] };

export interface BodyFile {
  readonly file: string;
  readonly bytes: number;
}

/** What an object is apart from its bytes and the columns that listings read. */
export interface ObjectDetails {
  /** Content headers and the storage class, by lower-case name: `content-type`, `cache-control` … */
  readonly headers: Readonly<Record<string, string>>;
  /** By lower-case name without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags?: readonly Tag[];
  readonly checksum?: Checksum;
  /** Only for an object of a multipart upload. */
  readonly parts?: readonly PartDetails[];
  /** The upload that made it, so that a repeated completion is answered as the first was. */
  readonly uploadId?: string;
}

export interface PartDetails {
  readonly number: number;
  readonly bytes: number;
  readonly checksum?: string;
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** With its quotes. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly details: ObjectDetails;
}

export interface StoredUpload {
  readonly uploadId: string;
  readonly bucketId: number;
  readonly key: string;
  readonly startedMs: number;
  readonly details: UploadDetails;
}

export interface UploadDetails {
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags?: readonly Tag[];
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType };
}

export interface StoredPart {
  readonly number: number;
  readonly sizeBytes: number;
  /** With its quotes. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly checksum: string | undefined;
  readonly file: string;
}

/** A notification that its function has not taken yet. */
export interface StoredDelivery {
  readonly id: number;
  readonly functionArn: string;
  readonly event: string;
  readonly createdMs: number;
}

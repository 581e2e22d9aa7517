// An object written as its bytes come, visible only when it is whole: one request when it is small, a multipart upload
// otherwise, which is aborted when anything fails. Counts and digests what it writes. One that has an owner never takes
// the place of a later owner's object.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
import { createHash, type Hash } from 'node:crypto';
import { s3Client } from '../clients.ts';
import type { ObjectPlace } from '../objects.ts';
import { type Condition, metadataOf, type Owner, wherePutBy } from './ownership.ts';

/** Parts are of at least 5 MiB but for the last. */
const PART_BYTES = 8 * 1024 * 1024;

/** Ten thousand parts at most: from here on they grow, so that an object may have up to 5 TiB. */
const GROWING_FROM = 1_000;

export interface Uploaded {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** The run whose object stands there: what was written has no room beside it. */
  readonly replacedBy?: string;
}

export class Upload {
  readonly #place: ObjectPlace;
  readonly #contentType: string;
  readonly #owner: Owner | undefined;
  readonly #hash: Hash = createHash('sha256');
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #bytes = 0;
  #id: string | undefined;
  readonly #parts: { readonly PartNumber: number; readonly ETag: string }[] = [];

  constructor(place: ObjectPlace, contentType: string, owner?: Owner) {
    this.#place = place;
    this.#contentType = contentType;
    this.#owner = owner;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The bytes must not change afterwards. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= this.#partBytes()) await this.#sendPart();
  }

  /** Makes the object visible, unless that of a later owner is. */
  async finish(): Promise<Uploaded> {
    if (this.#id !== undefined && this.#pendingBytes > 0) await this.#sendPart();
    const show = (condition: Condition): Promise<unknown> =>
      this.#id === undefined ? this.#putWhole(condition) : this.#complete(condition);
    const replacedBy =
      this.#owner === undefined ? void (await show({})) : await wherePutBy(this.#owner, this.#place, show);
    if (replacedBy !== undefined) await this.abort();
    const written = { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
    return replacedBy === undefined ? written : { ...written, replacedBy };
  }

  /** Leaves no trace. */
  async abort(): Promise<void> {
    if (this.#id === undefined) return;
    const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const client = await s3Client();
    // What failed is told by whoever calls this; parts that stay are swept by the bucket's lifecycle.
    await client.send(new AbortMultipartUploadCommand(this.#target())).catch(() => undefined);
  }

  #partBytes(): number {
    return PART_BYTES * Math.max(1, Math.ceil((this.#parts.length - GROWING_FROM) / 100));
  }

  #target() {
    return { Bucket: this.#place.bucket, Key: this.#place.key, UploadId: this.#id };
  }

  #head() {
    const Metadata = this.#owner === undefined ? undefined : metadataOf(this.#owner);
    return {
      Bucket: this.#place.bucket,
      Key: this.#place.key,
      ContentType: this.#contentType,
      ...(Metadata === undefined ? {} : { Metadata }),
    };
  }

  async #putWhole(condition: Condition): Promise<void> {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3');
    const Body = Buffer.concat(this.#pending);
    await (await s3Client()).send(new PutObjectCommand({ ...this.#head(), ...condition, Body }));
  }

  async #sendPart(): Promise<void> {
    const { UploadPartCommand } = await import('@aws-sdk/client-s3');
    this.#id ??= await this.#begin();
    const Body = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    const PartNumber = this.#parts.length + 1;
    const client = await s3Client();
    const { ETag } = await client.send(new UploadPartCommand({ ...this.#target(), PartNumber, Body }));
    this.#parts.push({ PartNumber, ETag: ETag! });
  }

  async #begin(): Promise<string> {
    const { CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    return (await (await s3Client()).send(new CreateMultipartUploadCommand(this.#head()))).UploadId!;
  }

  async #complete(condition: Condition): Promise<void> {
    const { CompleteMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const command = new CompleteMultipartUploadCommand({
      ...this.#target(),
      ...condition,
      MultipartUpload: { Parts: this.#parts },
    });
    await (await s3Client()).send(command);
  }
}

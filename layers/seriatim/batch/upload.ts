// An object written as its bytes come, visible only when it is whole: one request when it is small, a multipart upload
// otherwise, which is aborted when anything fails. Counts and digests what it writes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
import { createHash, type Hash } from 'node:crypto';
import { s3Client } from '../clients.ts';
import type { ObjectPlace } from '../objects.ts';

/** Parts are of at least 5 MiB but for the last. */
const PART_BYTES = 8 * 1024 * 1024;

/** Ten thousand parts at most: from here on they grow, so that an object may have up to 5 TiB. */
const GROWING_FROM = 1_000;

export interface Uploaded {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export class Upload {
  readonly #place: ObjectPlace;
  readonly #contentType: string;
  readonly #hash: Hash = createHash('sha256');
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #bytes = 0;
  #id: string | undefined;
  readonly #parts: { readonly PartNumber: number; readonly ETag: string }[] = [];

  constructor(place: ObjectPlace, contentType: string) {
    this.#place = place;
    this.#contentType = contentType;
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

  /** Makes the object visible. */
  async finish(): Promise<Uploaded> {
    if (this.#id === undefined) await this.#putWhole();
    else await this.#complete();
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
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

  async #putWhole(): Promise<void> {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3');
    const { bucket, key } = this.#place;
    const Body = Buffer.concat(this.#pending);
    await (await s3Client()).send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentType: this.#contentType }),
    );
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
    const { bucket, key } = this.#place;
    const command = new CreateMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      ContentType: this.#contentType,
    });
    return (await (await s3Client()).send(command)).UploadId!;
  }

  async #complete(): Promise<void> {
    if (this.#pendingBytes > 0) await this.#sendPart();
    const { CompleteMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const command = new CompleteMultipartUploadCommand({
      ...this.#target(),
      MultipartUpload: { Parts: this.#parts },
    });
    await (await s3Client()).send(command);
  }
}

// Claims: a payload over the threshold is written once to S3 and travels as a reference, which is checked when it is
// read. The only place that reads or writes them. They expire by the bucket's lifecycle rule.
import { createHash } from 'node:crypto';
import { s3Client, signedAs } from './clients.ts';
import { ClaimMismatch, ClaimNotFound, ContractViolation } from './errors.ts';

/** Above this a payload is claimed: well under a state's 262,144 bytes, which base64 and its neighbours share. */
export const CLAIM_THRESHOLD_BYTES = 131_072;

/** The reference that travels in place of a payload. */
export interface Claim {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  readonly contentType: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** A payload as it travels: a claim, or inline as text or base64. */
export type CarriedPayload =
  | { readonly claim: Claim }
  | { readonly text: string; readonly contentType: string }
  | { readonly base64: string; readonly contentType: string };

export interface Payload {
  readonly body: Uint8Array;
  readonly contentType: string;
}

export interface CarryOptions {
  /** Where claims go. */
  readonly bucket: string;
  /** Such as `house-prices/`; the key is the prefix and the payload's sha256. */
  readonly prefix: string;
  readonly thresholdBytes?: number;
}

/** Writes a claim when the payload is over the threshold, else carries it inline. */
export async function carryPayload(payload: Payload, options: CarryOptions): Promise<CarriedPayload> {
  const { body, contentType } = payload;
  if (body.length > (options.thresholdBytes ?? CLAIM_THRESHOLD_BYTES)) {
    return { claim: await writeClaim(payload, options) };
  }
  if (isText(contentType)) return { text: Buffer.from(body).toString('utf8'), contentType };
  return { base64: Buffer.from(body).toString('base64'), contentType };
}

/** @throws ClaimNotFound, ClaimMismatch, ContractViolation when it is none of the three forms */
export async function readPayload(carried: CarriedPayload): Promise<Payload> {
  if ('claim' in carried) return readClaim(carried.claim);
  if ('text' in carried) return { body: Buffer.from(carried.text), contentType: carried.contentType };
  if ('base64' in carried)
    return { body: Buffer.from(carried.base64, 'base64'), contentType: carried.contentType };
  throw new ContractViolation('A payload is expected as "claim", "text" or "base64".');
}

/** The key is made of the content, so a payload that is written twice is one object. */
export async function writeClaim({ body, contentType }: Payload, options: CarryOptions): Promise<Claim> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const sha256 = sha256Of(body);
  const claim = {
    bucket: options.bucket,
    key: `${options.prefix}${sha256}`,
    bytes: body.length,
    contentType,
    sha256,
  };
  const client = await s3Client();
  const command = new PutObjectCommand({
    Bucket: claim.bucket,
    Key: claim.key,
    Body: body,
    ContentType: contentType,
  });
  signedAs(command, sha256);
  await client.send(command);
  return claim;
}

/** @throws ClaimNotFound, ClaimMismatch */
export async function readClaim(claim: Claim): Promise<Payload> {
  const body = await readObject(claim);
  const sha256 = sha256Of(body);
  if (body.length !== claim.bytes || sha256 !== claim.sha256) {
    throw new ClaimMismatch(
      `s3://${claim.bucket}/${claim.key} holds ${body.length} bytes, sha256 ${sha256}; claimed were ${claim.bytes} bytes, sha256 ${claim.sha256}.`,
    );
  }
  return { body, contentType: claim.contentType };
}

async function readObject({ bucket, key }: Claim): Promise<Uint8Array> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const client = await s3Client();
  try {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await answer.Body!.transformToByteArray();
  } catch (cause) {
    if ((cause as Error).name !== 'NoSuchKey') throw cause;
    throw new ClaimNotFound(`s3://${bucket}/${key} is gone; claims expire.`, { cause });
  }
}

function sha256Of(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

function isText(contentType: string): boolean {
  return /^(text\/|application\/(json|jsonlines|x-ndjson|xml))/.test(contentType);
}

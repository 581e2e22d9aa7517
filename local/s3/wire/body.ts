// Request bodies: their framing taken off, and what the client claims of them read from headers and trailers.
import { createHash } from 'node:crypto';
import { readBody } from '../../wire/body.ts';
import { AwsError } from '../../wire/errors.ts';
import { AwsChunkedDecoder } from '../aws-chunked.ts';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumClaim,
  checkClaim,
  checksumHeader,
  createDigester,
  toAlgorithm,
} from '../checksums.ts';
import { checkMd5, type Incoming, SMALL_BODY_BYTES } from '../receive.ts';
import type { S3Request } from './request.ts';

/** Framing and trailers of a small body at most. */
const FRAMING_BYTES = 4096;
/** A completion of 10,000 parts, each with a checksum, fits. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/** The body of an object or part. Small ones are read at once: that is quicker than a stream. */
export async function incomingBody(request: S3Request): Promise<Incoming> {
  const { incoming } = request;
  const length = incoming.headers['content-length'];
  if (length === undefined && incoming.headers['transfer-encoding'] === undefined) throw missingLength();
  const decoder = isChunked(request) ? new AwsChunkedDecoder() : undefined;
  const isSmall = length !== undefined && Number(length) <= SMALL_BODY_BYTES + FRAMING_BYTES;
  // A body that turns out to be wrong is left unread, so that the connection lives to tell the client.
  const raw = isSmall
    ? [await readBody(incoming, SMALL_BODY_BYTES + FRAMING_BYTES)]
    : incoming.iterator({ destroyOnReturn: false });
  const declared = decoder === undefined ? length : request.header('x-amz-decoded-content-length');
  const contentMd5 = request.header('content-md5');
  const checksum = claimOf(request, decoder);
  return {
    source: decoder === undefined ? raw : decode(raw, decoder),
    ...(declared === undefined ? {} : { declaredBytes: Number(declared) }),
    ...(contentMd5 === undefined ? {} : { contentMd5 }),
    ...(checksum === undefined ? {} : { checksum }),
  };
}

function missingLength(): AwsError {
  const message = 'You must provide the Content-Length HTTP header.';
  return new AwsError('MissingContentLength', message, { statusCode: 411 });
}

function isChunked({ header }: S3Request): boolean {
  const coding = header('content-encoding') ?? '';
  return header('x-amz-content-sha256')?.startsWith('STREAMING-') === true || /\baws-chunked\b/i.test(coding);
}

async function* decode(
  raw: AsyncIterable<Buffer> | Iterable<Buffer>,
  decoder: AwsChunkedDecoder,
): AsyncGenerator<Buffer> {
  for await (const bytes of raw) yield* decoder.push(bytes);
  decoder.finish();
}

/** From a header, or from a trailer that a header announces. */
function claimOf({ incoming, header }: S3Request, decoder?: AwsChunkedDecoder): ChecksumClaim | undefined {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const name = checksumHeader(algorithm);
    // Presigned URLs carry the checksum of an empty body in their query; that one is not about this body.
    const value = incoming.headers[name];
    if (typeof value === 'string') return { algorithm, expected: () => value };
    const announced = header('x-amz-trailer')
      ?.toLowerCase()
      .split(',')
      .some((one) => one.trim() === name);
    if (announced && decoder !== undefined) return { algorithm, expected: () => trailerOf(decoder, name) };
  }
  const asked = incoming.headers['x-amz-sdk-checksum-algorithm'];
  return typeof asked === 'string' ? { algorithm: toAlgorithm(asked), expected: () => undefined } : undefined;
}

function trailerOf(decoder: AwsChunkedDecoder, name: string): string {
  const value = decoder.trailers.get(name);
  if (value !== undefined) return value;
  throw new AwsError('MalformedTrailerError', `The trailer ${name} was announced and did not come.`);
}

/** A document in the body. @throws AwsError RequestEntityTooLargeException (413), BadDigest (400) */
export async function readDocument(request: S3Request): Promise<string> {
  const whole = await readBody(request.incoming, MAX_DOCUMENT_BYTES);
  const decoder = isChunked(request) ? new AwsChunkedDecoder() : undefined;
  const bytes = decoder === undefined ? whole : Buffer.concat([...decoder.push(whole)]);
  decoder?.finish();
  const contentMd5 = request.header('content-md5');
  if (contentMd5 !== undefined) checkMd5(contentMd5, createHash('md5').update(bytes).digest());
  const claim = claimOf(request, decoder);
  if (claim !== undefined) {
    const digester = createDigester(claim.algorithm);
    digester.update(bytes);
    checkClaim(claim, digester.digest().toString('base64'));
  }
  return bytes.toString('utf8');
}

// The checksums that clients send and ask for: by header or by trailer, of a whole object or composed of its parts'.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../wire/errors.ts';
import { Crc64Nvme, type CrcName, crc32c, crcJoiner } from './crc.ts';

export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; a composite one ends in `-` and the number of parts. */
  readonly value: string;
  readonly type: ChecksumType;
}

export interface Digester {
  update(bytes: Uint8Array): void;
  /** Once, at the end. */
  digest(): Buffer;
}

/** The header, or trailer, that carries a checksum: `x-amz-checksum-crc32`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** As XML documents spell it: `ChecksumCRC32`. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

/** @throws AwsError InvalidRequest (400) for an algorithm that is not served */
export function toAlgorithm(text: string): ChecksumAlgorithm {
  const found = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === text.toUpperCase());
  if (found !== undefined) return found;
  const message = `Checksum algorithm ${text} is not served; one of ${CHECKSUM_ALGORITHMS.join(', ')} is.`;
  throw new AwsError('InvalidRequest', message);
}

export function createDigester(algorithm: ChecksumAlgorithm): Digester {
  switch (algorithm) {
    case 'SHA1':
    case 'SHA256':
      return createHash(algorithm.toLowerCase());
    case 'CRC64NVME':
      return new Crc64Nvme();
    case 'CRC32':
      return crcDigester(crc32);
    case 'CRC32C':
      return crcDigester(crc32c);
  }
}

function crcDigester(crc: (bytes: Uint8Array, previous: number) => number): Digester {
  let value = 0;
  return {
    update(bytes) {
      value = crc(bytes, value);
    },
    digest() {
      const digest = Buffer.alloc(4);
      digest.writeUInt32BE(value);
      return digest;
    },
  };
}

/** What a client claims about a body. A trailer's value is known only after the body. */
export interface ChecksumClaim {
  readonly algorithm: ChecksumAlgorithm;
  readonly expected: () => string | undefined;
}

/** @throws AwsError BadDigest (400) when the claim is false */
export function checkClaim(claim: ChecksumClaim, actual: string): Checksum {
  const expected = claim.expected();
  if (expected !== undefined && expected !== actual) {
    const message = `The ${claim.algorithm} you specified did not match the calculated checksum.`;
    throw new AwsError('BadDigest', message);
  }
  return { algorithm: claim.algorithm, value: actual, type: 'FULL_OBJECT' };
}

/** Checksum types without a composite or without a full form. */
export function defaultType(algorithm: ChecksumAlgorithm): ChecksumType {
  return algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
}

export function isCrc(algorithm: ChecksumAlgorithm): algorithm is CrcName {
  return algorithm.startsWith('CRC');
}

export interface PartChecksum {
  readonly value: string;
  readonly bytes: number;
}

/** The checksum of a multipart object, from its parts' and without reading a byte again. */
export function composeChecksum(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly PartChecksum[],
): Checksum {
  if (type === 'FULL_OBJECT' && isCrc(algorithm))
    return { algorithm, type, value: joinParts(algorithm, parts) };
  const digester = createDigester(algorithm);
  for (const part of parts) digester.update(Buffer.from(part.value, 'base64'));
  return { algorithm, type: 'COMPOSITE', value: `${digester.digest().toString('base64')}-${parts.length}` };
}

function joinParts(name: CrcName, parts: readonly PartChecksum[]): string {
  const widthBytes = name === 'CRC64NVME' ? 8 : 4;
  const join = crcJoiner(name);
  let joined = 0n;
  for (const part of parts) {
    const crc = BigInt(`0x${Buffer.from(part.value, 'base64').toString('hex')}`);
    joined = join(joined, crc, part.bytes);
  }
  return Buffer.from(joined.toString(16).padStart(widthBytes * 2, '0'), 'hex').toString('base64');
}

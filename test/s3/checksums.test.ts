// Checksums: known values, pieces, and the joining of parts.
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  composeChecksum,
  createDigester,
} from '../../local/s3/checksums.ts';

const digest = (algorithm: ChecksumAlgorithm, ...chunks: Uint8Array[]): Buffer => {
  const digester = createDigester(algorithm);
  for (const chunk of chunks) digester.update(chunk);
  return digester.digest();
};

describe('checksums', () => {
  // The check values of https://reveng.sourceforge.io/crc-catalogue/all.htm
  it.each([
    ['CRC32', 'cbf43926'],
    ['CRC32C', 'e3069283'],
    ['CRC64NVME', 'ae8b14860a799888'],
    ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
    ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ] as const)('%s of 123456789 is %s', (algorithm, expected) => {
    expect(digest(algorithm, Buffer.from('123456789')).toString('hex')).toBe(expected);
  });

  it.each(CHECKSUM_ALGORITHMS)('%s does not depend on how the bytes are cut', (algorithm) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
        const whole = Buffer.concat(chunks);
        expect(digest(algorithm, ...chunks)).toEqual(digest(algorithm, whole));
      }),
    );
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)(
    '%s of parts joins to that of the whole',
    (algorithm) => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1 }), (chunks) => {
          const parts = chunks.map((chunk) => ({
            value: digest(algorithm, chunk).toString('base64'),
            bytes: chunk.length,
          }));

          const joined = composeChecksum(algorithm, 'FULL_OBJECT', parts);

          expect(joined.value).toBe(digest(algorithm, ...chunks).toString('base64'));
        }),
      );
    },
  );

  it('composes a checksum of checksums with the number of parts', () => {
    const parts = ['a', 'b'].map((text) => {
      const value = Buffer.alloc(4);
      value.writeUInt32BE(crc32(text));
      return { value: value.toString('base64'), bytes: 1 };
    });
    const digests = Buffer.concat(parts.map(({ value }) => Buffer.from(value, 'base64')));

    const composed = composeChecksum('CRC32', 'COMPOSITE', parts);

    expect(composed.value).toBe(`${digest('CRC32', digests).toString('base64')}-2`);
  });
});

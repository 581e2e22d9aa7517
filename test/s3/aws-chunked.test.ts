// The aws-chunked coding: every framing that clients write is taken off, whatever the cuts between packets.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AwsChunkedDecoder } from '../../local/s3/aws-chunked.ts';

interface Framing {
  readonly signed: boolean;
  readonly trailers: Readonly<Record<string, string>>;
}

function encode(chunks: readonly Uint8Array[], { signed, trailers }: Framing): Buffer {
  const signature = signed ? `;chunk-signature=${'a'.repeat(64)}` : '';
  const framed = chunks
    .filter((chunk) => chunk.length > 0)
    .map((chunk) =>
      Buffer.concat([
        Buffer.from(`${chunk.length.toString(16)}${signature}\r\n`),
        chunk,
        Buffer.from('\r\n'),
      ]),
    );
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}\r\n`);
  return Buffer.concat([...framed, Buffer.from(`0${signature}\r\n${lines.join('')}\r\n`)]);
}

function decode(decoder: AwsChunkedDecoder, packets: readonly Buffer[]): Buffer {
  const payload = packets.flatMap((packet) => [...decoder.push(packet)]);
  decoder.finish();
  return Buffer.concat(payload);
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const packets: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    packets.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...packets, bytes.subarray(at)];
}

describe('AwsChunkedDecoder', () => {
  it('gives back the payload and the trailers of any framing cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 })),
        fc.record({
          signed: fc.boolean(),
          trailers: fc.dictionary(
            fc.stringMatching(/^x-[a-z]{1,8}$/),
            fc.stringMatching(/^[A-Za-z0-9=/]{1,12}$/),
          ),
        }),
        fc.array(fc.nat({ max: 20 })),
        (chunks, framing, sizes) => {
          const decoder = new AwsChunkedDecoder();

          const payload = decode(decoder, cut(encode(chunks, framing), sizes));

          expect(payload).toEqual(Buffer.concat(chunks));
          expect(Object.fromEntries(decoder.trailers)).toEqual({ ...framing.trailers });
        },
      ),
    );
  });

  it.each([
    ['no size', 'zz\r\n'],
    ['an empty line for a size', '\r\n'],
    ['a chunk longer than it says', '3\r\nabcd\r\n'],
    ['a trailer without a name', '0\r\n:x\r\n'],
    ['bytes after the last chunk', '0\r\n\r\nx'],
    ['a line without an end', 'a'.repeat(20_000)],
  ])('refuses %s', (_, text) => {
    const decoder = new AwsChunkedDecoder();

    expect(() => decode(decoder, [Buffer.from(text)])).toThrow(
      expect.objectContaining({ name: 'InvalidRequest' }),
    );
  });

  it.each(['', '5\r\nab', '5\r\nabcde\r\n', '0'])('says that a body ending in %j is incomplete', (text) => {
    const decoder = new AwsChunkedDecoder();

    expect(() => decode(decoder, [Buffer.from(text)])).toThrow(
      expect.objectContaining({ name: 'IncompleteBody' }),
    );
  });
});

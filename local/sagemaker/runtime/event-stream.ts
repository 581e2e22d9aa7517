// Frames of `application/vnd.amazon.eventstream`, as InvokeEndpointWithResponseStream answers.
// https://smithy.io/2.0/aws/amazon-eventstream.html
import { crc32 } from 'node:zlib';

const STRING_TYPE = 7;

/** One piece of the model's answer. */
export function payloadPart(bytes: Uint8Array): Buffer {
  return frame(PAYLOAD_PART_HEADERS, bytes);
}

/** An exception of the stream, such as ModelStreamError. */
export function streamException(type: string, members: Readonly<Record<string, string>>): Buffer {
  const headers = encodeHeaders({
    ':exception-type': type,
    ':content-type': 'application/json',
    ':message-type': 'exception',
  });
  return frame(headers, Buffer.from(JSON.stringify(members)));
}

/** total length, headers' length, CRC of these two; headers; payload; CRC of all before it. */
export function frame(headers: Uint8Array, payload: Uint8Array): Buffer {
  const total = 12 + headers.length + payload.length + 4;
  const out = Buffer.allocUnsafe(total);
  out.writeUInt32BE(total, 0);
  out.writeUInt32BE(headers.length, 4);
  out.writeUInt32BE(crc32(out.subarray(0, 8)), 8);
  out.set(headers, 12);
  out.set(payload, 12 + headers.length);
  out.writeUInt32BE(crc32(out.subarray(0, total - 4)), total - 4);
  return out;
}

export function encodeHeaders(headers: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(headers).map(([name, value]) => {
    const part = Buffer.alloc(1 + Buffer.byteLength(name) + 3 + Buffer.byteLength(value));
    let at = part.writeUInt8(Buffer.byteLength(name), 0);
    at += part.write(name, at);
    at = part.writeUInt8(STRING_TYPE, at);
    at = part.writeUInt16BE(Buffer.byteLength(value), at);
    part.write(value, at);
    return part;
  });
  return Buffer.concat(parts);
}

const PAYLOAD_PART_HEADERS = encodeHeaders({
  ':event-type': 'PayloadPart',
  ':content-type': 'application/octet-stream',
  ':message-type': 'event',
});

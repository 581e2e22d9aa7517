// An image's format and dimensions, read from its first bytes: PNG, JPEG, GIF, WebP and BMP. Nothing is decoded.

export interface ImageFacts {
  readonly format: string;
  /** Absent when the bytes end before they are told. */
  readonly width?: number;
  readonly height?: number;
}

/** `undefined` for bytes that are none of these. */
export function imageFacts(body: Uint8Array): ImageFacts | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const magic = bytes.toString('latin1', 0, 12);
  if (magic.startsWith('\x89PNG\r\n\x1a\n') && bytes.length >= 24) {
    return { format: 'png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  if (/^GIF8[79]a/.test(magic) && bytes.length >= 10) {
    return { format: 'gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  }
  if (magic.startsWith('BM') && bytes.length >= 26) {
    return { format: 'bmp', width: bytes.readInt32LE(18), height: Math.abs(bytes.readInt32LE(22)) };
  }
  if (magic.startsWith('RIFF') && magic.slice(8) === 'WEBP') return webp(bytes);
  return magic.startsWith('\xff\xd8\xff') ? jpeg(bytes) : undefined;
}

/** The first frame header: https://www.w3.org/Graphics/JPEG/itu-t81.pdf B.2.2 */
function jpeg(bytes: Buffer): ImageFacts {
  let at = 2;
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      return { format: 'jpeg', width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    }
    at += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2);
  }
  return { format: 'jpeg' };
}

/** https://developers.google.com/speed/webp/docs/riff_container */
function webp(bytes: Buffer): ImageFacts {
  const kind = bytes.toString('latin1', 12, 16);
  if (kind === 'VP8X' && bytes.length >= 30) {
    return { format: 'webp', width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  }
  if (kind === 'VP8 ' && bytes.length >= 30) {
    return {
      format: 'webp',
      width: bytes.readUInt16LE(26) & 0x3fff,
      height: bytes.readUInt16LE(28) & 0x3fff,
    };
  }
  if (kind === 'VP8L' && bytes.length >= 25) {
    const bits = bytes.readUInt32LE(21);
    return { format: 'webp', width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  return { format: 'webp' };
}

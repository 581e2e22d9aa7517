// PNG images as luminance, for structural similarity. Of PNG what models give: 8 bits per channel, not interlaced;
// other formats need a decoder handed in. https://www.w3.org/TR/png-3/
import { inflateSync } from 'node:zlib';

export interface Luminance {
  readonly width: number;
  readonly height: number;
  /** 0 to 255, row by row. */
  readonly values: Float32Array;
}

/** `undefined` for an image that it cannot read. */
export type DecodeImage = (body: Uint8Array) => Promise<Luminance | undefined>;

const SIGNATURE = '\x89PNG\r\n\x1a\n';
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const MAX_PIXELS = 64 * 1024 * 1024;

export const decodePng: DecodeImage = async (body) => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.toString('latin1', 0, 8) !== SIGNATURE || bytes.length < 33) return undefined;
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const [depth, colour, interlace] = [bytes[24], bytes[25]!, bytes[28]];
  const channels = CHANNELS[colour];
  if (depth !== 8 || channels === undefined || interlace !== 0 || width * height > MAX_PIXELS)
    return undefined;
  const chunks = readChunks(bytes);
  const raw = inflateSync(Buffer.concat(chunks.get('IDAT') ?? []), {
    maxOutputLength: (width * channels + 1) * height,
  });
  const pixels = unfilter(raw, { rowBytes: width * channels, height, channels });
  return {
    width,
    height,
    values: luminance(pixels, {
      count: width * height,
      channels,
      palette: chunks.get('PLTE')?.[0],
      isIndexed: colour === 3,
    }),
  };
};

function readChunks(bytes: Buffer): Map<string, Buffer[]> {
  const chunks = new Map<string, Buffer[]>();
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const data = bytes.subarray(at + 8, at + 8 + length);
    chunks.set(type, [...(chunks.get(type) ?? []), data]);
    at += 12 + length;
  }
  return chunks;
}

interface Rows {
  readonly rowBytes: number;
  readonly height: number;
  readonly channels: number;
}

/** Undoes the five filters, row by row. */
function unfilter(raw: Buffer, { rowBytes, height, channels }: Rows): Uint8Array {
  const pixels = new Uint8Array(rowBytes * height);
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (rowBytes + 1)]!;
    const from = row * (rowBytes + 1) + 1;
    const to = row * rowBytes;
    for (let at = 0; at < rowBytes; at += 1) {
      const left = at >= channels ? pixels[to + at - channels]! : 0;
      const up = row > 0 ? pixels[to + at - rowBytes]! : 0;
      const corner = row > 0 && at >= channels ? pixels[to + at - rowBytes - channels]! : 0;
      pixels[to + at] = raw[from + at]! + predicted(filter, { left, up, corner });
    }
  }
  return pixels;
}

function predicted(
  filter: number,
  { left, up, corner }: { left: number; up: number; corner: number },
): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const [byLeft, byUp, byCorner] = [
    Math.abs(up - corner),
    Math.abs(left - corner),
    Math.abs(left + up - 2 * corner),
  ];
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

interface Colours {
  readonly count: number;
  readonly channels: number;
  readonly palette: Buffer | undefined;
  readonly isIndexed: boolean;
}

function luminance(pixels: Uint8Array, { count, channels, palette, isIndexed }: Colours): Float32Array {
  const values = new Float32Array(count);
  for (let at = 0; at < count; at += 1) {
    const from = at * channels;
    if (isIndexed) values[at] = lumaOf(palette ?? Buffer.alloc(0), pixels[from]! * 3);
    else values[at] = channels < 3 ? pixels[from]! : lumaOf(pixels, from);
  }
  return values;
}

/** ITU-R BT.601. */
function lumaOf(colours: Uint8Array, at: number): number {
  return 0.299 * (colours[at] ?? 0) + 0.587 * (colours[at + 1] ?? 0) + 0.114 * (colours[at + 2] ?? 0);
}

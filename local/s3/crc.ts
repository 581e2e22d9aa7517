// CRC-32C and CRC-64/NVME, which node:zlib does not have, and the joining of two CRCs into that of the concatenation:
// what S3 calls a full object checksum of a multipart upload. Bit-reflected throughout, eight bytes a step.
// Parameters: https://reveng.sourceforge.io/crc-catalogue/all.htm

/** The generator polynomials, bit-reflected. */
const POLYNOMIALS = { CRC32: 0xedb88320n, CRC32C: 0x82f63b78n, CRC64NVME: 0x9a6c9329ac4bc9b5n } as const;
const WIDTHS = { CRC32: 32, CRC32C: 32, CRC64NVME: 64 } as const;

export type CrcName = keyof typeof POLYNOMIALS;

const SLICES = 8;

/** Tables for slices of one byte each: entry `slice * 256 + byte`, the low and the high 32 bits. */
interface Tables {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

function buildTables(polynomial: bigint): Tables {
  const low = new Int32Array(SLICES * 256);
  const high = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    for (let slice = 0, rest = value; slice < SLICES; slice++) {
      low[slice * 256 + byte] = Number(BigInt.asIntN(32, rest));
      high[slice * 256 + byte] = Number(BigInt.asIntN(32, rest >> 32n));
      rest = (rest >> 8n) ^ tableEntry(polynomial, Number(rest & 0xffn));
    }
  }
  return { low, high };
}

function tableEntry(polynomial: bigint, byte: number): bigint {
  let value = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
  return value;
}

let crc32cTables: Tables | undefined;
let crc64Tables: Tables | undefined;

/** @param previous the CRC of what came before, 0 at the start */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  crc32cTables ??= buildTables(POLYNOMIALS.CRC32C);
  const table = crc32cTables.low;
  let crc = ~previous;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      table[0x700 | (crc & 0xff)]! ^
      table[0x600 | ((crc >>> 8) & 0xff)]! ^
      table[0x500 | ((crc >>> 16) & 0xff)]! ^
      table[0x400 | (crc >>> 24)]! ^
      table[0x300 | bytes[at + 4]!]! ^
      table[0x200 | bytes[at + 5]!]! ^
      table[0x100 | bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** A CRC-64/NVME under way. */
export class Crc64Nvme {
  #low = -1;
  #high = -1;

  update(bytes: Uint8Array): void {
    crc64Tables ??= buildTables(POLYNOMIALS.CRC64NVME);
    const { low, high } = crc64Tables;
    let l = this.#low;
    let h = this.#high;
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += 8) {
      l ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      h ^= bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
      const a = 0x700 | (l & 0xff);
      const b = 0x600 | ((l >>> 8) & 0xff);
      const c = 0x500 | ((l >>> 16) & 0xff);
      const d = 0x400 | (l >>> 24);
      const e = 0x300 | (h & 0xff);
      const f = 0x200 | ((h >>> 8) & 0xff);
      const g = 0x100 | ((h >>> 16) & 0xff);
      const i = h >>> 24;
      l = low[a]! ^ low[b]! ^ low[c]! ^ low[d]! ^ low[e]! ^ low[f]! ^ low[g]! ^ low[i]!;
      h = high[a]! ^ high[b]! ^ high[c]! ^ high[d]! ^ high[e]! ^ high[f]! ^ high[g]! ^ high[i]!;
    }
    for (; at < bytes.length; at++) {
      const index = (l ^ bytes[at]!) & 0xff;
      l = low[index]! ^ ((l >>> 8) | (h << 24));
      h = high[index]! ^ (h >>> 8);
    }
    this.#low = l;
    this.#high = h;
  }

  digest(): Buffer {
    const digest = Buffer.alloc(8);
    digest.writeInt32BE(~this.#high, 0);
    digest.writeInt32BE(~this.#low, 4);
    return digest;
  }
}

/**
 * A function from the CRC of a byte string, and the CRC and length of another, to the CRC of both joined:
 * `crc(ab) = crc(a)·x^(8·|b|) mod P + crc(b)`. It keeps the powers of x: an upload's parts are mostly of one length.
 */
export function crcJoiner(name: CrcName): (first: bigint, second: bigint, secondBytes: number) => bigint {
  const powers = new Map<number, bigint>();
  return (first, second, secondBytes) => {
    const power = powers.get(secondBytes) ?? powerOfX(name, secondBytes);
    powers.set(secondBytes, power);
    return multiply(name, first, power) ^ second;
  };
}

/** `x^(8·bytes)` modulo the generator, by repeated squaring. */
function powerOfX(name: CrcName, bytes: number): bigint {
  const width = BigInt(WIDTHS[name]);
  let result = 1n << (width - 1n);
  let square = 1n << (width - 1n - 8n);
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(name, result, square);
    square = multiply(name, square, square);
  }
  return result;
}

/** Product of two reflected polynomials modulo the generator: the top bit stands for x⁰. */
function multiply(name: CrcName, a: bigint, b: bigint): bigint {
  const polynomial = POLYNOMIALS[name];
  let product = 0n;
  let shifted = b;
  for (let mask = 1n << BigInt(WIDTHS[name] - 1); mask > 0n; mask >>= 1n) {
    if (a & mask) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}

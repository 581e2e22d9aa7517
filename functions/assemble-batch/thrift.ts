// The part of Thrift's compact protocol that a Parquet footer and its page headers need, for writing only.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

/** A field of a struct; numbers are 32 bits wide, bigints 64. */
export type ThriftValue = number | bigint | string | ThriftStruct | readonly ThriftValue[];

/** Values by their field's id, in the order of the ids; what is undefined is left out. */
export type ThriftStruct = Readonly<{ [id: number]: ThriftValue | undefined }>;

const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12];

export function encodeStruct(struct: ThriftStruct): Buffer {
  const bytes: number[] = [];
  writeStruct(bytes, struct);
  return Buffer.from(bytes);
}

function writeStruct(bytes: number[], struct: ThriftStruct): void {
  let before = 0;
  for (const [name, value] of Object.entries(struct)) {
    if (value === undefined) continue;
    const id = Number(name);
    bytes.push(((id - before) << 4) | typeOf(value));
    writeValue(bytes, value);
    before = id;
  }
  bytes.push(0);
}

function typeOf(value: ThriftValue): number {
  if (typeof value === 'number') return I32!;
  if (typeof value === 'bigint') return I64!;
  if (typeof value === 'string') return BINARY!;
  return Array.isArray(value) ? LIST! : STRUCT!;
}

function writeValue(bytes: number[], value: ThriftValue): void {
  if (typeof value === 'number') writeVarint(bytes, zigzag(BigInt(value)));
  else if (typeof value === 'bigint') writeVarint(bytes, zigzag(value));
  else if (typeof value === 'string') writeText(bytes, value);
  else if (Array.isArray(value)) writeList(bytes, value as readonly ThriftValue[]);
  else writeStruct(bytes, value as ThriftStruct);
}

function writeList(bytes: number[], values: readonly ThriftValue[]): void {
  const type = values.length === 0 ? STRUCT! : typeOf(values[0]!);
  if (values.length < 15) bytes.push((values.length << 4) | type);
  else {
    bytes.push(0xf0 | type);
    writeVarint(bytes, BigInt(values.length));
  }
  for (const value of values) writeValue(bytes, value);
}

function writeText(bytes: number[], text: string): void {
  const encoded = Buffer.from(text);
  writeVarint(bytes, BigInt(encoded.length));
  for (const byte of encoded) bytes.push(byte);
}

function writeVarint(bytes: number[], value: bigint): void {
  let left = value;
  while (left >= 128n) {
    bytes.push(Number(left & 127n) | 128);
    left >>= 7n;
  }
  bytes.push(Number(left));
}

function zigzag(value: bigint): bigint {
  return value >= 0n ? value * 2n : -value * 2n - 1n;
}

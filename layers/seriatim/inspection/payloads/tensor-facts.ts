// Numbers of a payload as a person wants them: datatype, shape, least, mean, greatest, the first values. From nested
// arrays of JSON, from the Open Inference Protocol in JSON and in binary, and from NumPy's .npy.
// https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
import type { TensorFacts } from '../api.ts';
import { isObject } from '../history.ts';

export const FIRST_VALUES = 8;

type Element = number | bigint | string | boolean | null;

export interface RawTensor {
  readonly name?: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly elements: Iterable<Element>;
}

/** One pass over the elements: a tensor may have millions. */
export function factsOf({ name, datatype, shape, elements }: RawTensor): TensorFacts {
  const first: Exclude<Element, bigint>[] = [];
  let [count, finite, sum, min, max] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const element of elements) {
    const value = typeof element === 'bigint' ? Number(element) : element;
    count += 1;
    if (first.length < FIRST_VALUES) first.push(value);
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    finite += 1;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const isNumeric = finite > 0;
  return {
    ...(name === undefined ? {} : { name }),
    datatype,
    shape,
    elements: count,
    min: isNumeric ? min : null,
    mean: isNumeric ? sum / finite : null,
    max: isNumeric ? max : null,
    notFinite: isText(datatype) ? 0 : count - finite,
    first: first.map((value) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    ),
  };
}

export function isText(datatype: string): boolean {
  return datatype === 'BYTES' || datatype === 'BOOL';
}

/** A nested array of numbers, all of one shape; `undefined` for anything else. */
export function arrayTensor(value: unknown): RawTensor | undefined {
  const shape: number[] = [];
  for (let at = value; Array.isArray(at); at = at[0]) shape.push(at.length);
  if (shape.length === 0) return;
  const flat: number[] = [];
  if (!flatten(value, shape, flat)) return;
  const datatype = flat.every(Number.isInteger) ? 'INT64' : 'FP64';
  return { datatype, shape, elements: flat };
}

function flatten(value: unknown, shape: readonly number[], into: number[]): boolean {
  const [length, ...inner] = shape;
  if (length === undefined) {
    if (typeof value !== 'number') return false;
    into.push(value);
    return true;
  }
  if (!Array.isArray(value) || value.length !== length) return false;
  return value.every((each) => flatten(each, inner, into));
}

/** `inputs` or `outputs` of the Open Inference Protocol in JSON, each with its data in place. */
export function protocolTensors(value: unknown): { readonly at: string; readonly tensor: RawTensor }[] {
  if (!isObject(value)) return [];
  return ['inputs', 'outputs'].flatMap((member) => {
    const list = value[member];
    if (!Array.isArray(list) || !list.every(isProtocolTensor)) return [];
    return list.map(({ name, datatype, shape, data }, index) => ({
      at: `${member}[${index}]`,
      tensor: {
        name,
        datatype,
        shape,
        elements: (data as unknown[]).flat(Number.POSITIVE_INFINITY) as Element[],
      },
    }));
  });
}

interface ProtocolTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: unknown;
}

function isProtocolTensor(value: unknown): value is ProtocolTensor & { readonly data: unknown[] } {
  return isDescribed(value) && Array.isArray(value.data);
}

function isDescribed(value: unknown): value is ProtocolTensor {
  return (
    isObject(value) &&
    typeof value.name === 'string' &&
    typeof value.datatype === 'string' &&
    Array.isArray(value.shape) &&
    value.shape.every((length) => typeof length === 'number')
  );
}

/**
 * The protocol in binary: JSON of `jsonBytes`, then each tensor's data of the size in its `parameters`.
 * `undefined` for bytes that are not it.
 */
export function binaryProtocolTensors(body: Uint8Array, jsonBytes?: number): RawTensor[] | undefined {
  const headerBytes = jsonBytes ?? jsonLength(body);
  if (headerBytes === undefined) return;
  const header = parse(Buffer.from(body.subarray(0, headerBytes)).toString('utf8'));
  if (!isObject(header)) return;
  const list = header.inputs ?? header.outputs;
  if (!Array.isArray(list) || !list.every(isDescribed)) return;
  let offset = headerBytes;
  return list.map((entry) => {
    const parameters = (entry as { parameters?: { binary_data_size?: number } }).parameters;
    const bytes = parameters?.binary_data_size ?? 0;
    const data = body.subarray(offset, offset + bytes);
    offset += bytes;
    const { name, datatype, shape } = entry;
    const inPlace = (entry.data as Element[] | undefined)?.flat(Number.POSITIVE_INFINITY) as
      | Element[]
      | undefined;
    return { name, datatype, shape, elements: inPlace ?? readElements(data, datatype) };
  });
}

/** Where the JSON at the start ends: no length came with a body that was stored. */
function jsonLength(body: Uint8Array): number | undefined {
  if (body[0] !== 0x7b) return;
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (isInText) {
      if (byte === 0x5c) at += 1;
      else if (byte === 0x22) isInText = false;
    } else if (byte === 0x22) isInText = true;
    else if (byte === 0x7b) depth += 1;
    else if (byte === 0x7d && --depth === 0) return at + 1;
  }
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

type Read = (view: DataView, at: number) => Element;

const READERS: Readonly<Record<string, readonly [bytes: number, read: Read]>> = {
  BOOL: [1, (view, at) => view.getUint8(at) !== 0],
  UINT8: [1, (view, at) => view.getUint8(at)],
  INT8: [1, (view, at) => view.getInt8(at)],
  UINT16: [2, (view, at) => view.getUint16(at, true)],
  INT16: [2, (view, at) => view.getInt16(at, true)],
  FP16: [2, (view, at) => halfAt(view, at)],
  UINT32: [4, (view, at) => view.getUint32(at, true)],
  INT32: [4, (view, at) => view.getInt32(at, true)],
  FP32: [4, (view, at) => view.getFloat32(at, true)],
  UINT64: [8, (view, at) => view.getBigUint64(at, true)],
  INT64: [8, (view, at) => view.getBigInt64(at, true)],
  FP64: [8, (view, at) => view.getFloat64(at, true)],
};

function* readElements(data: Uint8Array, datatype: string): Generator<Element> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (datatype === 'BYTES') {
    for (let at = 0; at + 4 <= data.length; ) {
      const bytes = view.getUint32(at, true);
      yield Buffer.from(data.subarray(at + 4, at + 4 + bytes)).toString('utf8');
      at += 4 + bytes;
    }
    return;
  }
  const reader = READERS[datatype];
  if (reader === undefined) return;
  const [bytes, read] = reader;
  for (let at = 0; at + bytes <= data.length; at += bytes) yield read(view, at);
}

/** IEEE 754 binary16. */
function halfAt(view: DataView, at: number): number {
  const bits = view.getUint16(at, true);
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const NPY_TYPES: Readonly<Record<string, string>> = {
  b1: 'BOOL',
  u1: 'UINT8',
  i1: 'INT8',
  u2: 'UINT16',
  i2: 'INT16',
  f2: 'FP16',
  u4: 'UINT32',
  i4: 'INT32',
  f4: 'FP32',
  u8: 'UINT64',
  i8: 'INT64',
  f8: 'FP64',
};

/** https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html; `undefined` for what cannot be read. */
export function npyTensor(body: Uint8Array): RawTensor | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY') return;
  const isLong = bytes[6]! >= 2;
  const start = isLong ? 12 : 10;
  const end = start + (isLong ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.toString('latin1', start, end);
  const type = /'descr':\s*'[<|=]?([a-z]\d)'/.exec(header)?.[1] ?? '';
  const datatype = NPY_TYPES[type];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (datatype === undefined || shape === undefined) return;
  const lengths = shape
    .split(',')
    .map((length) => length.trim())
    .filter((length) => length !== '')
    .map(Number);
  return { datatype, shape: lengths, elements: readElements(body.subarray(end), datatype) };
}

// NumPy's `.npy` (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): one tensor, for a model
// with one input, and back for one output. Either byte order, C and Fortran order, versions 1 to 3; strings as `U` and
// `S`. Objects (pickles) are refused.
import { InferenceError } from '../errors.ts';
import { bytesOf, countElements, type Dtype, type NumericData, type Tensor, viewBytes } from '../tensors.ts';
import { castTensor } from './cast.ts';
import type { DecodeContext, DecodedBody, EncodeContext, EncodedBody, Part } from './codec.ts';
import { batchRows } from './oip.ts';

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

const DESCRIPTIONS: Readonly<Record<Exclude<Dtype, 'string'>, string>> = {
  float32: '<f4',
  float64: '<f8',
  float16: '<f2',
  int8: '|i1',
  int16: '<i2',
  int32: '<i4',
  int64: '<i8',
  uint8: '|u1',
  uint16: '<u2',
  uint32: '<u4',
  uint64: '<u8',
  bool: '|b1',
};

const DTYPES = new Map(
  Object.entries(DESCRIPTIONS).map(([dtype, text]) => [text.slice(1), dtype as Exclude<Dtype, 'string'>]),
);

/** @throws InferenceError InvalidPayload */
export function decodeNpy(body: Buffer, { signature }: DecodeContext): DecodedBody {
  const [spec, ...others] = signature.inputs;
  if (spec === undefined || others.length > 0) {
    const names = signature.inputs.map(({ name }) => `"${name}"`).join(', ');
    throw invalid(`.npy holds one tensor, the model takes ${names}: send .npz.`);
  }
  const tensors = { [spec.name]: castTensor(parseNpy(body), spec) };
  const rows = batchRows(tensors, signature);
  return { parts: [{ tensors, rows }], rows };
}

export function encodeNpy(parts: readonly Part[], _rows: number, _context: EncodeContext): EncodedBody {
  const tensors = Object.entries(onePart(parts).tensors);
  if (tensors.length !== 1) {
    const names = tensors.map(([name]) => `"${name}"`).join(', ');
    throw new InferenceError(
      'NotAcceptable',
      `.npy holds one tensor, the model answers ${names}: accept .npz.`,
    );
  }
  return { body: formatNpy(tensors[0]![1]), contentType: 'application/x-npy' };
}

/** @throws InferenceError NotAcceptable where records of several shapes do not fit one tensor */
export function onePart(parts: readonly Part[]): Part {
  if (parts.length === 1) return parts[0]!;
  throw new InferenceError('NotAcceptable', 'Records of several shapes do not fit one tensor.');
}

/** @throws InferenceError InvalidPayload */
export function parseNpy(bytes: Buffer): Tensor {
  const { text, dataOffset } = readHeader(bytes);
  const description = /'descr'\s*:\s*'([<>|=])([a-zA-Z])(\d+)'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shapeText = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text);
  if (description === null || order === null || shapeText === null)
    throw invalid(`The .npy header is ${text.trim().slice(0, 100)}.`);
  const shape = [...shapeText[1]!.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  const [, byteOrder, kind, size] = description;
  const data = bytes.subarray(dataOffset);
  const tensor = readData(data, shape, { kind: kind!, size: Number(size), isBigEndian: byteOrder === '>' });
  return order[1] === 'True' ? fromFortran(tensor) : tensor;
}

function readHeader(bytes: Buffer): { text: string; dataOffset: number } {
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(MAGIC))
    throw invalid('The body is not an .npy file.');
  const major = bytes[6]!;
  if (major < 1 || major > 3) throw invalid(`.npy version ${major} is not known.`);
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (start + length > bytes.length) throw invalid('The .npy header runs past the body.');
  return {
    text: bytes.toString(major === 3 ? 'utf8' : 'latin1', start, start + length),
    dataOffset: start + length,
  };
}

interface ElementType {
  readonly kind: string;
  readonly size: number;
  readonly isBigEndian: boolean;
}

function readData(bytes: Buffer, shape: readonly number[], type: ElementType): Tensor {
  const count = countElements(shape);
  const elementSize = type.kind === 'U' ? type.size * 4 : type.size;
  if (
    !shape.every(Number.isSafeInteger) ||
    !Number.isSafeInteger(count) ||
    bytes.length !== count * elementSize
  ) {
    throw invalid(
      `.npy shape (${shape.join(', ')}) needs ${count * elementSize} bytes, got ${bytes.length}.`,
    );
  }
  if (type.kind === 'U' || type.kind === 'S')
    return { dtype: 'string', shape, data: readStrings(bytes, count, type) };
  const dtype = DTYPES.get(`${type.kind}${type.size}`);
  if (dtype === undefined) throw invalid(`.npy of type ${type.kind}${type.size} is not supported.`);
  const ordered = type.isBigEndian ? swapBytes(bytes, type.size) : bytes;
  return { dtype, shape, data: viewBytes(dtype, ordered) };
}

function swapBytes(bytes: Buffer, size: number): Buffer {
  const copy = Buffer.from(bytes);
  if (size === 2) copy.swap16();
  if (size === 4) copy.swap32();
  if (size === 8) copy.swap64();
  return copy;
}

/** Fixed width, padded with NULs; `U` is UTF-32. */
function readStrings(bytes: Buffer, count: number, { kind, size, isBigEndian }: ElementType): string[] {
  if (kind === 'S') {
    return Array.from({ length: count }, (_, i) =>
      bytes.toString('utf8', i * size, (i + 1) * size).replace(/\0+$/, ''),
    );
  }
  const units = isBigEndian ? swapBytes(bytes, 4) : bytes;
  return Array.from({ length: count }, (_, i) => readUtf32(units.subarray(i * size * 4, (i + 1) * size * 4)));
}

function readUtf32(bytes: Buffer): string {
  let text = '';
  for (let offset = 0; offset < bytes.length; offset += 4) {
    const point = bytes.readUInt32LE(offset);
    if (point > 0x10_ff_ff) throw invalid(`.npy holds ${point}, which is no character.`);
    text += String.fromCodePoint(point);
  }
  return text.replace(/\0+$/, '');
}

/** Column-major to row-major. */
function fromFortran({ dtype, shape, data }: Tensor): Tensor {
  const transposed = Array.isArray(data) ? new Array<string>(data.length) : data.slice();
  const index = new Array<number>(shape.length).fill(0);
  for (let target = 0; target < data.length; target++) {
    let source = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) source = source * shape[axis]! + index[axis]!;
    transposed[target] = data[source] as never;
    advance(index, shape);
  }
  return { dtype, shape, data: transposed };
}

/** The next index in row-major order. */
function advance(index: number[], shape: readonly number[]): void {
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis]!++;
    if (index[axis]! < shape[axis]!) return;
    index[axis] = 0;
  }
}

export function formatNpy({ dtype, shape, data }: Tensor): Buffer {
  const isText = dtype === 'string';
  const width = isText ? Math.max(1, ...(data as string[]).map((text) => [...text].length)) : 0;
  const description = isText ? `<U${width}` : DESCRIPTIONS[dtype];
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The header ends with a line feed on a multiple of 64, so that the data can be mapped.
  const padded = `${text.padEnd(Math.ceil((10 + text.length + 1) / 64) * 64 - 11)}\n`;
  const header = Buffer.alloc(10 + padded.length);
  MAGIC.copy(header);
  header[6] = 1;
  header.writeUInt16LE(padded.length, 8);
  header.write(padded, 10, 'latin1');
  return Buffer.concat([header, isText ? writeUtf32(data as string[], width) : bytesOf(data as NumericData)]);
}

function writeUtf32(texts: readonly string[], width: number): Buffer {
  const bytes = Buffer.alloc(texts.length * width * 4);
  texts.forEach((text, i) => {
    [...text].forEach((char, j) => {
      bytes.writeUInt32LE(char.codePointAt(0)!, (i * width + j) * 4);
    });
  });
  return bytes;
}

function invalid(message: string): InferenceError {
  return new InferenceError('InvalidPayload', message);
}

// Tensors and the signatures of models, in the words of ONNX and the Open Inference Protocol. Data is flat and
// row-major. The first axis of a batched model counts records; here are the operations along it.
import { InferenceError } from './errors.ts';

/** The dtypes that both ONNX and JavaScript can hold. 64-bit integers are BigInts, float16 a Float16Array. */
export const DTYPES = [
  'float32',
  'float64',
  'float16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'string',
] as const;

export type Dtype = (typeof DTYPES)[number];

export type NumericData =
  | Float32Array
  | Float64Array
  | Float16Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export type TensorData = NumericData | string[];

export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Tensors by the name of the model's input or output. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** One input or output of a model. A text in the shape is a dimension that may vary. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly (number | string)[];
}

export interface Signature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Whether the first axis of every input and output counts records, so that requests may share a run. */
  readonly isBatched: boolean;
}

/** Batched: every input and output has a varying first axis, and the inputs agree on its name. */
export function isBatchedSignature(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[]): boolean {
  const first = inputs[0]?.shape[0];
  if (typeof first !== 'string') return false;
  return (
    inputs.every(({ shape }) => shape[0] === first) &&
    outputs.every(({ shape }) => typeof shape[0] === 'string')
  );
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

export function allocate(dtype: Dtype, length: number): TensorData {
  return dtype === 'string' ? new Array<string>(length) : new ARRAYS[dtype](length);
}

/** Bytes of one element; strings have none. */
export function elementBytes(dtype: Exclude<Dtype, 'string'>): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** A tensor's data over little-endian `bytes`: a view where they are aligned, a copy where not. */
export function viewBytes(dtype: Exclude<Dtype, 'string'>, bytes: Uint8Array): NumericData {
  const size = elementBytes(dtype);
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const buffer = aligned.buffer as ArrayBuffer;
  return new ARRAYS[dtype](buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** The bytes of numeric data, without a copy. */
export function bytesOf(data: NumericData): Buffer {
  return Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

/** The memory of tensors that nothing else looks into: what may be handed to another thread without a copy. */
export function ownBuffers(tensors: Tensors): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { data } of Object.values(tensors)) {
    if (Array.isArray(data) || data.byteLength !== data.buffer.byteLength) continue;
    if (data.buffer instanceof ArrayBuffer) buffers.add(data.buffer);
  }
  return [...buffers];
}

export function countElements(shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) count *= dimension;
  return count;
}

/** Lays tensors of equal dtype and inner shape end to end along the first axis. */
export function concatTensors(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new RangeError('No tensors to lay end to end.');
  if (tensors.length === 1) return first;
  let rows = 0;
  for (const { shape } of tensors) rows += shape[0]!;
  const shape = [rows, ...first.shape.slice(1)];
  const data = allocate(first.dtype, countElements(shape));
  let offset = 0;
  for (const tensor of tensors) {
    copyInto(data, tensor.data, offset);
    offset += tensor.data.length;
  }
  return { dtype: first.dtype, shape, data };
}

function copyInto(target: TensorData, source: TensorData, offset: number): void {
  if (Array.isArray(target)) for (let i = 0; i < source.length; i++) target[offset + i] = source[i] as string;
  else (target as Float32Array).set(source as Float32Array, offset);
}

/** Rows `from` up to `to` of a tensor, as a view. */
export function sliceRows({ dtype, shape, data }: Tensor, from: number, to: number): Tensor {
  const rowElements = countElements(shape.slice(1));
  const part = Array.isArray(data)
    ? data.slice(from * rowElements, to * rowElements)
    : data.subarray(from * rowElements, to * rowElements);
  return { dtype, shape: [to - from, ...shape.slice(1)], data: part };
}

/** `float32 [N, 6]` */
export function describeSpec({ dtype, shape }: TensorSpec | Tensor): string {
  return `${dtype} [${shape.map((dimension) => (dimension === '' ? '?' : dimension)).join(', ')}]`;
}

/**
 * Checks that `tensors` are what the model takes: every input there, of its dtype, in a shape that fits.
 * @throws InferenceError InvalidPayload, naming the input, what was expected and what came
 */
export function checkInputs(tensors: Tensors, inputs: readonly TensorSpec[]): void {
  for (const spec of inputs) {
    const tensor = tensors[spec.name];
    if (tensor === undefined) throw misfit(spec, 'nothing');
    if (tensor.dtype !== spec.dtype || !fitsShape(tensor.shape, spec.shape))
      throw misfit(spec, describeSpec(tensor));
  }
}

function misfit(spec: TensorSpec, got: string): InferenceError {
  const message = `Input "${spec.name}": expected ${describeSpec(spec)}, got ${got}.`;
  return new InferenceError('InvalidPayload', message);
}

export function fitsShape(shape: readonly number[], expected: readonly (number | string)[]): boolean {
  if (shape.length !== expected.length) return false;
  return shape.every((dimension, axis) => {
    const wanted = expected[axis];
    return typeof wanted === 'string' || wanted === dimension;
  });
}

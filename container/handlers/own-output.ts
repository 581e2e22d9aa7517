// What a `predictFn` of an artefact's own may answer besides a `Prediction`: tensors by name, in a list, or one as plain
// typed array. They are written as the default ONNX answer would be, in any format; other values only as JSON.
import { InferenceError } from '../errors.ts';
import type { DecodedBody } from '../formats/codec.ts';
import { elementToJsonText } from '../formats/elements.ts';
import { nestTensor } from '../formats/rows.ts';
import {
  allocate,
  countElements,
  DTYPES,
  type Dtype,
  type Signature,
  type Tensor,
  type TensorData,
  type Tensors,
} from '../tensors.ts';

export interface OwnPrediction extends DecodedBody {
  readonly signature: Signature;
}

/**
 * Undefined for what is no tensors.
 * @param declared the model's, whose outputs name what has no name
 * @throws InferenceError ModelFailed for tensors that are none
 */
export function readOwnPrediction(
  value: unknown,
  declared: Signature | undefined,
): OwnPrediction | undefined {
  const tensors = readTensors(value, declared);
  if (tensors === undefined) return undefined;
  const [first] = Object.values(tensors);
  const rows = first!.shape[0];
  const isBatched = Object.values(tensors).every(({ shape }) => shape.length > 0 && shape[0] === rows);
  const outputs = Object.entries(tensors).map(
    ([name, { dtype, shape }]) =>
      declared?.outputs.find((spec) => spec.name === name) ?? { name, dtype, shape },
  );
  const count = isBatched ? rows! : 1;
  return {
    parts: [{ tensors, rows: count }],
    rows: count,
    signature: { inputs: declared?.inputs ?? [], outputs, isBatched },
  };
}

function readTensors(value: unknown, declared: Signature | undefined): Tensors | undefined {
  if (isTypedArray(value)) {
    const [only, ...others] = declared?.outputs ?? [];
    const name = only !== undefined && others.length === 0 ? only.name : 'prediction';
    return { [name]: { dtype: dtypeOf(value), shape: [value.length], data: value } };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const members = Object.entries(value);
  if (members.length === 0 || !members.every(([, member]) => isLikeTensor(member))) return undefined;
  const nameOf = (key: string) =>
    Array.isArray(value) ? (declared?.outputs[Number(key)]?.name ?? `output_${key}`) : key;
  return Object.fromEntries(members.map(([key, member]) => [nameOf(key), readTensor(nameOf(key), member)]));
}

/**
 * What an `inputFn` of the artefact's own gave for the default `predictFn`.
 * @throws InferenceError ModelFailed naming inputFn
 */
export function readInputs(value: object, signature: Signature | undefined): Tensors {
  const tensors = Object.entries(value).map(([name, member]) => {
    if (isLikeTensor(member)) return [name, readTensor(name, member, 'inputFn')] as const;
    const message = `inputFn's "${name}" is no tensor of dtype, shape and data: give tensors by input name, or export predictFn.`;
    throw new InferenceError('ModelFailed', message);
  });
  const found: Tensors = Object.fromEntries(tensors);
  for (const { name, dtype } of signature?.inputs ?? []) {
    if (found[name]?.dtype === dtype) continue;
    const got = found[name]?.dtype ?? 'nothing';
    throw new InferenceError(
      'ModelFailed',
      `inputFn gave ${got} for the input "${name}", which takes ${dtype}.`,
    );
  }
  return found;
}

/** Ours has `dtype` and `shape`, the runtime's `type` and `dims`. */
interface LikeTensor {
  readonly dtype?: unknown;
  readonly type?: unknown;
  readonly shape?: unknown;
  readonly dims?: unknown;
  readonly data: unknown;
}

function isLikeTensor(value: unknown): value is LikeTensor {
  const { dtype, type, shape, dims, data } = (value ?? {}) as Partial<LikeTensor>;
  const hasData = isTypedArray(data) || Array.isArray(data);
  return hasData && typeof (dtype ?? type) === 'string' && Array.isArray(shape ?? dims);
}

/** @throws InferenceError ModelFailed */
function readTensor(name: string, value: unknown, handler = 'predictFn'): Tensor {
  const refused = (reason: string) =>
    new InferenceError('ModelFailed', `${handler}'s tensor "${name}" cannot be used: ${reason}.`);
  const { dtype: own, type, shape: axes, dims, data: elements } = value as LikeTensor;
  const dtype = (own ?? type) as Dtype;
  const shape = (axes ?? dims) as number[];
  if (!DTYPES.includes(dtype)) throw refused(`its dtype ${dtype} is none of ${DTYPES.join(', ')}`);
  const data = readData(dtype, elements as TensorData, refused);
  const expected = countElements(shape);
  if (data.length === expected) return { dtype, shape, data };
  throw refused(`its shape [${shape.join(', ')}] has ${expected} elements, its data ${data.length}`);
}

function readData(dtype: Dtype, data: TensorData, refused: (reason: string) => InferenceError): TensorData {
  const empty = allocate(dtype, 0);
  if (data.constructor === empty.constructor) return data;
  // The runtime has float16 as the integers of its bits.
  if (dtype === 'float16' && data instanceof Uint16Array)
    return new Float16Array(data.buffer as ArrayBuffer, data.byteOffset, data.length);
  if (!Array.isArray(data)) throw refused(`${dtype} is not held in ${data.constructor.name}`);
  try {
    return (empty.constructor as Float32ArrayConstructor).from(data as unknown as number[]);
  } catch (thrown) {
    throw refused(`${(thrown as Error).message}`);
  }
}

type TypedArray = Exclude<TensorData, string[]>;

function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function dtypeOf(data: TypedArray): Dtype {
  const found = DTYPES.find(
    (dtype) => data instanceof (allocate(dtype, 0).constructor as typeof Float32Array),
  );
  // A clamped array holds the same bytes.
  return found ?? 'uint8';
}

/**
 * Any value as JSON: typed arrays and tensors as lists, 64-bit integers with all their digits.
 * @throws InferenceError ModelFailed for what JSON cannot hold
 */
export function writeOwnJson(value: unknown): string {
  let reason: string = typeof value;
  try {
    const text = JSON.stringify(value, replace) as string | undefined;
    if (text !== undefined) return text;
  } catch (thrown) {
    if (thrown instanceof InferenceError) throw thrown;
    reason = `what fails as "${(thrown as Error).message.split('\n', 1)[0]!}"`;
  }
  throw new InferenceError(
    'ModelFailed',
    `predictFn gave ${reason}, which JSON cannot hold: export outputFn.`,
  );
}

/** What stands in the object is asked, not what its `toJSON` made of it: a Buffer's is no list. */
function replace(this: Record<string, unknown>, key: string, made: unknown): unknown {
  const value = this[key];
  if (typeof value === 'bigint') return elementToJsonText('int64', value);
  if (isTypedArray(value))
    return Array.from<unknown, unknown>(value as ArrayLike<unknown>, (element) =>
      elementToJsonText(dtypeOf(value), element),
    );
  return isLikeTensor(value) ? nestTensor(readTensor(key, value)) : made;
}

// Reads what an ONNX file says of itself (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto): inputs, outputs,
// opsets, operators, producer. A small reader of Protocol Buffers' wire format that steps over the weights.
import type { TensorSpec } from '../tensors.ts';

export interface OnnxFile {
  readonly irVersion: number;
  readonly producer: string;
  /** Opset version by domain; `ai.onnx` is the default domain. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Operator types with how often each is used, subgraphs included. */
  readonly operators: Readonly<Record<string, number>>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Tensors of weights in the file. */
  readonly initializers: number;
  /** Files beside the model that hold weights of it, as it names them. */
  readonly externalFiles: readonly string[];
}

export interface OnnxValue {
  readonly name: string;
  /** A dtype, or ONNX's own name for what is no tensor or not served. */
  readonly dtype: string;
  readonly shape: TensorSpec['shape'];
}

/** @throws RangeError for bytes that are no ONNX model */
export function readOnnxFile(bytes: Buffer): OnnxFile {
  const opsets: Record<string, number> = {};
  const operators: Record<string, number> = {};
  let irVersion = 0;
  let producer = '';
  let graph: Graph | undefined;
  for (const field of readFields(bytes)) {
    if (field.number === 1) irVersion = Number(field.integer);
    if (field.number === 2) producer = textOf(field);
    if (field.number === 7) graph = readGraph(bytesOf(field), operators);
    if (field.number === 8) Object.assign(opsets, readOpset(bytesOf(field)));
  }
  if (graph === undefined || irVersion === 0) throw new RangeError('the bytes are no ONNX model');
  return { irVersion, producer, opsets, operators, ...graph };
}

interface Graph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: number;
  readonly externalFiles: readonly string[];
}

function readGraph(bytes: Buffer, operators: Record<string, number>): Graph {
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const weights = new Set<string>();
  const external = new Set<string>();
  for (const field of readFields(bytes)) {
    if (field.number === 1) countNode(bytesOf(field), operators);
    if (field.number === 5) readInitializer(bytesOf(field), weights, external);
    if (field.number === 11) inputs.push(readValue(bytesOf(field)));
    if (field.number === 12) outputs.push(readValue(bytesOf(field)));
  }
  // Older files list weights among the inputs.
  return {
    inputs: inputs.filter(({ name }) => !weights.has(name)),
    outputs,
    initializers: weights.size,
    externalFiles: [...external],
  };
}

/** The operators with graphs among their attributes. Others' attributes are stepped over: a tree ensemble's are large. */
const WITH_GRAPHS = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);

function countNode(bytes: Buffer, operators: Record<string, number>): void {
  const fields = [...readFields(bytes)];
  const named = fields.find(({ number }) => number === 4);
  const type = named === undefined ? '' : textOf(named);
  operators[type] = (operators[type] ?? 0) + 1;
  if (!WITH_GRAPHS.has(type)) return;
  for (const field of fields) if (field.number === 5) countSubgraphs(bytesOf(field), operators);
}

/** An attribute may hold graphs: the branches of If, the body of Loop. */
function countSubgraphs(bytes: Buffer, operators: Record<string, number>): void {
  for (const field of readFields(bytes)) {
    if (field.number === 6 || field.number === 11) readGraph(bytesOf(field), operators);
  }
}

/** A tensor's name, and the file that holds it where it is not in the model's own. */
function readInitializer(bytes: Buffer, weights: Set<string>, external: Set<string>): void {
  let name = '';
  for (const field of readFields(bytes)) {
    if (field.number === 8) name = textOf(field);
    if (field.number !== 13) continue;
    const [key, value] = [...readFields(bytesOf(field))].map(textOf);
    if (key === 'location' && value !== undefined) external.add(value);
  }
  weights.add(name);
}

function readOpset(bytes: Buffer): Record<string, number> {
  let domain = '';
  let version = 0;
  for (const field of readFields(bytes)) {
    if (field.number === 1) domain = textOf(field);
    if (field.number === 2) version = Number(field.integer);
  }
  return { [domain || 'ai.onnx']: version };
}

const ELEMENT_TYPES = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
];

function readValue(bytes: Buffer): OnnxValue {
  let name = '';
  let type: Omit<OnnxValue, 'name'> = { dtype: 'undefined', shape: [] };
  for (const field of readFields(bytes)) {
    if (field.number === 1) name = textOf(field);
    if (field.number === 2) type = readType(bytesOf(field));
  }
  return { name, ...type };
}

function readType(bytes: Buffer): Omit<OnnxValue, 'name'> {
  for (const field of readFields(bytes)) {
    if (field.number === 1) return readTensorType(bytesOf(field));
  }
  return { dtype: 'no tensor', shape: [] };
}

function readTensorType(bytes: Buffer): Omit<OnnxValue, 'name'> {
  let dtype = 'undefined';
  let shape: (number | string)[] = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) dtype = ELEMENT_TYPES[Number(field.integer)] ?? `type ${field.integer}`;
    if (field.number === 2)
      shape = [...readFields(bytesOf(field))].map((dimension) => readDimension(bytesOf(dimension)));
  }
  return { dtype, shape };
}

function readDimension(bytes: Buffer): number | string {
  for (const field of readFields(bytes)) {
    if (field.number === 1) return Number(field.integer);
    if (field.number === 2) return textOf(field);
  }
  return '';
}

interface WireField {
  readonly number: number;
  /** A varint's value. */
  readonly integer: bigint;
  /** A length-delimited field's content. */
  readonly bytes: Buffer | undefined;
}

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

function* readFields(bytes: Buffer): Generator<WireField> {
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) {
    const tag = Number(readVarint(bytes, cursor));
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === VARINT) yield { number, integer: readVarint(bytes, cursor), bytes: undefined };
    else if (wireType === DELIMITED)
      yield { number, integer: 0n, bytes: take(bytes, cursor, Number(readVarint(bytes, cursor))) };
    else if (wireType === FIXED64) take(bytes, cursor, 8);
    else if (wireType === FIXED32) take(bytes, cursor, 4);
    else throw new RangeError(`wire type ${wireType} is not known`);
  }
}

interface Cursor {
  at: number;
}

function readVarint(bytes: Buffer, cursor: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 64n; shift += 7n) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw new RangeError('the bytes end early');
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asIntN(64, value);
  }
  throw new RangeError('a number runs past 64 bits');
}

function take(bytes: Buffer, cursor: Cursor, length: number): Buffer {
  const end = cursor.at + length;
  if (length < 0 || end > bytes.length) throw new RangeError('the bytes end early');
  const part = bytes.subarray(cursor.at, end);
  cursor.at = end;
  return part;
}

function bytesOf({ bytes, number }: WireField): Buffer {
  if (bytes === undefined) throw new RangeError(`field ${number} is no message`);
  return bytes;
}

function textOf(field: WireField): string {
  return bytesOf(field).toString('utf8');
}

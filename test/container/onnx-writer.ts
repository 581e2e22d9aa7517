// Writes small ONNX models for tests, of any dtype and shape (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
// ONNX is Protocol Buffers; only the few fields that are needed are written.

/** ONNX's numbers of the element types. */
const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;

export type ElementType = keyof typeof ELEMENT_TYPES;

export interface ValueSpec {
  readonly name: string;
  readonly dtype: ElementType;
  /** A text is a varying dimension. */
  readonly shape: readonly (number | string)[];
}

export interface NodeSpec {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface WeightSpec {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  /** In place of `bytes`: a file beside the model. */
  readonly location?: string;
}

export interface ModelSpec {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly weights?: readonly WeightSpec[];
}

export function writeOnnx({ inputs, outputs, nodes, weights = [] }: ModelSpec): Buffer {
  const graph = [
    ...nodes.map((node) => message(1, writeNode(node))),
    text(2, 'graph'),
    ...weights.map((weight) => message(5, writeWeight(weight))),
    ...inputs.map((input) => message(11, writeValue(input))),
    ...outputs.map((output) => message(12, writeValue(output))),
  ];
  return Buffer.concat([integer(1, 8), message(7, graph), message(8, [integer(2, 17)])]);
}

/** A model that answers its one input `x` as `y`. */
export function identityModel(dtype: ElementType, shape: ValueSpec['shape']): Buffer {
  return writeOnnx({
    inputs: [{ name: 'x', dtype, shape }],
    outputs: [{ name: 'y', dtype, shape }],
    nodes: [{ operator: 'Identity', inputs: ['x'], outputs: ['y'] }],
  });
}

/** A model that answers the weight at each index `x` as `y`: an index past the last of the three fails its run. */
export function lookupModel(weight: Partial<WeightSpec> = {}): Buffer {
  const bytes = new Uint8Array(new Float32Array([10, 20, 30]).buffer);
  return writeOnnx({
    inputs: [{ name: 'x', dtype: 'int64', shape: ['N'] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['N'] }],
    nodes: [{ operator: 'Gather', inputs: ['weights', 'x'], outputs: ['y'] }],
    weights: [{ name: 'weights', dtype: 'float32', shape: [3], bytes, ...weight }],
  });
}

function writeNode({ operator, inputs, outputs }: NodeSpec): Buffer[] {
  return [...inputs.map((name) => text(1, name)), ...outputs.map((name) => text(2, name)), text(4, operator)];
}

const EXTERNAL = 1;

function writeWeight({ name, dtype, shape, bytes, location }: WeightSpec): Buffer[] {
  const head = [...shape.map((size) => integer(1, size)), integer(2, ELEMENT_TYPES[dtype]), text(8, name)];
  if (location === undefined) return [...head, field(9, Buffer.from(bytes))];
  return [...head, message(13, [text(1, 'location'), text(2, location)]), integer(14, EXTERNAL)];
}

function writeValue({ name, dtype, shape }: ValueSpec): Buffer[] {
  const sizes = shape.map((size) =>
    message(1, [typeof size === 'string' ? text(2, size) : integer(1, size)]),
  );
  return [text(1, name), message(2, [message(1, [integer(1, ELEMENT_TYPES[dtype]), message(2, sizes)])])];
}

function integer(number: number, amount: number): Buffer {
  return Buffer.concat([varint(number << 3), varint(amount)]);
}

function text(number: number, content: string): Buffer {
  return field(number, Buffer.from(content));
}

function message(number: number, fields: readonly Buffer[]): Buffer {
  return field(number, Buffer.concat(fields));
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(amount: number): Buffer {
  const bytes: number[] = [];
  let rest = amount;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

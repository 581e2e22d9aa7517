// Writes an ONNX model for the container's bench: two dense layers of 1,024, 8 MB of weights. One row of it is bound by
// reading the weights, a batch reads them once for all its rows: a model that batching helps, as fully connected layers,
// embeddings and transformers are. ONNX is Protocol Buffers; only the few fields that are needed are written.
import { writeFileSync } from 'node:fs';

export const DENSE_WIDTH = 1024;

const FLOAT = 1;
const IR_VERSION = 8;
const OPSET = 17;

export function writeDenseModel(file: string): void {
  const graph = [
    ...node('MatMul', ['x', 'w1'], 'h'),
    ...node('Relu', ['h'], 'r'),
    ...node('MatMul', ['r', 'w2'], 'y'),
    text(2, 'dense'),
    ...['w1', 'w2'].map((name) => message(5, weights(name))),
    message(11, value('x')),
    message(12, value('y')),
  ];
  const opset = message(8, [integer(2, OPSET)]);
  writeFileSync(file, Buffer.concat([integer(1, IR_VERSION), message(7, graph), opset]));
}

function node(operator: string, inputs: readonly string[], output: string): Buffer[] {
  return [message(1, [...inputs.map((name) => text(1, name)), text(2, output), text(4, operator)])];
}

function weights(name: string): Buffer[] {
  const values = Float32Array.from({ length: DENSE_WIDTH ** 2 }, (_, index) => ((index % 17) - 8) / 1000);
  const dimensions = [integer(1, DENSE_WIDTH), integer(1, DENSE_WIDTH)];
  return [...dimensions, integer(2, FLOAT), text(8, name), field(9, Buffer.from(values.buffer))];
}

/** `float32 [N, 1024]` */
function value(name: string): Buffer[] {
  const shape = [message(1, [text(2, 'N')]), message(1, [integer(1, DENSE_WIDTH)])];
  return [text(1, name), message(2, [message(1, [integer(1, FLOAT), message(2, shape)])])];
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

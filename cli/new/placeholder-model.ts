// A small linear model as an ONNX file, for a skeleton without a model of its own: `features` float32 [N, k] → one
// number float32 [N, 1], the sum of the features times 1, 1/2, 1/3, … plus a bias. Written as Protocol Buffers by hand:
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

export interface LinearModel {
  readonly features: number;
  readonly output: string;
  readonly bias: number;
}

const FLOAT = 1;
const IR_VERSION = 8;
const OPSET = 17;

export function linearModel({ features, output, bias }: LinearModel): Buffer {
  const weights = Array.from({ length: features }, (_, i) => 1 / (i + 1));
  const graph = [
    message(1, node('Gemm', ['features', 'weights', 'bias'], output)),
    text(2, 'linear'),
    message(5, tensor('weights', [features, 1], weights)),
    message(5, tensor('bias', [1], [bias])),
    message(11, value('features', features)),
    message(12, value(output, 1)),
  ];
  const opset = [text(1, ''), integer(2, OPSET)];
  return Buffer.concat([integer(1, IR_VERSION), text(2, 'seriatim'), message(7, graph), message(8, opset)]);
}

function node(type: string, inputs: readonly string[], output: string): Buffer[] {
  return [...inputs.map((name) => text(1, name)), text(2, output), text(4, type)];
}

function tensor(name: string, shape: readonly number[], values: readonly number[]): Buffer[] {
  const raw = Buffer.from(Float32Array.from(values).buffer);
  return [...shape.map((size) => integer(1, size)), integer(2, FLOAT), text(8, name), bytes(9, raw)];
}

function value(name: string, size: number): Buffer[] {
  const shape = [message(1, [text(2, 'N')]), message(1, [integer(1, size)])];
  return [text(1, name), message(2, [message(1, [integer(1, FLOAT), message(2, shape)])])];
}

function integer(field: number, number: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(number)]);
}

function text(field: number, content: string): Buffer {
  return bytes(field, Buffer.from(content));
}

function message(field: number, parts: readonly Buffer[]): Buffer {
  return bytes(field, Buffer.concat(parts));
}

function bytes(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);
}

function varint(number: number): Buffer {
  const digits: number[] = [];
  let rest = number;
  for (; rest > 127; rest >>>= 7) digits.push((rest & 127) | 128);
  return Buffer.from([...digits, rest]);
}

// The ONNX model of the container's bench: two dense layers of 1,024, 8 MB of weights. One row of it is bound by reading
// the weights, a batch reads them once for all its rows: a model that batching helps, as fully connected layers,
// embeddings and transformers are.
import { writeFileSync } from 'node:fs';
import { type ValueSpec, type WeightSpec, writeOnnx } from '../test/container/onnx-writer.ts';

export const DENSE_WIDTH = 1024;

export function writeDenseModel(file: string): void {
  const model = writeOnnx({
    inputs: [rows('x')],
    outputs: [rows('y')],
    nodes: [
      { operator: 'MatMul', inputs: ['x', 'w1'], outputs: ['h'] },
      { operator: 'Relu', inputs: ['h'], outputs: ['r'] },
      { operator: 'MatMul', inputs: ['r', 'w2'], outputs: ['y'] },
    ],
    weights: ['w1', 'w2'].map(square),
  });
  writeFileSync(file, model);
}

function rows(name: string): ValueSpec {
  return { name, dtype: 'float32', shape: ['N', DENSE_WIDTH] };
}

function square(name: string): WeightSpec {
  const values = Float32Array.from({ length: DENSE_WIDTH ** 2 }, (_, index) => ((index % 17) - 8) / 1000);
  return { name, dtype: 'float32', shape: [DENSE_WIDTH, DENSE_WIDTH], bytes: new Uint8Array(values.buffer) };
}

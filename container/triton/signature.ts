// What a Triton configuration declares of a model's inputs and outputs, checked against the ONNX file.
import { describeSpec, type Signature, type TensorSpec } from '../tensors.ts';
import type { TritonConfig, TritonTensor } from './config.ts';

/** @throws TypeError where configuration and file disagree, naming the tensor */
export function declareSignature(config: TritonConfig, found: Signature): Signature {
  const signature = configuredSignature(config);
  checkNames('input', signature.inputs, found.inputs);
  for (const input of found.inputs) {
    if (!signature.inputs.some(({ name }) => name === input.name)) {
      throw new TypeError(`the input "${input.name}" of the model is not in the configuration`);
    }
  }
  checkNames('output', signature.outputs, found.outputs);
  return signature;
}

/** With a batch axis before `dims` where `max_batch_size` is over 0. */
export function configuredSignature(config: TritonConfig): Signature {
  const isBatched = config.maxBatchSize > 0;
  const toSpec = ({ name, dtype, dims }: TritonTensor): TensorSpec => {
    const inner = dims.map((size) => (size === -1 ? '' : size));
    return { name, dtype, shape: isBatched ? ['batch', ...inner] : inner };
  };
  return { inputs: config.inputs.map(toSpec), outputs: config.outputs.map(toSpec), isBatched };
}

function checkNames(kind: string, declared: readonly TensorSpec[], found: readonly TensorSpec[]): void {
  for (const spec of declared) {
    const actual = found.find(({ name }) => name === spec.name);
    if (actual === undefined) throw new TypeError(`the model has no ${kind} "${spec.name}"`);
    if (actual.dtype === spec.dtype && agree(spec.shape, actual.shape)) continue;
    throw new TypeError(
      `the ${kind} "${spec.name}" is ${describeSpec(spec)} in the configuration, ${describeSpec(actual)} in the model`,
    );
  }
}

function agree(declared: TensorSpec['shape'], found: TensorSpec['shape']): boolean {
  if (declared.length !== found.length) return false;
  return declared.every(
    (size, axis) => typeof size === 'string' || typeof found[axis] === 'string' || size === found[axis],
  );
}

// Tensors for property tests.
import fc from 'fast-check';
import {
  allocate,
  countElements,
  type Dtype,
  type Signature,
  type Tensor,
  type Tensors,
} from '../../container/tensors.ts';

export function tensorOf(dtype: Dtype, shape: readonly number[], elements: readonly unknown[]): Tensor {
  const data = allocate(dtype, countElements(shape));
  for (let i = 0; i < data.length; i++) data[i] = elements[i] as never;
  return { dtype, shape, data };
}

/** Inputs and outputs as these tensors are, with a batch axis. */
export function batchedSignature(tensors: Tensors): Signature {
  const specs = Object.entries(tensors).map(([name, { dtype, shape }]) => ({
    name,
    dtype,
    shape: ['N', ...shape.slice(1)],
  }));
  return { inputs: specs, outputs: specs, isBatched: true };
}

export interface TensorOptions {
  readonly dtypes: readonly Dtype[];
  readonly keepsInfinity: boolean;
  readonly maxInputs?: number;
}

export function arbitraryTensors({
  dtypes,
  keepsInfinity,
  maxInputs = 3,
}: TensorOptions): fc.Arbitrary<Tensors> {
  return fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: maxInputs }))
    .chain(([rows, inputs]) =>
      fc.tuple(...Array.from({ length: inputs }, () => arbitraryTensor(rows, dtypes, keepsInfinity))),
    )
    .map((tensors) => Object.fromEntries(tensors.map((tensor, index) => [`input_${index}`, tensor])));
}

function arbitraryTensor(
  rows: number,
  dtypes: readonly Dtype[],
  keepsInfinity: boolean,
): fc.Arbitrary<Tensor> {
  return fc
    .tuple(fc.constantFrom(...dtypes), fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }))
    .chain(([dtype, inner]) => {
      const shape = [rows, ...inner];
      const length = countElements(shape);
      const elements = fc.array(elementOf(dtype, keepsInfinity), { minLength: length, maxLength: length });
      return elements.map((values) => tensorOf(dtype, shape, values));
    });
}

function elementOf(dtype: Dtype, keepsInfinity: boolean): fc.Arbitrary<unknown> {
  if (dtype === 'string')
    return fc.string({ unit: 'binary', maxLength: 6 }).filter((text) => !text.includes('\0'));
  if (dtype === 'bool') return fc.constantFrom(0, 1);
  if (dtype.startsWith('float')) return floatOf(dtype, keepsInfinity);
  const bits = Number(/\d+$/.exec(dtype)![0]);
  const isSigned = dtype.startsWith('int');
  const min = isSigned ? -(2n ** BigInt(bits - 1)) : 0n;
  const max = isSigned ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
  const integers = fc.bigInt({ min, max });
  return bits === 64 ? integers : integers.map(Number);
}

/** JSON has no infinities, and writes -0 as 0. */
function floatOf(dtype: Dtype, keepsInfinity: boolean): fc.Arbitrary<number> {
  return fc.double().map((value) => {
    const held = tensorOf(dtype, [1], [value]).data[0] as number;
    if (!Number.isFinite(held) && !Number.isNaN(held) && !keepsInfinity) return 0;
    return held === 0 ? 0 : held;
  });
}

// Fits a tensor that came with a dtype of its own (NumPy) to a model's input: numbers are cast where no whole part can
// be lost, as the toolkits do; a missing batch axis is added.
import { InferenceError } from '../errors.ts';
import { allocate, type Dtype, describeSpec, type Tensor, type TensorSpec } from '../tensors.ts';
import { ElementMisfit, elementFromJson } from './elements.ts';

/** @throws InferenceError InvalidPayload where a value does not fit the dtype */
export function castTensor(tensor: Tensor, spec: TensorSpec): Tensor {
  const shape = tensor.shape.length === spec.shape.length - 1 ? [1, ...tensor.shape] : tensor.shape;
  if (tensor.dtype === spec.dtype) return { ...tensor, shape };
  if (!isCastable(tensor.dtype, spec.dtype)) throw misfit(tensor, spec, 'which cannot be cast');
  return { dtype: spec.dtype, shape, data: castData(tensor, spec) };
}

/** Any number fits a float; floats do not fit integers, strings fit nothing else. */
function isCastable(from: Dtype, to: Dtype): boolean {
  if (from === 'string' || to === 'string' || to === 'bool') return false;
  return !(from.startsWith('float') && !to.startsWith('float'));
}

function castData(tensor: Tensor, spec: TensorSpec): Tensor['data'] {
  const { data } = tensor;
  const cast = allocate(spec.dtype, data.length);
  const convert = elementFromJson(spec.dtype);
  const isBig = spec.dtype === 'int64' || spec.dtype === 'uint64';
  try {
    for (let i = 0; i < data.length; i++) {
      const element = data[i];
      cast[i] = convert(isBig ? element : Number(element)) as never;
    }
  } catch (thrown) {
    if (thrown instanceof ElementMisfit) throw misfit(tensor, spec, thrown.message);
    throw thrown;
  }
  return cast;
}

function misfit(tensor: Tensor, spec: TensorSpec, reason: string): InferenceError {
  const message = `Input "${spec.name}": expected ${describeSpec(spec)}, got ${describeSpec(tensor)}: ${reason}.`;
  return new InferenceError('InvalidPayload', message);
}

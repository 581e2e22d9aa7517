// NumPy's `.npz`: a ZIP archive of one `.npy` per tensor, by name. Names are the model's inputs; a model with one
// input also takes an archive with one tensor of any name (`arr_0`).
import { InferenceError } from '../errors.ts';
import type { Signature, Tensor, Tensors } from '../tensors.ts';
import { castTensor } from './cast.ts';
import type { DecodeContext, DecodedBody, EncodeContext, EncodedBody, Part } from './codec.ts';
import { formatNpy, onePart, parseNpy } from './npy.ts';
import { batchRows } from './oip.ts';
import { readZip, writeZip } from './zip.ts';

/** A small archive may unpack to very much. */
const UNPACKED_LIMIT_BYTES = 256 * 1024 * 1024;

/** @throws InferenceError InvalidPayload, PayloadTooLarge */
export function decodeNpz(body: Buffer, { signature }: DecodeContext): DecodedBody {
  const arrays = new Map<string, Buffer>();
  for (const { name, bytes } of readZip(body, UNPACKED_LIMIT_BYTES))
    arrays.set(name.replace(/\.npy$/, ''), bytes);
  const tensors = pickInputs(arrays, signature);
  const rows = batchRows(tensors, signature);
  return { parts: [{ tensors, rows }], rows };
}

function pickInputs(arrays: ReadonlyMap<string, Buffer>, { inputs }: Signature): Tensors {
  const only = inputs.length === 1 && arrays.size === 1 ? [...arrays.values()][0] : undefined;
  const tensors: Record<string, Tensor> = {};
  for (const spec of inputs) {
    const bytes = arrays.get(spec.name) ?? only;
    if (bytes === undefined) {
      const names = [...arrays.keys()].map((name) => `"${name}"`).join(', ');
      throw new InferenceError(
        'InvalidPayload',
        `The archive has no "${spec.name}", only ${names || 'nothing'}.`,
      );
    }
    tensors[spec.name] = castTensor(parseNpy(bytes), spec);
  }
  return tensors;
}

export function encodeNpz(parts: readonly Part[], _rows: number, _context: EncodeContext): EncodedBody {
  const tensors = Object.entries(onePart(parts).tensors);
  const entries = tensors.map(([name, tensor]) => ({ name: `${name}.npy`, bytes: formatNpy(tensor) }));
  return { body: writeZip(entries), contentType: 'application/x-npz' };
}

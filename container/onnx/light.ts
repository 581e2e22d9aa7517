// Tells light models, whose inference takes less than a hop to a worker thread and back (tens of microseconds), from
// those that would hold up the server's thread.
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { readOnnxFile } from './model-file.ts';

/** Weights up to this size are read in well under a hop. */
const LIGHT_BYTES = 1024 * 1024;

/** Operators whose work grows past the size of their weights, or has no bound. */
const HEAVY =
  /^(.*Conv.*|Loop|Scan|If|LSTM|GRU|RNN|Resize|Upsample|.*Attention|Einsum|.*FFT.*|DFT|STFT|NonMaxSuppression|RoiAlign|MaxRoiPool)$/;

/**
 * The bytes of a light model, from which its session is created too: reading the file once in place of twice is a tenth
 * of a small model's load. Undefined for what is not light, an unreadable file among it: loading it will say what is
 * wrong.
 */
export function readLight(file: string): Buffer | undefined {
  try {
    const { size } = statSync(file);
    if (size > LIGHT_BYTES || (size > PREFIX_BYTES && beginsHeavy(file))) return undefined;
    const bytes = readFileSync(file);
    const { operators, externalFiles } = readOnnxFile(bytes);
    const isHeavy =
      externalFiles.length > 0 || Object.keys(operators).some((operator) => HEAVY.test(operator));
    return isHeavy ? undefined : bytes;
  } catch {
    return undefined;
  }
}

/** A graph begins with its operators; the weights, which are most of the file, come after them. */
const PREFIX_BYTES = 16 * 1024;
const COMMON_HEAVY = ['Conv', 'LSTM', 'GRU', 'Attention', 'Resize', 'Loop', 'Scan', 'If'];

/** Whether the first bytes tell already: an operator's type is written as a quotation mark, its length and its letters. */
function beginsHeavy(file: string): boolean {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    const text = bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, PREFIX_BYTES, 0));
    return COMMON_HEAVY.some((type) => text.includes(`"${String.fromCharCode(type.length)}${type}`));
  } finally {
    closeSync(descriptor);
  }
}

// Tells light models, whose inference takes less than a hop to a worker thread and back (tens of microseconds), from
// those that would hold up the server's thread.
import { readFileSync, statSync } from 'node:fs';
import { readOnnxFile } from './model-file.ts';

/** Weights up to this size are read in well under a hop. */
const LIGHT_BYTES = 1024 * 1024;

/** Operators whose work grows past the size of their weights, or has no bound. */
const HEAVY =
  /^(.*Conv.*|Loop|Scan|If|LSTM|GRU|RNN|Resize|Upsample|.*Attention|Einsum|.*FFT.*|DFT|STFT|NonMaxSuppression|RoiAlign|MaxRoiPool)$/;

/** An unreadable file is not light: loading it will say what is wrong. */
export function isLight(file: string): boolean {
  try {
    if (statSync(file).size > LIGHT_BYTES) return false;
    const { operators, externalFiles } = readOnnxFile(readFileSync(file));
    if (externalFiles.length > 0) return false;
    return !Object.keys(operators).some((operator) => HEAVY.test(operator));
  } catch {
    return false;
  }
}

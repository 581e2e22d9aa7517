// Shares of the keys, as JSONata: the first 32 bits of a key's SHA-256 as eight hexadecimal digits, which compare as text
// like the numbers they stand for. So the same key is always on the same side, in every execution and after every
// deployment that leaves the weights alone; a larger share keeps the keys that a smaller one had.
import { resolveFields } from './expressions.ts';
import { fieldPath } from './record-place.ts';

export interface SharedKey {
  /** Makes the shares of one stage independent of another's. */
  readonly salt: string;
  /** An expression. */
  readonly key: string;
}

/** True for so large a share of all keys, 0 to 1. */
export function isUnder(share: number, { salt, key }: SharedKey): string {
  const text = `"${salt}/" & $string(${resolveFields(key, fieldPath)})`;
  return `$substring($hash(${text}, "SHA-256"), 0, 8) < "${threshold(share)}"`;
}

/** Every eight digits stand before "g". */
function threshold(share: number): string {
  if (share >= 1) return 'g';
  return Math.floor(share * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

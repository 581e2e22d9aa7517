// The functions that AWS adds to JSONata, and the one it takes away.
// https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
import { randomUUID } from 'node:crypto';
import type { Expression } from 'jsonata';
import { hash, seeded } from '../intrinsics/functions.ts';

const MAX_RANGE_ITEMS = 1000;

/** $partition, $range, $hash, $random, $uuid, $parse; $eval is not there. */
export function registerAwsFunctions(expression: Expression): void {
  expression.registerFunction('partition', partition, '<an:a>');
  expression.registerFunction('range', range, '<nnn:x>');
  expression.registerFunction('hash', hash, '<xs:s>');
  expression.registerFunction('random', random, '<n?:n>');
  expression.registerFunction('uuid', () => randomUUID(), '<:s>');
  expression.registerFunction('parse', (text: string) => JSON.parse(text), '<s:x>');
  expression.registerFunction('pad', pad, '<s-ns?:s>');
  expression.assign('eval', undefined);
}

/** Longer texts are of no use: a state's data has at most 262,144 bytes. */
export const MAX_TEXT_CHARACTERS = 4 * 262_144;

export class TextTooLong extends Error {
  constructor() {
    super(`A text has at most ${MAX_TEXT_CHARACTERS} characters`);
  }
}

/** As the library's, which makes any length. */
function pad(text: string | undefined, width: number, filler: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (Math.abs(width) > MAX_TEXT_CHARACTERS) throw new TextTooLong();
  const missing = Math.trunc(Math.abs(width) - [...text].length);
  if (missing <= 0) return text;
  const characters = [...(filler || ' ')];
  const padding = Array.from({ length: missing }, (_, index) => characters[index % characters.length]).join(
    '',
  );
  return width > 0 ? text + padding : padding + text;
}

function partition(array: unknown[] | undefined, size: number): unknown[][] | undefined {
  if (array === undefined) return undefined;
  const step = Math.floor(size);
  if (!(step > 0)) throw new Error('The chunk size must be a positive integer');
  const chunks: unknown[][] = [];
  for (let at = 0; at < array.length; at += step) chunks.push(array.slice(at, at + step));
  return chunks;
}

/** One item alone is no array, as with every JSONata sequence. */
function range(first: number, last: number, step: number): unknown {
  if (step === 0) throw new Error('The step must not be 0');
  const count = Math.max(0, Math.floor((last - first) / step) + 1);
  if (count > MAX_RANGE_ITEMS) throw new Error(`A range has at most ${MAX_RANGE_ITEMS} items`);
  if (count === 1) return first;
  return Array.from({ length: count }, (_, index) => first + index * step);
}

function random(seed: number | undefined): number {
  return seed === undefined ? Math.random() : seeded(seed);
}

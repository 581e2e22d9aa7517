// JSON folded for the eye: long arrays, long texts and deep values are replaced by what they are, never sent whole.
// `{"$folded":"array","$count":…}`, `{"$folded":"text","$bytes":…,"$head":…}`, `{"$folded":"tensor","$tensor":…}`.
import { isObject } from '../history.ts';
import { arrayTensor, factsOf } from './tensor-facts.ts';

const MAX_ITEMS = 20;
const MAX_TEXT = 1000;
const HEAD = 120;
const MAX_DEPTH = 12;
/** Fewer numbers are shown as they are. */
const MIN_TENSOR = 24;

export interface FoldedJson {
  readonly value: unknown;
  readonly isFolded: boolean;
}

export function foldJson(value: unknown): FoldedJson {
  const state = { isFolded: false };
  return { value: fold(value, 0, state), isFolded: state.isFolded };
}

function fold(value: unknown, depth: number, state: { isFolded: boolean }): unknown {
  if (typeof value === 'string') return value.length <= MAX_TEXT ? value : folded(state, textFold(value));
  if (Array.isArray(value)) return foldArray(value, depth, state);
  if (!isObject(value)) return value;
  if (depth >= MAX_DEPTH) return folded(state, { $folded: 'object', $count: Object.keys(value).length });
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, fold(each, depth + 1, state)]),
  );
}

function foldArray(value: readonly unknown[], depth: number, state: { isFolded: boolean }): unknown {
  const tensor = arrayTensor(value);
  if (tensor !== undefined && tensor.shape.reduce((product, length) => product * length, 1) >= MIN_TENSOR) {
    return folded(state, { $folded: 'tensor', $tensor: factsOf(tensor) });
  }
  if (depth >= MAX_DEPTH) return folded(state, { $folded: 'array', $count: value.length });
  const shown = value.slice(0, MAX_ITEMS).map((each) => fold(each, depth + 1, state));
  if (value.length <= MAX_ITEMS) return shown;
  return folded(state, [...shown, { $folded: 'array', $count: value.length - MAX_ITEMS }]);
}

function textFold(text: string): object {
  return { $folded: 'text', $bytes: Buffer.byteLength(text), $head: text.slice(0, HEAD) };
}

function folded(state: { isFolded: boolean }, shown: unknown): unknown {
  state.isFolded = true;
  return shown;
}

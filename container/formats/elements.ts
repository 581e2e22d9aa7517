// One element of a tensor from a JSON value or a CSV cell, checked against the dtype, and back. A float's missing
// value is `null` in JSON and an empty cell or NaN in CSV; 64-bit integers keep every digit.
import type { Dtype } from '../tensors.ts';

/** Why a value is not an element of a dtype; the caller adds where it stood. */
export class ElementMisfit extends Error {}

type FromJson = (value: unknown) => unknown;

/** A JSON value as an element. @throws ElementMisfit */
export function elementFromJson(dtype: Dtype): FromJson {
  return FROM_JSON[dtype];
}

function floatFromJson(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === null) return Number.NaN;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  if (typeof value === 'bigint') return Number(value);
  throw new ElementMisfit(`expected a number, got ${describeValue(value)}`);
}

function integerFromJson(min: number, max: number): FromJson {
  return (value) => {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value;
    throw new ElementMisfit(`expected a whole number from ${min} to ${max}, got ${describeValue(value)}`);
  };
}

function bigFromJson(min: bigint, max: bigint): FromJson {
  return (value) => {
    const big = toBigInt(value);
    if (big !== undefined && big >= min && big <= max) return big;
    throw new ElementMisfit(`expected a whole number from ${min} to ${max}, got ${describeValue(value)}`);
  };
}

function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

function boolFromJson(value: unknown): number {
  if (value === true || value === 1) return 1;
  if (value === false || value === 0) return 0;
  throw new ElementMisfit(`expected true or false, got ${describeValue(value)}`);
}

function stringFromJson(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ElementMisfit(`expected a string, got ${describeValue(value)}`);
}

const FROM_JSON: Readonly<Record<Dtype, FromJson>> = {
  float32: floatFromJson,
  float64: floatFromJson,
  float16: floatFromJson,
  int8: integerFromJson(-128, 127),
  int16: integerFromJson(-32_768, 32_767),
  int32: integerFromJson(-2_147_483_648, 2_147_483_647),
  uint8: integerFromJson(0, 255),
  uint16: integerFromJson(0, 65_535),
  uint32: integerFromJson(0, 4_294_967_295),
  int64: bigFromJson(-(2n ** 63n), 2n ** 63n - 1n),
  uint64: bigFromJson(0n, 2n ** 64n - 1n),
  bool: boolFromJson,
  string: stringFromJson,
};

const WORDS: Readonly<Record<string, number>> = {
  '': Number.NaN,
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/** A CSV cell as an element. @throws ElementMisfit */
export function elementFromCell(dtype: Dtype, cell: string): unknown {
  if (dtype === 'string') return cell;
  const text = cell.trim();
  if (dtype === 'bool') return boolFromCell(text);
  if (dtype === 'int64' || dtype === 'uint64') return FROM_JSON[dtype](text);
  if (dtype.startsWith('float')) return floatFromCell(text);
  return FROM_JSON[dtype](text === '' ? cell : Number(text));
}

function floatFromCell(text: string): number {
  const word = WORDS[text.toLowerCase()];
  if (word !== undefined) return word;
  const value = Number(text);
  if (!Number.isNaN(value)) return value;
  throw new ElementMisfit(`expected a number, got ${describeValue(text)}`);
}

function boolFromCell(text: string): number {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === '1') return 1;
  if (lower === 'false' || lower === '0') return 0;
  throw new ElementMisfit(`expected true or false, got ${describeValue(text)}`);
}

/** The same for what only `JSON.stringify` reads, which would write -0 as 0. */
export function elementToJsonText(dtype: Dtype, element: unknown): unknown {
  return Object.is(element, -0) ? NEGATIVE_ZERO : elementToJson(dtype, element);
}

/** An element as `JSON.stringify` takes it: 64-bit integers keep their digits, NaN and infinities become null. */
export function elementToJson(dtype: Dtype, element: unknown): unknown {
  if (typeof element === 'bigint') {
    const number = Number(element);
    return Number.isSafeInteger(number) ? number : rawJson(String(element));
  }
  return dtype === 'bool' ? element === 1 : element;
}

export function elementToCell(dtype: Dtype, element: unknown): string {
  if (dtype === 'bool') return element === 1 ? 'true' : 'false';
  return Object.is(element, -0) ? '-0' : String(element);
}

/** `JSON.rawJSON` is in Node's V8 but not yet in TypeScript's library. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
const NEGATIVE_ZERO = rawJson('-0');

/** A value for a message, cut short. Lists and objects are not written out: they may be nested without end. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

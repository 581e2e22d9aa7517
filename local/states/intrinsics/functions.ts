// The intrinsic functions of the JSONPath query language, with the values AWS gives.
// https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
import { createHash, randomUUID } from 'node:crypto';
import { isNumber, isObject, type Json, jsonEquals, numberOf, parseJson, textOf } from '../json/text.ts';

/** A wrong argument: becomes `States.IntrinsicFailure`. */
export class IntrinsicFailure extends Error {}

export type IntrinsicFunction = (args: readonly Json[]) => Json;

/** AWS's bounds: an array of 1,000 items, 10,000 characters to encode or hash. */
const MAX_RANGE_ITEMS = 1000;
const MAX_TEXT_CHARACTERS = 10_000;

export const INTRINSIC_FUNCTIONS: Readonly<Record<string, IntrinsicFunction>> = {
  'States.Array': (args) => [...args],
  'States.ArrayPartition': ([array, size]) => partition(asArray(array), asInteger(size)),
  'States.ArrayContains': ([array, value]) => asArray(array).some((item) => jsonEquals(item, value)),
  'States.ArrayRange': ([first, last, step]) => range(asInteger(first), asInteger(last), asInteger(step)),
  'States.ArrayGetItem': ([array, index]) => getItem(asArray(array), asInteger(index)),
  'States.ArrayLength': ([array]) => asArray(array).length,
  'States.ArrayUnique': ([array]) => unique(asArray(array)),
  'States.Base64Encode': ([text]) => Buffer.from(asText(text)).toString('base64'),
  'States.Base64Decode': ([text]) => decode(asText(text)),
  'States.Hash': ([value, algorithm]) => hash(value, algorithm),
  'States.JsonMerge': ([one, other, deep]) => merge(one, other, deep),
  'States.StringToJson': ([text]) => stringToJson(text),
  'States.JsonToString': ([value]) => textOf(value),
  'States.MathRandom': ([from, to, seed]) => random(asInteger(from), asInteger(to), seed),
  'States.MathAdd': ([one, other]) => asInteger(one) + asInteger(other),
  'States.StringSplit': ([text, delimiters]) => split(asString(text), asString(delimiters)),
  'States.UUID': () => randomUUID(),
  'States.Format': ([template, ...values]) => format(asString(template), values),
};

function asArray(value: Json | undefined): Json[] {
  if (Array.isArray(value)) return value;
  throw new IntrinsicFailure(`Invalid argument: ${textOf(value)} is not an array`);
}

function asString(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  throw new IntrinsicFailure(`Invalid argument: ${textOf(value)} is not a string`);
}

function asText(value: Json | undefined): string {
  const text = asString(value);
  if (text.length <= MAX_TEXT_CHARACTERS) return text;
  throw new IntrinsicFailure(`Invalid argument: more than ${MAX_TEXT_CHARACTERS} characters`);
}

/** Rounded half up, as java.lang.Math.round does: -1.5 becomes -1. */
function asInteger(value: Json | undefined): number {
  if (isNumber(value)) return Math.round(numberOf(value)) + 0;
  throw new IntrinsicFailure(`Invalid argument: ${textOf(value)} is not a number`);
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function decode(text: string): string {
  if (!BASE64.test(text) || text.replace(/=+$/, '').length % 4 === 1)
    throw new IntrinsicFailure('Invalid argument: no Base64');
  return Buffer.from(text, 'base64').toString();
}

function partition(array: Json[], size: number): Json[][] {
  if (size < 1) throw new IntrinsicFailure('Invalid argument: the chunk size must be a positive integer');
  const chunks: Json[][] = [];
  for (let at = 0; at < array.length; at += size) chunks.push(array.slice(at, at + size));
  return chunks;
}

function range(first: number, last: number, step: number): number[] {
  if (step === 0) throw new IntrinsicFailure('Invalid argument: the step must not be 0');
  const count = Math.max(0, Math.floor((last - first) / step) + 1);
  if (count > MAX_RANGE_ITEMS)
    throw new IntrinsicFailure(`Invalid argument: more than ${MAX_RANGE_ITEMS} items`);
  return Array.from({ length: count }, (_, index) => first + index * step);
}

function getItem(array: Json[], index: number): Json {
  if (index >= 0 && index < array.length) return array[index];
  throw new IntrinsicFailure(`Invalid argument: index ${index} is out of bounds`);
}

function unique(array: Json[]): Json[] {
  const kept: Json[] = [];
  for (const item of array) if (!kept.some((other) => jsonEquals(item, other))) kept.push(item);
  return kept;
}

const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** Hex digest; what is no string is hashed as its JSON text. */
export function hash(value: Json, algorithm: Json): string {
  const name = typeof algorithm === 'string' ? HASHES[algorithm] : undefined;
  if (name === undefined) throw new IntrinsicFailure(`Invalid argument: no algorithm ${textOf(algorithm)}`);
  const text = typeof value === 'string' ? value : textOf(value);
  return createHash(name).update(text).digest('hex');
}

function merge(one: Json, other: Json, deep: Json): Json {
  if (!isObject(one) || !isObject(other)) throw new IntrinsicFailure('Invalid argument: only objects merge');
  if (deep !== false) throw new IntrinsicFailure('Invalid argument: only shallow merging is supported');
  return { ...one, ...other };
}

function stringToJson(value: Json): Json {
  const text = asString(value);
  if (text.trim() === '') return null;
  try {
    return parseJson(text);
  } catch {
    throw new IntrinsicFailure(`Invalid argument: ${text} is not JSON`);
  }
}

/** From `from` (inclusive) to `to` (exclusive); the same seed gives the same number. */
function random(from: number, to: number, seed: Json | undefined): number {
  if (to < from) throw new IntrinsicFailure('Invalid argument: the end is before the start');
  const fraction = seed === undefined ? Math.random() : seeded(asInteger(seed));
  return from + Math.floor(fraction * (to - from));
}

/** One number of mulberry32. AWS's generator is Java's, and its choice of bits is not documented. */
export function seeded(seed: number): number {
  let state = (seed + 0x6d2b79f5) | 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
}

/** The delimiters are a set of characters, and empty parts are dropped. */
function split(text: string, delimiters: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (const character of text) {
    if (!delimiters.includes(character)) part += character;
    else {
      if (part !== '') parts.push(part);
      part = '';
    }
  }
  if (part !== '') parts.push(part);
  return parts;
}

function format(template: string, values: readonly Json[]): string {
  let used = 0;
  const text = template.replace(/\\([{}\\])|\{\}/g, (_match, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    if (used >= values.length) throw new IntrinsicFailure('Invalid argument: fewer values than {}');
    return javaText(values[used++]);
  });
  if (used < values.length) throw new IntrinsicFailure('Invalid argument: more values than {}');
  return text;
}

/** A value as Java prints it: `{Arg1=1, Arg2=[]}`. */
function javaText(value: Json): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`;
  if (!isObject(value)) return textOf(value);
  const members = Object.entries(value).map(([name, member]) => `${name}=${javaText(member)}`);
  return `{${members.join(', ')}}`;
}

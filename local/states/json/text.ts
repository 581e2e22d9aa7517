// JSON text in and out. Step Functions keeps number literals (`0.0` stays `0.0`), which JSON.parse followed by
// JSON.stringify loses. Literals that would change are kept as raw JSON values; plain text takes the fast path.

/** What JSON text can hold. Objects and arrays are never changed once made: texts are remembered by identity. */
export type Json = unknown;

interface RawJson {
  readonly rawJSON: string;
}

/** What Node's JSON can do beyond the library types of ES2024. */
const json = JSON as unknown as {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
};

/**
 * Numbers that may not survive a round trip: trailing zeros of a fraction, exponents, 16 digits and more, -0. Only where
 * a number can stand, so that identifiers and times in strings do not count.
 */
const MAY_LOSE =
  /(?:^|[[:,\s])(-?(?:\d+\.\d*0|\d+(?:\.\d+)?[eE][+-]?\d+|\d{16,}(?:\.\d+)?|\d+\.\d{15,}|(?<=-)0))(?=[,\]}\s]|$)/g;

let lastText = '';
let lastLoses = false;

/** Most long numbers are a double's shortest form, which survives: only others need the slow way. */
function losesNumbers(text: string): boolean {
  // Asked about a text when it is parsed, and often once more about the value.
  if (text === lastText) return lastLoses;
  lastText = text;
  lastLoses = false;
  MAY_LOSE.lastIndex = 0;
  for (let found = MAY_LOSE.exec(text); found !== null; found = MAY_LOSE.exec(text)) {
    if (String(Number(found[1])) === found[1]) continue;
    lastLoses = true;
    break;
  }
  return lastLoses;
}

/** Whether a value holds number literals that plain numbers would lose. @param text the value's JSON text */
export function holdsLiterals(value: Json, text: string): boolean {
  return losesNumbers(text) && hasRawNumber(value);
}

function hasRawNumber(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (json.isRawJSON(value)) return true;
  return (Array.isArray(value) ? value : Object.values(value)).some(hasRawNumber);
}

/** @throws SyntaxError */
export function parseJson(text: string): Json {
  if (!losesNumbers(text)) return JSON.parse(text);
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? json.rawJSON(source)
      : value,
  );
}

/** What remembering a text by the object costs more than making it again. */
const LONG_TEXT = 1024;

const longTexts = new WeakMap<object, Texts>();

interface Texts {
  readonly value: object;
  readonly text: string;
  quoted: string | undefined;
}

/** The texts asked for last, whatever their length: most are asked for again at once. */
const LATEST = 8;
const latest: (Texts | undefined)[] = Array.from({ length: LATEST }, () => undefined);
let latestAt = 0;

function textsOf(value: object): Texts {
  for (let back = 0; back < LATEST; back += 1) {
    const texts = latest[(latestAt - back) & (LATEST - 1)];
    if (texts !== undefined && texts.value === value) return texts;
  }
  const texts = longTexts.get(value) ?? makeTexts(value);
  latestAt = (latestAt + 1) & (LATEST - 1);
  latest[latestAt] = texts;
  return texts;
}

function makeTexts(value: object): Texts {
  const texts: Texts = { value, text: JSON.stringify(value), quoted: undefined };
  if (texts.text.length > LONG_TEXT) longTexts.set(value, texts);
  return texts;
}

/** Compact JSON text; remembered for objects, since one payload goes through many events and states. */
export function textOf(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return textsOf(value).text;
}

/** The value's text as a JSON string, as histories hold payloads; remembered like the text itself. */
export function quotedText(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(textOf(value));
  const texts = textsOf(value);
  texts.quoted ??= JSON.stringify(texts.text);
  return texts.quoted;
}

/** JSON text with a space after commas and colons, as TestState shows payloads. */
export function spacedText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(spacedText).join(', ')}]`;
  if (!isObject(value)) return textOf(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${spacedText(member)}`,
  );
  return `{${members.join(', ')}}`;
}

/** Bytes of UTF-8, without counting when the text is short enough for any count. */
export function exceedsBytes(text: string, limitBytes: number): boolean {
  if (text.length * 3 <= limitBytes) return false;
  return text.length > limitBytes || Buffer.byteLength(text) > limitBytes;
}

/** A number, also one kept as its literal. */
export function isNumber(value: Json): value is number {
  return typeof value === 'number' || isRawNumber(value);
}

export function isRawNumber(value: Json): value is RawJson {
  return typeof value === 'object' && value !== null && json.isRawJSON(value);
}

/** @returns NaN for what is no number */
export function numberOf(value: Json): number {
  if (typeof value === 'number') return value;
  return isRawNumber(value) ? Number(value.rawJSON) : Number.NaN;
}

/** An object of JSON: no array, no null, no number literal. */
export function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !json.isRawJSON(value);
}

/** The value with number literals as plain numbers; the same value when it has none. */
export function plainNumbers(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (json.isRawJSON(value)) return Number(value.rawJSON);
  if (Array.isArray(value)) {
    const items = value.map(plainNumbers);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  return plainObject(value as Record<string, Json>);
}

function plainObject(value: Record<string, Json>): Record<string, Json> {
  let copy: Record<string, Json> | undefined;
  for (const key of Object.keys(value)) {
    const plain = plainNumbers(value[key]);
    if (plain === value[key]) continue;
    copy ??= { ...value };
    copy[key] = plain;
  }
  return copy ?? value;
}

/** Deep equality of JSON values; numbers by value, members in any order. */
export function jsonEquals(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return numberOf(a) === numberOf(b);
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => jsonEquals(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && jsonEquals(a[key], b[key]));
}

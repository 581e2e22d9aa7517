// Reads an intrinsic function call: `States.Format('Hello {}', $.name)`, nested as deep as one likes.
// https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
import type { Json } from '../json/text.ts';
import { type Path, readPath } from '../paths/parse.ts';
import { Reader, TextSyntaxError } from '../paths/reader.ts';
import { INTRINSIC_FUNCTIONS, type IntrinsicFunction } from './functions.ts';

export type IntrinsicArgument =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'call'; readonly call: IntrinsicCall };

export interface IntrinsicCall {
  readonly text: string;
  readonly name: string;
  readonly run: IntrinsicFunction;
  readonly args: readonly IntrinsicArgument[];
}

/** @throws TextSyntaxError, PathSyntaxError */
export function parseIntrinsic(text: string): IntrinsicCall {
  const reader = new Reader(text.trim());
  const call = readCall(reader);
  reader.skipSpace();
  if (!reader.atEnd()) throw new TextSyntaxError(`Unexpected '${reader.rest()}' in ${text}`);
  return call;
}

/** Most arguments that each function takes and fewest. */
const ARITIES: Readonly<Record<string, readonly [number, number]>> = {
  'States.Array': [0, Number.POSITIVE_INFINITY],
  'States.ArrayContains': [2, 2],
  'States.ArrayGetItem': [2, 2],
  'States.ArrayLength': [1, 1],
  'States.ArrayPartition': [2, 2],
  'States.ArrayRange': [3, 3],
  'States.ArrayUnique': [1, 1],
  'States.Base64Decode': [1, 1],
  'States.Base64Encode': [1, 1],
  'States.Format': [1, Number.POSITIVE_INFINITY],
  'States.Hash': [2, 2],
  'States.JsonMerge': [3, 3],
  'States.JsonToString': [1, 1],
  'States.MathAdd': [2, 2],
  'States.MathRandom': [2, 3],
  'States.StringSplit': [2, 2],
  'States.StringToJson': [1, 1],
  'States.UUID': [0, 0],
};

function readCall(reader: Reader): IntrinsicCall {
  const from = reader.at;
  const name = reader.takeWhile((character) => /[A-Za-z0-9_.]/.test(character));
  const run = INTRINSIC_FUNCTIONS[name];
  if (run === undefined) throw new TextSyntaxError(`There is no function ${name}`);
  const args = readArguments(reader);
  const [fewest, most] = ARITIES[name]!;
  if (args.length < fewest || args.length > most) {
    throw new TextSyntaxError(`The function ${name} does not take ${args.length} arguments`);
  }
  return { text: reader.text.slice(from, reader.at), name, run, args };
}

function readArguments(reader: Reader): IntrinsicArgument[] {
  reader.expect('(');
  reader.skipSpace();
  const args: IntrinsicArgument[] = [];
  if (reader.take(')')) return args;
  do {
    reader.skipSpace();
    args.push(readArgument(reader));
    reader.skipSpace();
  } while (reader.take(','));
  reader.expect(')');
  return args;
}

function readArgument(reader: Reader): IntrinsicArgument {
  const next = reader.peek();
  if (next === '$') return { kind: 'path', path: readPath(reader) };
  if (next === "'") return { kind: 'value', value: readString(reader) };
  if (reader.text.startsWith('States.', reader.at)) return { kind: 'call', call: readCall(reader) };
  return { kind: 'value', value: readLiteral(reader) };
}

/** In quotes; only `\'`, `\{`, `\}` and `\\` may be escaped. Braces keep their backslash for States.Format. */
function readString(reader: Reader): string {
  reader.expect("'");
  let value = '';
  while (!reader.atEnd()) {
    const character = reader.peek();
    reader.at += 1;
    if (character === "'") return value;
    if (character !== '\\') value += character;
    else value += readEscape(reader);
  }
  throw new TextSyntaxError('A string is not closed');
}

function readEscape(reader: Reader): string {
  const escaped = reader.peek();
  if (!"'{}\\".includes(escaped) || escaped === '') throw new TextSyntaxError(`\\${escaped} is no escape`);
  reader.at += 1;
  return escaped === '{' || escaped === '}' || escaped === '\\' ? `\\${escaped}` : escaped;
}

function readLiteral(reader: Reader): Json {
  const word = reader.takeWhile((character) => /[A-Za-z0-9.+-]/.test(character));
  if (!/^(null|true|false|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(word)) {
    throw new TextSyntaxError(`'${word || reader.rest()}' is no argument`);
  }
  return JSON.parse(word);
}

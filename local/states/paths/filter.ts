// Filters of a JSONPath: `[?(@.price < 10 && @.name =~ /x/)]`. Read once, evaluated per candidate.
import { boundedRegExp } from '../bounded-regexp.ts';
import { isNumber, isObject, type Json, jsonEquals, numberOf } from '../json/text.ts';
import { evaluateSteps, findOrNothing } from './evaluate.ts';
import { type Path, readPath } from './parse.ts';
import { type Reader, TextSyntaxError } from './reader.ts';

/** Tells whether a candidate stays. `roots` are the whole documents that paths from `$` start at. */
export type Filter = (candidate: Json, root: Json) => boolean;

/** `(expression)` after the question mark. @throws TextSyntaxError */
export function readFilter(reader: Reader): Filter {
  reader.expect('(');
  const filter = readOr(reader);
  reader.skipSpace();
  reader.expect(')');
  return filter;
}

function readOr(reader: Reader): Filter {
  let left = readAnd(reader);
  for (reader.skipSpace(); reader.takeText('||'); reader.skipSpace()) {
    const [one, other] = [left, readAnd(reader)];
    left = (candidate, root) => one(candidate, root) || other(candidate, root);
  }
  return left;
}

function readAnd(reader: Reader): Filter {
  let left = readTerm(reader);
  for (reader.skipSpace(); reader.takeText('&&'); reader.skipSpace()) {
    const [one, other] = [left, readTerm(reader)];
    left = (candidate, root) => one(candidate, root) && other(candidate, root);
  }
  return left;
}

function readTerm(reader: Reader): Filter {
  reader.skipSpace();
  if (reader.take('!')) {
    const inner = readTerm(reader);
    return (candidate, root) => !inner(candidate, root);
  }
  if (reader.peek() === '(') return readFilter(reader);
  return readComparison(reader);
}

type Operand = (candidate: Json, root: Json) => Json | undefined;

const OPERATORS = ['==', '!=', '<=', '>=', '<', '>', '=~'] as const;

function readComparison(reader: Reader): Filter {
  const left = readOperand(reader);
  reader.skipSpace();
  const operator = OPERATORS.find((candidate) => reader.takeText(candidate)) ?? readWordOperator(reader);
  if (operator === undefined) return (candidate, root) => left(candidate, root) !== undefined;
  reader.skipSpace();
  if (operator === '=~') return matches(left, readPattern(reader));
  const right = readOperand(reader);
  const compare = COMPARISONS[operator]!;
  return (candidate, root) => compare(left(candidate, root), right(candidate, root));
}

function readWordOperator(reader: Reader): string | undefined {
  return ['in', 'nin', 'contains', 'size', 'empty'].find((word) => reader.takeText(`${word} `));
}

function readOperand(reader: Reader): Operand {
  reader.skipSpace();
  const next = reader.peek();
  if (next === '@' || next === '$') return readPathOperand(reader, next);
  if (next === "'" || next === '"') return constant(reader.quoted());
  if (next === '[') return constant(readArray(reader));
  const word = reader.takeWhile((character) => /[\w.+-]/.test(character));
  if (word === '') throw new TextSyntaxError(`A value is missing at '${reader.rest()}'`);
  try {
    return constant(JSON.parse(word));
  } catch {
    throw new TextSyntaxError(`'${word}' is no value`);
  }
}

function readArray(reader: Reader): Json[] {
  reader.expect('[');
  const items: Json[] = [];
  for (reader.skipSpace(); !reader.take(']'); reader.skipSpace()) {
    items.push(readOperand(reader)(undefined, undefined));
    reader.skipSpace();
    reader.take(',');
  }
  return items;
}

function readPathOperand(reader: Reader, start: string): Operand {
  const path: Path = readPath(reader);
  return (candidate, root) => {
    const from = start === '@' ? candidate : root;
    return path.isDefinite ? findOrNothing(from, path.steps) : evaluateSteps(from, path.steps, root);
  };
}

function constant(value: Json): Operand {
  return () => value;
}

function readPattern(reader: Reader): RegExp {
  reader.expect('/');
  let source = '';
  while (!reader.atEnd() && reader.peek() !== '/') {
    if (reader.peek() === '\\') {
      source += reader.peek();
      reader.at += 1;
    }
    source += reader.peek();
    reader.at += 1;
  }
  reader.expect('/');
  const flags = reader.takeWhile((character) => /[a-z]/.test(character));
  return new RegExp(`^(?:${source})$`, flags.includes('i') ? 'i' : '');
}

function matches(left: Operand, pattern: RegExp): Filter {
  return (candidate, root) => {
    const value = left(candidate, root);
    return typeof value === 'string' && boundedRegExp(pattern).exec(value) !== null;
  };
}

const COMPARISONS: Readonly<Record<string, (a: Json | undefined, b: Json | undefined) => boolean>> = {
  '==': (a, b) => a !== undefined && jsonEquals(a, b),
  '!=': (a, b) => !(a !== undefined && jsonEquals(a, b)),
  '<': (a, b) => order(a, b, (difference) => difference < 0),
  '<=': (a, b) => order(a, b, (difference) => difference <= 0),
  '>': (a, b) => order(a, b, (difference) => difference > 0),
  '>=': (a, b) => order(a, b, (difference) => difference >= 0),
  in: (a, b) => Array.isArray(b) && b.some((item) => jsonEquals(item, a)),
  nin: (a, b) => !(Array.isArray(b) && b.some((item) => jsonEquals(item, a))),
  contains: (a, b) =>
    Array.isArray(a) ? a.some((item) => jsonEquals(item, b)) : typeof a === 'string' && a.includes(String(b)),
  size: (a, b) => sizeOf(a) === numberOf(b),
  empty: (a, b) => (sizeOf(a) === 0) === b,
};

function sizeOf(value: Json | undefined): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : -1;
}

function order(a: Json | undefined, b: Json | undefined, holds: (difference: number) => boolean): boolean {
  if (isNumber(a) && isNumber(b)) return holds(numberOf(a) - numberOf(b));
  if (typeof a === 'string' && typeof b === 'string') return holds(a < b ? -1 : a > b ? 1 : 0);
  return false;
}

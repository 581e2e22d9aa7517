// CloudWatch Logs' filter patterns: terms, quoted phrases, `?optional` and `-excluded` terms, `%regular
// expressions%`, and selectors over JSON messages such as `{ $.level = "ERROR" && $.ms > 20 }`.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
import { AwsError } from '../wire/errors.ts';
import { parseSelector } from './json-selector.ts';

export type EventFilter = (message: string) => boolean;

export interface FilterPattern {
  readonly matches: EventFilter;
  /** A message that matches has one of these in it; absent where nothing is known of it. */
  readonly anyOf?: readonly string[] | undefined;
}

/** @throws AwsError InvalidParameterException */
export function parseFilterPattern(pattern: string): FilterPattern {
  const text = pattern.trim();
  if (text === '') return { matches: () => true };
  if (text.startsWith('{')) return { matches: parseSelector(text) };
  if (text.startsWith('[')) throw invalidPattern('Space-delimited filter patterns are not served here');
  return parseTerms(text);
}

export function invalidPattern(reason: string): AwsError {
  return new AwsError('InvalidParameterException', `Invalid filter pattern: ${reason}`);
}

const TERM = /([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s"%]\S*))\s*/y;

interface Term {
  readonly sign: string;
  readonly matches: EventFilter;
  /** Absent of an expression. */
  readonly phrase: string | undefined;
}

/** All plain terms, none of the excluded, and at least one of the optional ones where there are no plain ones. */
function parseTerms(text: string): FilterPattern {
  const terms = readTerms(text);
  const required = terms.filter((term) => term.sign === '');
  const excluded = terms.filter((term) => term.sign === '-');
  const optional = required.length > 0 ? [] : terms.filter((term) => term.sign === '?');
  const matches = (message: string): boolean =>
    required.every((term) => term.matches(message)) &&
    !excluded.some((term) => term.matches(message)) &&
    (optional.length === 0 || optional.some((term) => term.matches(message)));
  return { matches, anyOf: required.length > 0 ? longestOf(required) : phrasesOf(optional) };
}

/** Of terms that are all needed, the one that is likely to be the rarest. */
function longestOf(terms: readonly Term[]): string[] | undefined {
  const phrases = terms.flatMap(({ phrase }) => phrase ?? []).sort((a, b) => b.length - a.length);
  return phrases.length === 0 ? undefined : [phrases[0]!];
}

/** Of terms of which one will do, all; nothing is known where one is an expression. */
function phrasesOf(terms: readonly Term[]): string[] | undefined {
  const phrases = terms.flatMap(({ phrase }) => phrase ?? []);
  return phrases.length === 0 || phrases.length < terms.length ? undefined : phrases;
}

function readTerms(text: string): Term[] {
  const terms: Term[] = [];
  TERM.lastIndex = 0;
  for (let at = 0; at < text.length; at = TERM.lastIndex) {
    const match = TERM.exec(text);
    if (match === null) throw invalidPattern(`unexpected character at ${at + 1}`);
    const [, sign = '', quoted, expression, bare] = match;
    const phrase = quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '';
    const matches = termMatcher(expression, phrase);
    terms.push({ sign, matches, phrase: expression === undefined ? phrase : undefined });
  }
  return terms;
}

function termMatcher(expression: string | undefined, phrase: string): EventFilter {
  if (expression === undefined) return (message) => message.includes(phrase);
  const compiled = compileExpression(expression);
  return (message) => compiled.test(message);
}

export function compileExpression(expression: string): RegExp {
  try {
    return new RegExp(expression);
  } catch (thrown) {
    throw invalidPattern((thrown as Error).message);
  }
}

// CloudWatch Logs' filter patterns: terms, quoted phrases, `?optional` and `-excluded` terms, `%regular
// expressions%`, and selectors over JSON messages such as `{ $.level = "ERROR" && $.ms > 20 }`.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
import { AwsError } from '../wire/errors.ts';
import { parseSelector } from './json-selector.ts';

export type EventFilter = (message: string) => boolean;

/** @throws AwsError InvalidParameterException */
export function parseFilterPattern(pattern: string): EventFilter {
  const text = pattern.trim();
  if (text === '') return () => true;
  if (text.startsWith('{')) return parseSelector(text);
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
}

/** All plain terms, none of the excluded, and at least one of the optional ones where there are no plain ones. */
function parseTerms(text: string): EventFilter {
  const terms = readTerms(text);
  const required = terms.filter((term) => term.sign === '');
  const excluded = terms.filter((term) => term.sign === '-');
  const optional = required.length > 0 ? [] : terms.filter((term) => term.sign === '?');
  return (message) =>
    required.every((term) => term.matches(message)) &&
    !excluded.some((term) => term.matches(message)) &&
    (optional.length === 0 || optional.some((term) => term.matches(message)));
}

function readTerms(text: string): Term[] {
  const terms: Term[] = [];
  TERM.lastIndex = 0;
  for (let at = 0; at < text.length; at = TERM.lastIndex) {
    const match = TERM.exec(text);
    if (match === null) throw invalidPattern(`unexpected character at ${at + 1}`);
    const [, sign = '', quoted, expression, bare] = match;
    terms.push({ sign, matches: termMatcher(expression, quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '') });
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

// Search expressions: which series of the registry one means. `{Namespace,Dimension…}` names the schema; what follows
// are terms, all of which must hold, with OR and brackets: `MetricName="x"` exactly, `Endpoint=price` in part, `price`
// anywhere. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
import type { SeriesIdentity } from './api.ts';
import { WrongArguments } from './math-functions.ts';

export type SeriesTest = (identity: SeriesIdentity) => boolean;

/** @throws WrongArguments */
export function compileSearch(expression: string): SeriesTest {
  const schema = /^\s*\{([^}]*)\}/.exec(expression);
  const ofSchema = schema === null ? (): boolean => true : schemaTest(schema[1]!);
  const tokens = expression.slice(schema?.[0].length ?? 0).match(TOKENS) ?? [];
  const terms = tokens.length === 0 ? (): boolean => true : anyOf(tokens);
  if (tokens.length > 0) throw new WrongArguments(`the search ends before "${tokens[0]}"`);
  return (identity) => ofSchema(identity) && terms(identity);
}

const TOKENS = /[()]|"[^"]*"|[^\s()="]+(?:=(?:"[^"]*"|[^\s()"]+))?/g;

/** Exactly these dimensions, whatever their order. */
function schemaTest(text: string): SeriesTest {
  const [namespace, ...names] = text.split(',').map((part) => part.trim().replace(/^"|"$/g, ''));
  const wanted = names.sort().join();
  return (identity) =>
    identity.namespace === namespace && Object.keys(identity.dimensions).sort().join() === wanted;
}

function anyOf(tokens: string[]): SeriesTest {
  const tests = [allOf(tokens)];
  while (tokens[0] === 'OR') {
    tokens.shift();
    tests.push(allOf(tokens));
  }
  return (identity) => tests.some((test) => test(identity));
}

function allOf(tokens: string[]): SeriesTest {
  const tests: SeriesTest[] = [];
  while (tokens.length > 0 && tokens[0] !== 'OR' && tokens[0] !== ')') {
    if (tokens[0] === 'AND') tokens.shift();
    else tests.push(one(tokens));
  }
  if (tests.length === 0) throw new WrongArguments('a term of the search is missing');
  return (identity) => tests.every((test) => test(identity));
}

function one(tokens: string[]): SeriesTest {
  const token = tokens.shift()!;
  if (token === 'NOT') {
    const test = one(tokens);
    return (identity) => !test(identity);
  }
  if (token !== '(') return term(token);
  const test = anyOf(tokens);
  if (tokens.shift() !== ')') throw new WrongArguments('a bracket of the search is not closed');
  return test;
}

function term(token: string): SeriesTest {
  const [, name, text] = /^([^"=]+)=(.*)$/.exec(token) ?? [undefined, undefined, token];
  const isExact = text!.startsWith('"');
  const wanted = isExact ? text!.slice(1, -1) : text!.toLowerCase();
  const matches = (value: string): boolean =>
    isExact ? value === wanted : value.toLowerCase().includes(wanted);
  return (identity) => valuesOf(identity, name).some(matches);
}

function valuesOf({ namespace, name, dimensions }: SeriesIdentity, property: string | undefined): string[] {
  if (property === 'Namespace') return [namespace];
  if (property === 'MetricName') return [name];
  if (property === undefined) return [namespace, name, ...Object.entries(dimensions).flat()];
  return dimensions[property] === undefined ? [] : [dimensions[property]];
}

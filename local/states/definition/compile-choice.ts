// The rules of a Choice state. JSONPath rules compare by type: values of another type never match.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
import { isNumber, type Json, numberOf, textOf } from '../json/text.ts';
import { compileJsonataTemplate } from '../jsonata/template.ts';
import { evaluatePath, PathNotFoundError } from '../paths/evaluate.ts';
import { rootOf } from '../paths/expression.ts';
import { type Path, parsePath } from '../paths/parse.ts';
import { FieldFailure } from '../run/failure.ts';
import { andThen, type Scope } from '../run/scope.ts';
import { queryFailure, typeName } from './compile-values.ts';
import { FieldCompiler, type Fields } from './fields.ts';
import { parseTimestamp } from './timestamp.ts';
import type { ChoiceRule, ChoiceState, Evaluate } from './types.ts';
import { matchesWildcards } from './wildcard.ts';

export function compileChoice(fields: FieldCompiler): Pick<ChoiceState, 'rules' | 'defaultNext'> {
  const rules = (fields.source.Choices as Fields[]).map((rule, index) => compileRule(rule, index, fields));
  return { rules, defaultNext: fields.source.Default as string | undefined };
}

function compileRule(rule: Fields, index: number, fields: FieldCompiler): ChoiceRule {
  const own = new FieldCompiler(rule, fields.isJsonata, `Choices[${index}]/`);
  return {
    condition: fields.isJsonata ? compileCondition(own) : compileTest(rule),
    next: rule.Next as string,
    output: fields.isJsonata ? own.template('Output') : undefined,
    assign: own.template('Assign'),
  };
}

function compileCondition(fields: FieldCompiler): Evaluate<boolean> {
  const field = `${fields.place}Condition`;
  const source = fields.source.Condition as Json;
  const condition = compileJsonataTemplate(source, field);
  return (scope) =>
    andThen(condition(scope), (value) => {
      if (typeof value === 'boolean') return value;
      const text = String(source).slice(2, -2).trim();
      throw queryFailure(
        field,
        `The JSONata expression '${text}' specified for the field '${field}' returned an unexpected result type. Expected 'boolean', but was '${typeName(value)}' for value: ${textOf(value)}`,
      );
    });
}

type Test = (scope: Scope) => boolean;

function compileTest(rule: Fields): Test {
  if (Array.isArray(rule.And)) {
    const tests = (rule.And as Fields[]).map(compileTest);
    return (scope) => tests.every((test) => test(scope));
  }
  if (Array.isArray(rule.Or)) {
    const tests = (rule.Or as Fields[]).map(compileTest);
    return (scope) => tests.some((test) => test(scope));
  }
  if (rule.Not !== undefined) {
    const test = compileTest(rule.Not as Fields);
    return (scope) => !test(scope);
  }
  return compileComparison(rule);
}

const NO_COMPARISON = new Set(['Variable', 'Next', 'Comment', 'Assign', 'Output']);

function compileComparison(rule: Fields): Test {
  const name = Object.keys(rule).find((key) => !NO_COMPARISON.has(key)) ?? '';
  const variable = parsePath(String(rule.Variable));
  const presence = TYPE_TESTS[name];
  if (presence !== undefined) return compileTypeTest(variable, name, rule[name] === true);
  const isPath = name.endsWith('Path');
  const compare = COMPARISONS[isPath ? name.slice(0, -4) : name];
  if (compare === undefined) throw new TypeError(`There is no comparison ${name}`);
  if (!isPath) return (scope) => compare(valueAt(variable, scope), rule[name]);
  const other = parsePath(String(rule[name]));
  return (scope) => compare(valueAt(variable, scope), valueAt(other, scope));
}

function valueAt(path: Path, scope: Scope): Json {
  const value = findAt(path, scope);
  if (value !== undefined) return value;
  const detail = `Invalid path '${path.text}': The choice state's condition path references an invalid value.`;
  throw new FieldFailure('States.Runtime', detail);
}

function findAt(path: Path, scope: Scope): Json | undefined {
  try {
    return evaluatePath(rootOf(path, scope), path);
  } catch (thrown) {
    if (thrown instanceof PathNotFoundError) return undefined;
    throw thrown;
  }
}

const TYPE_TESTS: Readonly<Record<string, (value: Json) => boolean>> = {
  IsPresent: () => true,
  IsNull: (value) => value === null,
  IsNumeric: isNumber,
  IsString: (value) => typeof value === 'string',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => parseTimestamp(value) !== undefined,
};

function compileTypeTest(variable: Path, name: string, wanted: boolean): Test {
  const test = TYPE_TESTS[name]!;
  if (name !== 'IsPresent') return (scope) => test(valueAt(variable, scope)) === wanted;
  return (scope) => (findAt(variable, scope) !== undefined) === wanted;
}

type Comparison = (value: Json, other: Json) => boolean;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  BooleanEquals: (a, b) => typeof a === 'boolean' && a === b,
  ...comparisons('Numeric', (value) => (isNumber(value) ? numberOf(value) : undefined)),
  ...comparisons('String', (value) => (typeof value === 'string' ? value : undefined)),
  ...comparisons('Timestamp', parseTimestamp),
  StringMatches: (a, b) => typeof a === 'string' && typeof b === 'string' && matchesWildcards(a, b),
};

/** Equals, LessThan and so on for values that `read` understands; a value that it does not never matches. */
function comparisons<T extends number | string>(
  type: string,
  read: (value: Json) => T | undefined,
): Record<string, Comparison> {
  const compare =
    (holds: (order: number) => boolean): Comparison =>
    (a, b) => {
      const [one, other] = [read(a), read(b)];
      if (one === undefined || other === undefined) return false;
      return holds(one < other ? -1 : one > other ? 1 : 0);
    };
  return {
    [`${type}Equals`]: compare((order) => order === 0),
    [`${type}LessThan`]: compare((order) => order < 0),
    [`${type}GreaterThan`]: compare((order) => order > 0),
    [`${type}LessThanEquals`]: compare((order) => order <= 0),
    [`${type}GreaterThanEquals`]: compare((order) => order >= 0),
  };
}

// Wait and Fail, and the number fields (`TimeoutSeconds`, `MaxConcurrency` …) in their three forms: a constant, a
// `…Path`, a JSONata expression. Sentences of failures are AWS's.
import { isNumber, type Json, numberOf, textOf } from '../json/text.ts';
import { evaluatePath, PathNotFoundError } from '../paths/evaluate.ts';
import { evaluateExpression, evaluatePlainPath, rootOf } from '../paths/expression.ts';
import { FieldFailure } from '../run/failure.ts';
import { andThen, type Scope } from '../run/scope.ts';
import type { FieldCompiler } from './fields.ts';
import { parseTimestamp } from './timestamp.ts';
import type { Evaluate, FailState, WaitState } from './types.ts';

/** 2^31-1 seconds. */
const MAX_WAIT_MS = (2 ** 31 - 1) * 1000;

export function compileWait(fields: FieldCompiler): WaitState['until'] {
  const { source } = fields;
  if (source.Seconds !== undefined) return compileSeconds(fields);
  if (source.SecondsPath !== undefined) return compileSecondsPath(fields);
  if (source.Timestamp !== undefined) return compileTimestamp(fields);
  return compileTimestampPath(fields);
}

function compileSeconds(fields: FieldCompiler): WaitState['until'] {
  const seconds = fields.value('Seconds', (value) => {
    if (isNumber(value) && Number.isInteger(numberOf(value)) && numberOf(value) >= 0) return numberOf(value);
    throw queryFailure(
      'Seconds',
      `The JSONata expression '${expressionText(fields, 'Seconds')}' specified for the field 'Seconds' returned an unexpected result type. Expected 'integer', but was '${typeName(value)}' for value: ${textOf(value)}`,
    );
  })!;
  return (scope, nowMs) => andThen(seconds(scope), (value) => after(nowMs, numberOf(value)));
}

function after(nowMs: number, seconds: number): number {
  return checkDelay(nowMs + seconds * 1000, nowMs);
}

function checkDelay(untilMs: number, nowMs: number): number {
  if (untilMs - nowMs > MAX_WAIT_MS)
    throw new FieldFailure('States.Runtime', 'Wait state delay is too long.');
  return untilMs;
}

function compileSecondsPath(fields: FieldCompiler): WaitState['until'] {
  const path = fields.path('SecondsPath')!;
  return (scope, nowMs) => {
    const value = waitValue(path, 'SecondsPath', scope);
    if (!isNumber(value) || numberOf(value) < 0) {
      const detail = `The SecondsPath parameter cannot be parsed as a long value: ${path.text} == ${shown(value)}`;
      throw new FieldFailure('States.Runtime', detail);
    }
    return after(nowMs, Math.trunc(numberOf(value)));
  };
}

type PlainPath = NonNullable<ReturnType<FieldCompiler['path']>>;

function waitValue(path: PlainPath, field: string, scope: Scope): Json {
  try {
    return evaluatePath(rootOf(path, scope), path);
  } catch (thrown) {
    if (!(thrown instanceof PathNotFoundError)) throw thrown;
    const detail = `The ${field} parameter does not reference an input value: ${path.text}`;
    throw new FieldFailure('States.Runtime', detail);
  }
}

function compileTimestamp(fields: FieldCompiler): WaitState['until'] {
  const timestamp = fields.value('Timestamp', (value) => value)!;
  return (scope, nowMs) =>
    andThen(timestamp(scope), (value) => {
      const untilMs = parseTimestamp(value);
      if (untilMs !== undefined) return checkDelay(untilMs, nowMs);
      const detail = `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${shown(value)}`;
      throw queryFailure('Timestamp', detail);
    });
}

function compileTimestampPath(fields: FieldCompiler): WaitState['until'] {
  const path = fields.path('TimestampPath')!;
  return (scope, nowMs) => {
    const value = waitValue(path, 'TimestampPath', scope);
    const untilMs = parseTimestamp(value);
    if (untilMs !== undefined) return checkDelay(untilMs, nowMs);
    const detail = `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${path.text} == ${shown(value)}`;
    throw new FieldFailure('States.Runtime', detail);
  };
}

export function queryFailure(location: string, detail: string): FieldFailure {
  return new FieldFailure('States.QueryEvaluationError', detail, { location });
}

function shown(value: Json): string {
  return typeof value === 'string' ? value : textOf(value);
}

/** The expression between `{%` and `%}` as causes quote it. */
export function expressionText(fields: FieldCompiler, name: string): string {
  return String(fields.source[name]).slice(2, -2).trim();
}

/** A value's type as JSONata's failures name it. */
export function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isNumber(value)) return 'number';
  return typeof value;
}

/** `Error`/`ErrorPath` and `Cause`/`CausePath`. */
export function compileFail(fields: FieldCompiler): Pick<FailState, 'error' | 'cause'> {
  return { error: compileText(fields, 'Error'), cause: compileText(fields, 'Cause') };
}

function compileText(fields: FieldCompiler, name: string): Evaluate<string> | undefined {
  const expression = fields.expression(`${name}Path`);
  if (expression !== undefined) {
    return (scope) => {
      const value = evaluateExpression(expression, `${name}Path`, scope);
      if (typeof value === 'string') return value;
      const text = fields.source[`${name}Path`];
      throw new FieldFailure(
        'States.Runtime',
        `The ${name}Path field refers to value "${textOf(value)}" which is not a string: ${text}`,
      );
    };
  }
  return fields.value(name, (value) => {
    if (typeof value === 'string') return value;
    throw unexpectedType(fields, name, { expected: 'string', value });
  });
}

export function unexpectedType(
  fields: FieldCompiler,
  name: string,
  found: { readonly expected: string; readonly value: Json },
): FieldFailure {
  const field = `${fields.place}${name}`;
  const detail = `The JSONata expression '${expressionText(fields, name)}' specified for the field '${field}' returned an unexpected result type. Expected '${found.expected}', but was '${typeName(found.value)}' for value: ${textOf(found.value)}`;
  return queryFailure(field, detail);
}

export interface NumberField {
  readonly min: number;
  readonly max?: number;
  readonly isFloat?: boolean;
}

/** A number in any of its forms; undefined when the definition has none. */
export function compileNumber(
  fields: FieldCompiler,
  name: string,
  limits: NumberField,
): Evaluate<number | undefined> {
  const path = fields.path(`${name}Path`);
  if (path)
    return (scope) => checkPathNumber(evaluatePlainPath(path, scope), { name, limits, path: path.text });
  const value = fields.value(name, (found) => {
    if (!isNumber(found) || (limits.isFloat !== true && !Number.isInteger(numberOf(found))))
      throw unexpectedType(fields, name, { expected: limits.isFloat ? 'number' : 'integer', value: found });
    return checkRange(numberOf(found), name, limits);
  });
  return value === undefined ? () => undefined : (scope) => andThen(value(scope), numberOf);
}

function checkPathNumber(
  value: Json,
  field: { readonly name: string; readonly limits: NumberField; readonly path: string },
): number {
  const number = isNumber(value) ? numberOf(value) : parseNumber(value);
  if (number === undefined) {
    const kind = field.limits.isFloat ? 'float' : 'integer';
    const detail = `The ${field.name}Path field refers to value "${shown(value)}" which is not a valid ${kind}: ${field.path}`;
    throw new FieldFailure('States.Runtime', detail);
  }
  return checkRange(number, field.name, field.limits);
}

function parseNumber(value: Json): number | undefined {
  return typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

function checkRange(value: number, name: string, { min, max }: NumberField): number {
  if (value >= min && (max === undefined || value <= max)) return value;
  throw new FieldFailure('States.Runtime', rangeSentence(name, min, max));
}

function rangeSentence(name: string, min: number, max: number | undefined): string {
  if (name === 'MaxItems') return 'field MaxItems must be positive';
  if (max !== undefined) return `${name} must be between ${min} and ${max}.`;
  return min === 0 ? `${name} cannot be negative.` : `${name} must be greater than or equal to ${min}.`;
}

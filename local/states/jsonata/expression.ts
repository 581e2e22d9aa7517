// One JSONata expression of a definition (`{% … %}`), compiled once. Evaluated by our own synchronous code where the
// expression is simple enough (`fast.ts`), else by the `jsonata` library.
// https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
import jsonata, { type Expression, type ExprNode } from 'jsonata';
import type { Clock } from '../../clock.ts';
import { boundedRegExp } from '../bounded-regexp.ts';
import { type Json, plainNumbers } from '../json/text.ts';
import { FieldFailure, isStackOverflow, STACK_OVERFLOW } from '../run/failure.ts';
import type { MaybePromise, Scope } from '../run/scope.ts';
import { BAIL, compileFast, type FastExpression } from './fast.ts';
import { MAX_TEXT_CHARACTERS, registerAwsFunctions, TextTooLong } from './functions.ts';

export interface JsonataExpression {
  /** The text between `{%` and `%}`, as AWS quotes it. */
  readonly text: string;
  /** @throws FieldFailure States.QueryEvaluationError, naming the field */
  evaluate(scope: Scope, field: string): MaybePromise<Json>;
  /** Names of the variables that it reads. */
  readonly variables: readonly string[];
  /** Members of `$states` that it reads. */
  readonly statesMembers: ReadonlySet<string>;
}

/** `{% … %}` exactly: a string with anything around is a plain string. */
export function isJsonata(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('{%') && value.endsWith('%}') && value.length >= 4;
}

/** A JSONata expression that does not parse; the message is the parser's. */
export class JsonataSyntaxError extends Error {}

/** A name, `$` or `$$` where there is nothing that it could refer to. */
export class UnsupportedReferenceError extends Error {}

/** @throws JsonataSyntaxError */
export function compileJsonata(source: string): JsonataExpression {
  const text = source.slice(2, -2).trim();
  const expression = parse(text);
  const ast = expression.ast();
  const variables = variablesOf(ast);
  const reference = topReference(ast);
  if (reference !== undefined) {
    throw new UnsupportedReferenceError(`Reference to '${reference}' at the top level is not supported.`);
  }
  registerAwsFunctions(expression);
  expression.assign(AFTER_EACH_PART as never, guard);
  const fast = compileFast(ast);
  return {
    text,
    statesMembers: statesMembersOf(ast),
    variables: variables.filter((name) => name !== '' && name !== '$'),
    evaluate: (scope, field) => evaluate({ expression, fast, text }, scope, field),
  };
}

/** An expression must not hold up everything else: recursion without end, endless loops, ranges of millions. */
const BOUNDS = {
  timeout: 3_000,
  stack: 2000,
  sequence: 1_000_000,
  RegexEngine: boundedRegExp as unknown as RegExpConstructor,
};

/** The library's hook, called with what came of every part of an expression. */
const AFTER_EACH_PART = Symbol.for('jsonata.__evaluate_exit');

/** Some milliseconds of work. */
const PARTS_PER_TURN = 2000;
let parts = 0;

/** Gives the event loop a turn now and then: a long evaluation must not hold up the other executions. */
function guard(_part: unknown, _input: unknown, _environment: unknown, result: unknown): unknown {
  if (typeof result === 'string' && result.length > MAX_TEXT_CHARACTERS) throw new TextTooLong();
  parts += 1;
  if (parts < PARTS_PER_TURN) return undefined;
  parts = 0;
  return new Promise((resolve) => setImmediate(resolve));
}

function parse(text: string): Expression {
  try {
    return jsonata(text, BOUNDS);
  } catch (thrown) {
    throw new JsonataSyntaxError(String((thrown as { message?: string }).message ?? thrown));
  }
}

interface Compiled {
  readonly expression: Expression;
  readonly fast: FastExpression | undefined;
  readonly text: string;
}

function evaluate(compiled: Compiled, scope: Scope, field: string): MaybePromise<Json> {
  if (compiled.fast !== undefined && scope.hasLiterals !== true) {
    const value = compiled.fast(scope);
    if (value !== BAIL) return defined(value, compiled, field);
  }
  return evaluateSlowly(compiled, scope, field);
}

async function evaluateSlowly(compiled: Compiled, scope: Scope, field: string): Promise<Json> {
  let value: unknown;
  try {
    value = cleanse(await compiled.expression.evaluate(undefined, bindings(scope)));
  } catch (thrown) {
    const message = `The JSONata expression '${compiled.text}' specified for the field '${field}' threw an error during evaluation. ${messageOf(thrown)}`;
    throw new FieldFailure('States.QueryEvaluationError', message, { location: field });
  }
  return defined(value, compiled, field);
}

function defined(value: Json | undefined, compiled: Compiled, field: string): Json {
  if (value !== undefined) return value;
  const message = `The JSONata expression '${compiled.text}' specified for the field '${field}' returned nothing (undefined).`;
  throw new FieldFailure('States.QueryEvaluationError', message, { location: field });
}

function messageOf(thrown: unknown): string {
  if (isStackOverflow(thrown)) return STACK_OVERFLOW;
  const error = thrown as { code?: string; message?: string };
  return error.code === undefined ? String(error.message ?? thrown) : `${error.code}: ${error.message}`;
}

/** What the library sees: the variables of all scopes, and `$states`. */
function bindings(scope: Scope): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const name in scope.variables) all[name] = scope.variables[name];
  all.states = statesOf(scope);
  if (scope.clock !== undefined) Object.assign(all, timeFunctions(scope.clock));
  return scope.hasLiterals === true ? (plainNumbers(all) as Record<string, unknown>) : all;
}

const FORMAT_TIME = jsonata('$fromMillis($ms, $picture, $timezone)');

/** $now and $millis by a clock that is turned by hand; the library's own have the real one. */
function timeFunctions(clock: Clock): Record<string, unknown> {
  const ms = clock.now();
  const now = (picture?: string, timezone?: string): unknown =>
    picture === undefined && timezone === undefined
      ? new Date(ms).toISOString()
      : FORMAT_TIME.evaluate(undefined, { ms, picture, timezone });
  return { now, millis: () => ms };
}

function statesOf(scope: Scope): Record<string, Json> {
  const states: Record<string, Json> = {
    input: scope.input,
    // Made when asked for.
    get context() {
      return scope.context();
    },
  };
  if (scope.result !== undefined) states.result = scope.result;
  if (scope.errorOutput !== undefined) states.errorOutput = scope.errorOutput;
  return states;
}

/** As the library itself says it where a number out of range is used further. */
class NumberOutOfRange extends Error {
  readonly code = 'D1001';

  constructor(value: number) {
    super(`Number out of range: ${value}`);
  }
}

/** Plain JSON again: the library marks its arrays and makes objects without a prototype. */
function cleanse(value: unknown): Json {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new NumberOutOfRange(value);
  if (Array.isArray(value)) return value.map(cleanse);
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) return undefined;
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    const member = cleanse((value as Record<string, unknown>)[key]);
    if (member !== undefined) copy[key] = member;
  }
  return copy;
}

/** Names of all variables in the tree, those bound inside it included. */
function variablesOf(ast: ExprNode): string[] {
  const names = new Set<string>();
  walk(ast, (node) => {
    if (node.type === 'variable') names.add(String(node.value));
  });
  return [...names];
}

function statesMembersOf(ast: ExprNode): ReadonlySet<string> {
  const members = new Set<string>();
  walk(ast, ({ type, steps }) => {
    if ((type as string) !== 'path' || steps?.[0]?.type !== 'variable' || steps[0].value !== 'states') return;
    if (steps[1]?.type === 'name') members.add(String(steps[1].value));
  });
  return members;
}

function walk(node: unknown, visit: (node: ExprNode) => void): void {
  if (Array.isArray(node)) for (const item of node) walk(item, visit);
  else if (typeof node === 'object' && node !== null) {
    if ('type' in node) visit(node as ExprNode);
    for (const value of Object.values(node)) if (typeof value === 'object') walk(value, visit);
  }
}

/** What is evaluated against the (absent) input at the top level; inside paths and functions `$` is the item at hand. */
function topReference(node: ExprNode): string | undefined {
  if (node.type === 'name') return String(node.value);
  if (node.type === 'variable') return node.value === '' ? '$' : node.value === '$' ? '$$' : undefined;
  if (node.type === 'wildcard' || node.type === 'descendant') return String(node.value);
  return firstReference(evaluatedAtTop(node));
}

function firstReference(nodes: readonly (ExprNode | undefined)[]): string | undefined {
  for (const node of nodes) {
    const reference = node === undefined ? undefined : topReference(node);
    if (reference !== undefined) return reference;
  }
  return undefined;
}

/** The parts of an expression that see the same (absent) item as the whole. */
function evaluatedAtTop(node: ExprNode): readonly (ExprNode | undefined)[] {
  const parts = node as unknown as Record<string, ExprNode | undefined>;
  switch (node.type as string) {
    case 'path':
      return [node.steps?.[0]];
    case 'binary':
    case 'apply':
      return [node.lhs as ExprNode, node.rhs];
    case 'bind':
      return [node.rhs];
    case 'function':
      return node.arguments ?? [];
    case 'block':
      return node.expressions ?? [];
    case 'condition':
      return [parts.condition, parts.then, parts.else];
    case 'unary':
      return Array.isArray(node.lhs) ? node.lhs.flat() : (node.expressions ?? [parts.expression]);
    default:
      return [];
  }
}

// A synchronous evaluator for the simple JSONata expressions that most definitions consist of: paths from a
// variable, comparisons, arithmetic, conditions, object and array constructors. Whatever is not certain to equal the
// library's answer gives BAIL, and the library evaluates it; a property test holds the two against each other.
import type { ExprNode } from 'jsonata';
import type { Json } from '../json/text.ts';
import type { Scope } from '../run/scope.ts';

/** "Let the library do it." */
export const BAIL = Symbol('bail');

type Value = Json | undefined | typeof BAIL;

/** undefined is JSONata's "nothing". */
export type FastExpression = (scope: Scope) => Value;

/** @returns undefined when the expression has a part that is never simple */
export function compileFast(node: ExprNode): FastExpression | undefined {
  if (isDecorated(node)) return undefined;
  return COMPILERS[node.type]?.(node);
}

/** Predicates, groupings, `[]`, bindings to an index: all beyond the simple. */
function isDecorated(node: ExprNode): boolean {
  const marks = [
    'predicate',
    'group',
    'keepArray',
    'keepSingletonArray',
    'stages',
    'focus',
    'index',
    'tuple',
  ];
  return marks.some((mark) => mark in node) || 'ancestor' in node || 'nextFunction' in node;
}

const COMPILERS: Readonly<Record<string, (node: ExprNode) => FastExpression | undefined>> = {
  string: constant,
  number: constant,
  value: constant,
  variable: compileVariable,
  path: compilePath,
  binary: compileBinary,
  condition: compileCondition,
  unary: compileUnary,
  function: compileFunction,
  block: compileBlock,
};

function constant(node: ExprNode): FastExpression {
  const value = node.value;
  return () => value;
}

function compileVariable(node: ExprNode): FastExpression | undefined {
  const name = String(node.value);
  if (name === '' || name === '$') return undefined;
  if (name === 'states') return compileStates();
  return (scope) => scope.variables[name];
}

/** `$states` as a whole is rare, and its members are found without making it. */
function compileStates(): FastExpression {
  return () => BAIL;
}

const STATES_MEMBERS: Readonly<Record<string, FastExpression>> = {
  input: (scope) => scope.input,
  result: (scope) => scope.result,
  errorOutput: (scope) => scope.errorOutput,
  context: (scope) => scope.context(),
};

function compilePath(node: ExprNode): FastExpression | undefined {
  const [first, ...rest] = node.steps ?? [];
  if (first?.type !== 'variable' || isDecorated(first)) return undefined;
  if (!rest.every((step) => step.type === 'name' && !isDecorated(step))) return undefined;
  const names = rest.map((step) => String(step.value));
  if (first.value !== 'states') return follow(compileVariable(first), names);
  const start = STATES_MEMBERS[names[0] ?? ''];
  return start === undefined ? undefined : follow(start, names.slice(1));
}

function follow(start: FastExpression | undefined, names: readonly string[]): FastExpression | undefined {
  if (start === undefined) return undefined;
  return (scope) => {
    let value = start(scope);
    for (const name of names) {
      // JSONata maps over arrays, and that is the library's to do.
      if (value === BAIL || Array.isArray(value)) return BAIL;
      if (typeof value !== 'object' || value === null) return undefined;
      value = Object.hasOwn(value, name) ? (value as Record<string, Json>)[name] : undefined;
    }
    return value;
  };
}

/** Parentheses around one expression. */
function compileBlock(node: ExprNode): FastExpression | undefined {
  const [only, ...others] = node.expressions ?? [];
  return only === undefined || others.length > 0 ? undefined : compileFast(only);
}

type Operator = (a: Json | undefined, b: Json | undefined) => Value;

const OPERATORS: Readonly<Record<string, Operator>> = {
  '=': (a, b) => equal(a, b, true),
  '!=': (a, b) => equal(a, b, false),
  '<': (a, b) => compare(a, b, (order) => order < 0),
  '<=': (a, b) => compare(a, b, (order) => order <= 0),
  '>': (a, b) => compare(a, b, (order) => order > 0),
  '>=': (a, b) => compare(a, b, (order) => order >= 0),
  '+': (a, b) => calculate(a, b, (x, y) => x + y),
  '-': (a, b) => calculate(a, b, (x, y) => x - y),
  '*': (a, b) => calculate(a, b, (x, y) => x * y),
  '/': (a, b) => calculate(a, b, (x, y) => x / y),
  '%': (a, b) => calculate(a, b, (x, y) => x % y),
  '&': (a, b) => concatenate(a, b),
};

function equal(a: Json | undefined, b: Json | undefined, wanted: boolean): Value {
  if (a === undefined || b === undefined) return false;
  if (isPlain(a) && isPlain(b)) return (a === b) === wanted;
  return BAIL;
}

/** Compared by ===, with no structure inside. */
function isPlain(value: Json): boolean {
  return typeof value !== 'object' || value === null;
}

function compare(a: Json | undefined, b: Json | undefined, holds: (order: number) => boolean): Value {
  if (typeof a === 'number' && typeof b === 'number') return holds(a - b);
  if (typeof a === 'string' && typeof b === 'string') return holds(a < b ? -1 : a > b ? 1 : 0);
  return BAIL;
}

function calculate(
  a: Json | undefined,
  b: Json | undefined,
  operation: (x: number, y: number) => number,
): Value {
  if (typeof a !== 'number' || typeof b !== 'number') return BAIL;
  const result = operation(a, b);
  return Number.isFinite(result) ? result : BAIL;
}

function concatenate(a: Json | undefined, b: Json | undefined): Value {
  return typeof a === 'string' && typeof b === 'string' ? a + b : BAIL;
}

function compileBinary(node: ExprNode): FastExpression | undefined {
  const left = compileFast(node.lhs as ExprNode);
  const right = compileFast(node.rhs as ExprNode);
  if (left === undefined || right === undefined) return undefined;
  if (node.value === 'and' || node.value === 'or') return compileLogic(left, right, node.value === 'and');
  const operator = OPERATORS[String(node.value)];
  if (operator === undefined) return undefined;
  return (scope) => {
    const a = left(scope);
    if (a === BAIL) return BAIL;
    const b = right(scope);
    return b === BAIL ? BAIL : operator(a, b);
  };
}

function compileLogic(left: FastExpression, right: FastExpression, isAnd: boolean): FastExpression {
  return (scope) => {
    const a = truth(left(scope));
    if (a === BAIL) return BAIL;
    return a === isAnd ? truth(right(scope)) : a;
  };
}

/** JSONata's boolean of a simple value; nothing is false. */
function truth(value: Value): boolean | typeof BAIL {
  if (typeof value === 'boolean') return value;
  if (value === undefined || value === null) return false;
  if (typeof value === 'string') return value.length > 0;
  if (typeof value === 'number') return value !== 0;
  return BAIL;
}

function compileCondition(node: ExprNode): FastExpression | undefined {
  const parts = node as unknown as { condition: ExprNode; then: ExprNode; else?: ExprNode };
  const condition = compileFast(parts.condition);
  const then = compileFast(parts.then);
  const otherwise = parts.else === undefined ? () => undefined : compileFast(parts.else);
  if (condition === undefined || then === undefined || otherwise === undefined) return undefined;
  return (scope) => {
    const holds = truth(condition(scope));
    if (holds === BAIL) return BAIL;
    return holds ? then(scope) : otherwise(scope);
  };
}

function compileUnary(node: ExprNode): FastExpression | undefined {
  if (node.value === '{') return compileObject(node);
  return node.value === '[' && !('consarray' in node) ? compileArray(node) : undefined;
}

function compileObject(node: ExprNode): FastExpression | undefined {
  const pairs = (node.lhs as [ExprNode, ExprNode][]).map(([key, value]) => ({
    name: key.type === 'string' && !isDecorated(key) ? String(key.value) : undefined,
    value: compileFast(value),
  }));
  const names = new Set(pairs.map((pair) => pair.name));
  if (names.size < pairs.length || names.has(undefined) || names.has('__proto__')) return undefined;
  if (pairs.some((pair) => pair.value === undefined)) return undefined;
  return (scope) => {
    const result: Record<string, Json> = {};
    for (const { name, value } of pairs) {
      const member = value!(scope);
      if (member === BAIL) return BAIL;
      if (member !== undefined) result[name!] = member;
    }
    return result;
  };
}

function compileArray(node: ExprNode): FastExpression | undefined {
  const items = (node.expressions ?? []).map((item) => ({
    isArray: item.value === '[' && item.type === 'unary',
    value: compileFast(item),
  }));
  if (items.some((item) => item.value === undefined)) return undefined;
  return (scope) => {
    const result: Json[] = [];
    for (const { isArray, value } of items) {
      const item = value!(scope);
      if (item === BAIL) return BAIL;
      if (Array.isArray(item) && !isArray) result.push(...item);
      else if (item !== undefined) result.push(item);
    }
    return result;
  };
}

/** Functions of one argument whose answer for the types given here is beyond doubt. */
const FUNCTIONS: Readonly<Record<string, (argument: Json | undefined) => Value>> = {
  count: (value) => (Array.isArray(value) ? value.length : value === undefined ? 0 : 1),
  exists: (value) => value !== undefined,
  not: (value) => {
    const holds = value === undefined ? BAIL : truth(value);
    return holds === BAIL ? BAIL : !holds;
  },
  parse: (value) => (typeof value === 'string' ? parsed(value) : BAIL),
  length: (value) => (typeof value === 'string' && /^[\0-\x7f]*$/.test(value) ? value.length : BAIL),
};

/** AWS's $parse; what is no JSON is the library's to refuse. */
function parsed(text: string): Value {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return BAIL;
  }
}

function compileFunction(node: ExprNode): FastExpression | undefined {
  const procedure = node.procedure;
  if (procedure?.type !== 'variable' || isDecorated(procedure) || node.arguments?.length !== 1)
    return undefined;
  const name = String(procedure.value);
  const run = FUNCTIONS[name];
  const argument = compileFast(node.arguments[0]!);
  if (run === undefined || argument === undefined) return undefined;
  return (scope) => {
    // A variable may hide the function.
    if (name in scope.variables) return BAIL;
    const value = argument(scope);
    return value === BAIL ? BAIL : run(value);
  };
}

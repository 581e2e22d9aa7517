// Metric math: numbers, the ids of other queries, arrays in square brackets, arithmetic, comparisons, AND and OR, and
// the functions of `math-functions.ts`. Any other function is refused by name.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
import { AwsError } from '../wire/errors.ts';
import { type Argument, FUNCTIONS, type MathScope, WrongArguments } from './math-functions.ts';
import { combine, isArray, type TimeSeries, type Value } from './math-values.ts';

export interface ExpressionScope extends MathScope {
  /** What the query of this id comes to; undefined where there is none. */
  resolve(id: string): Value | undefined;
}

/**
 * The series that an expression comes to: one, or an array.
 * @throws AwsError ValidationError for what cannot be read or is not served
 */
export function evaluate(expression: string, scope: ExpressionScope): Value {
  const parser = new Parser(expression, scope);
  try {
    const value = parser.either();
    parser.end();
    if (typeof value === 'number') throw refuse(expression, 'it comes to a number, not to a time series');
    return value;
  } catch (thrown) {
    throw thrown instanceof WrongArguments ? refuse(expression, thrown.message) : thrown;
  }
}

type Operator = (a: number, b: number) => number;

const truth = (holds: boolean): number => (holds ? 1 : 0);

/** Loosest first; those of one level go from left to right. */
const LEVELS: readonly Readonly<Record<string, Operator>>[] = [
  { '||': (a, b) => truth(a !== 0 || b !== 0), OR: (a, b) => truth(a !== 0 || b !== 0) },
  { '&&': (a, b) => truth(a !== 0 && b !== 0), AND: (a, b) => truth(a !== 0 && b !== 0) },
  {
    '<': (a, b) => truth(a < b),
    '>': (a, b) => truth(a > b),
    '<=': (a, b) => truth(a <= b),
    '>=': (a, b) => truth(a >= b),
    '==': (a, b) => truth(a === b),
    '!=': (a, b) => truth(a !== b),
  },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b },
  { '^': (a, b) => a ** b },
];

const TOKENS = /\d+(?:\.\d+)?|"[^"]*"|'[^']*'|[A-Za-z_]\w*|[<>=!]=|&&|\|\||\S/g;
const FILLERS: ReadonlySet<string> = new Set(['REPEAT', 'LINEAR']);

class Parser {
  readonly #expression: string;
  readonly #scope: ExpressionScope;
  readonly #tokens: string[];

  constructor(expression: string, scope: ExpressionScope) {
    this.#expression = expression;
    this.#scope = scope;
    this.#tokens = expression.match(TOKENS) ?? [];
  }

  either(level = 0): Value {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#factor();
    let left = this.either(level + 1);
    for (;;) {
      const sign = this.#tokens[0];
      if (sign === undefined || !Object.hasOwn(operators, sign)) return left;
      this.#tokens.shift();
      left = combine(left, this.either(level + 1), operators[sign]!);
    }
  }

  end(): void {
    if (this.#tokens.length > 0) throw refuse(this.#expression, `"${this.#tokens[0]}" is not served`);
  }

  #factor(): Value {
    const token = this.#tokens.shift();
    if (token === undefined) throw refuse(this.#expression, 'it ends too early');
    if (/^\d/.test(token)) return Number(token);
    if (token === '-') return combine(0, this.#factor(), (a, b) => a - b);
    if (token === '(') return this.#closed(this.either(), ')');
    if (token === '[') return this.#array();
    if (this.#tokens[0] === '(') return this.#call(token);
    const value = this.#scope.resolve(token);
    if (value === undefined) throw refuse(this.#expression, `"${token}" is not served and is no id`);
    return value;
  }

  #array(): readonly TimeSeries[] {
    const members: TimeSeries[] = [];
    do {
      const value = this.either();
      if (typeof value === 'number') throw refuse(this.#expression, 'an array holds time series');
      members.push(...(isArray(value) ? value : [value]));
    } while (this.#take(','));
    return this.#closed(members, ']');
  }

  #call(name: string): Value {
    const apply = FUNCTIONS[name.toUpperCase()];
    if (apply === undefined) throw refuse(this.#expression, `"${name}" is not served`);
    this.#tokens.shift();
    const args: Argument[] = [];
    if (!this.#take(')')) {
      do args.push(this.#argument());
      while (this.#take(','));
      this.#closed(0, ')');
    }
    return apply(args, this.#scope);
  }

  #argument(): Argument {
    const token = this.#tokens[0] ?? '';
    const isText = /^["']/.test(token);
    if (!isText && !FILLERS.has(token)) return this.either();
    this.#tokens.shift();
    return { text: isText ? token.slice(1, -1) : token };
  }

  #closed<Result>(value: Result, sign: string): Result {
    if (!this.#take(sign)) throw refuse(this.#expression, `a "${sign}" is missing`);
    return value;
  }

  #take(sign: string): boolean {
    if (this.#tokens[0] !== sign) return false;
    this.#tokens.shift();
    return true;
  }
}

export function refuse(expression: string, reason: string): AwsError {
  return new AwsError('ValidationError', `Error in expression '${expression}': ${reason}.`);
}

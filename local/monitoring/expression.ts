// Metric math, the part that is arithmetic: numbers, the ids of other queries, + - * / and brackets. Anything else of
// it is refused by name.
import { AwsError } from '../wire/errors.ts';

type Points = ReadonlyMap<number, number>;
type Value = number | Points;

/** @throws AwsError ValidationError for what is not arithmetic over known ids */
export function evaluate(expression: string, known: ReadonlyMap<string, Points>): Points {
  const parser = new Parser(expression, known);
  const value = parser.sum();
  parser.end();
  if (typeof value === 'number') throw refuse(expression, 'it has no metric in it');
  return value;
}

class Parser {
  readonly #expression: string;
  readonly #known: ReadonlyMap<string, Points>;
  readonly #tokens: string[];

  constructor(expression: string, known: ReadonlyMap<string, Points>) {
    this.#expression = expression;
    this.#known = known;
    this.#tokens = expression.match(/\d+(?:\.\d+)?|[A-Za-z_]\w*|\S/g) ?? [];
  }

  sum(): Value {
    let left = this.#product();
    for (let sign = this.#take('+', '-'); sign !== undefined; sign = this.#take('+', '-')) {
      const minus = sign === '-';
      left = combine(left, this.#product(), (a, b) => (minus ? a - b : a + b));
    }
    return left;
  }

  end(): void {
    if (this.#tokens.length > 0) throw refuse(this.#expression, `"${this.#tokens[0]}" is not served`);
  }

  #product(): Value {
    let left = this.#factor();
    for (let sign = this.#take('*', '/'); sign !== undefined; sign = this.#take('*', '/')) {
      const divides = sign === '/';
      left = combine(left, this.#factor(), (a, b) => (divides ? a / b : a * b));
    }
    return left;
  }

  #factor(): Value {
    const token = this.#tokens.shift();
    if (token === undefined) throw refuse(this.#expression, 'it ends too early');
    if (/^\d/.test(token)) return Number(token);
    if (token === '-') return combine(0, this.#factor(), (a, b) => a - b);
    if (token === '(') {
      const value = this.sum();
      if (this.#take(')') === undefined) throw refuse(this.#expression, 'a bracket is not closed');
      return value;
    }
    const points = this.#known.get(token);
    if (points === undefined) throw refuse(this.#expression, `"${token}" is not served and is no id`);
    return points;
  }

  #take(...signs: string[]): string | undefined {
    return signs.includes(this.#tokens[0] ?? '') ? this.#tokens.shift() : undefined;
  }
}

/** Time by time where both have a value; a number goes with every time. */
function combine(left: Value, right: Value, apply: (a: number, b: number) => number): Value {
  if (typeof left === 'number' && typeof right === 'number') return apply(left, right);
  const times = typeof left === 'number' ? (right as Points).keys() : left.keys();
  const at = (value: Value, time: number) => (typeof value === 'number' ? value : value.get(time));
  const out = new Map<number, number>();
  for (const time of times) {
    const a = at(left, time);
    const b = at(right, time);
    if (a === undefined || b === undefined) continue;
    const value = apply(a, b);
    if (Number.isFinite(value)) out.set(time, value);
  }
  return out;
}

function refuse(expression: string, reason: string): AwsError {
  return new AwsError('ValidationError', `Error in expression '${expression}': ${reason}.`);
}

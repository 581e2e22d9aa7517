// Selectors of filter patterns over JSON messages: `{ $.a.b[0] = "x*" && ($.n >= 5 || $.c IS NULL) }`.
// A message that is not JSON never matches.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
import { compileExpression, type EventFilter, invalidPattern } from './filter-pattern.ts';

type Condition = (value: unknown) => boolean;
type Selector = (value: unknown) => unknown;

const TOKEN =
  /\s*(?:(&&|\|\||[(){}])|(NOT\s+EXISTS|IS\s+(?:NULL|TRUE|FALSE))|(!=|<=|>=|=|<|>)|(\$(?:\.[\w-]+|\[\d+\]|\["[^"]+"\]|\['[^']+'\])*)|"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s(){}&|=<>!"]+))/iy;

interface Token {
  readonly kind: 'mark' | 'unary' | 'operator' | 'path' | 'quoted' | 'expression' | 'bare';
  readonly text: string;
}

/** @throws AwsError InvalidParameterException */
export function parseSelector(text: string): EventFilter {
  const tokens = readTokens(text);
  const condition = new SelectorParser(tokens).parse();
  return (message) => {
    if (!message.includes('{') && !message.includes('[')) return false;
    try {
      return condition(JSON.parse(message));
    } catch {
      return false;
    }
  };
}

const KINDS: readonly Token['kind'][] = ['mark', 'unary', 'operator', 'path', 'quoted', 'expression', 'bare'];

function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw invalidPattern(`unexpected character at ${at + 1}`);
    const group = match.findIndex((part, index) => index > 0 && part !== undefined);
    tokens.push({ kind: KINDS[group - 1]!, text: match[group]! });
  }
  return tokens;
}

/** `||` binds weaker than `&&`. */
class SelectorParser {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  parse(): Condition {
    this.expect('{');
    const condition = this.either();
    this.expect('}');
    if (this.at < this.tokens.length) throw invalidPattern(`unexpected ${this.tokens[this.at]!.text}`);
    return condition;
  }

  private either(): Condition {
    const parts = [this.both()];
    while (this.accept('||')) parts.push(this.both());
    return parts.length === 1 ? parts[0]! : (value) => parts.some((part) => part(value));
  }

  private both(): Condition {
    const parts = [this.single()];
    while (this.accept('&&')) parts.push(this.single());
    return parts.length === 1 ? parts[0]! : (value) => parts.every((part) => part(value));
  }

  private single(): Condition {
    if (!this.accept('(')) return this.comparison();
    const inner = this.either();
    this.expect(')');
    return inner;
  }

  private comparison(): Condition {
    const select = pathReader(this.next('path').text);
    const token = this.tokens[this.at++];
    if (token?.kind === 'unary') return unary(select, token.text);
    if (token?.kind !== 'operator') throw invalidPattern('a comparison needs an operator');
    const operand = this.tokens[this.at++];
    if (operand === undefined || !['quoted', 'expression', 'bare'].includes(operand.kind))
      throw invalidPattern('a comparison needs a value');
    return compare(select, token.text, operand);
  }

  private next(kind: Token['kind']): Token {
    const token = this.tokens[this.at++];
    if (token?.kind !== kind) throw invalidPattern(`expected a ${kind}`);
    return token;
  }

  private accept(mark: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'mark' || token.text !== mark) return false;
    this.at++;
    return true;
  }

  private expect(mark: string): void {
    if (!this.accept(mark)) throw invalidPattern(`expected ${mark}`);
  }
}

const ABSENT = Symbol('absent');

function pathReader(path: string): Selector {
  const steps = [...path.matchAll(/\.([\w-]+)|\[(\d+)\]|\["([^"]+)"\]|\['([^']+)'\]/g)].map(
    ([, member, index, double, single]) => member ?? index ?? double ?? single ?? '',
  );
  return (value) => {
    let found: unknown = value;
    for (const step of steps) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return ABSENT;
      found = (found as Record<string, unknown>)[step];
    }
    return found;
  };
}

function unary(select: Selector, text: string): Condition {
  const word = text.toUpperCase().replace(/\s+/, ' ');
  if (word === 'NOT EXISTS') return (value) => select(value) === ABSENT;
  const wanted = word === 'IS NULL' ? null : word === 'IS TRUE';
  return (value) => select(value) === wanted;
}

function compare(select: Selector, operator: string, operand: Token): Condition {
  if (operator === '=') return equality(select, operand);
  if (operator === '!=') {
    const isEqual = equality(select, operand);
    return (value) => select(value) !== ABSENT && !isEqual(value);
  }
  const bound = Number(operand.text);
  if (operand.kind !== 'bare' || Number.isNaN(bound)) throw invalidPattern(`${operator} needs a number`);
  const holds = ORDERINGS[operator]!;
  return (value) => {
    const found = select(value);
    return typeof found === 'number' && holds(found, bound);
  };
}

const ORDERINGS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function equality(select: Selector, { kind, text }: Token): Condition {
  const number = kind === 'bare' ? Number(text) : Number.NaN;
  const expression = kind === 'expression' ? compileExpression(text) : wildcard(text.replace(/\\(.)/g, '$1'));
  return (value) => {
    const found = select(value);
    if (typeof found === 'number') return found === number;
    return typeof found === 'string' && expression.test(found);
  };
}

/** `*` stands for any text. */
function wildcard(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`);
}

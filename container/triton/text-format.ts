// Protocol Buffers' text format (https://protobuf.dev/reference/protobuf/textformat-spec/), as `config.pbtxt` is
// written in: fields with a value, a message in `{}` or `<>`, or a list of either in `[]`; comments; strings in pieces.
// The reader keeps every value of a field, in order; what the fields mean is told in `config.ts`.

export interface TextMessage {
  readonly fields: ReadonlyMap<string, readonly TextValue[]>;
}

export type TextValue = TextMessage | TextScalar;

export interface TextScalar {
  /** A string's content, or a number, boolean or enum as written. */
  readonly text: string;
  readonly isString: boolean;
}

/** @throws SyntaxError with line and column */
export function parseTextFormat(source: string): TextMessage {
  const tokens = tokenize(source);
  const reader: Reader = { tokens, at: 0 };
  const message = readFields(reader, undefined);
  return message;
}

interface Token {
  readonly kind: 'word' | 'string' | 'symbol' | 'end';
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

interface Reader {
  readonly tokens: readonly Token[];
  at: number;
}

const TOKEN = /\s+|#[^\n]*|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|([\w.+-]+)|([{}<>[\]:;,])/gy;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  let offset = 0;
  TOKEN.lastIndex = 0;
  while (offset < source.length) {
    const place = { line, column: offset - lineStart + 1 };
    const match = TOKEN.exec(source);
    if (match === null) throw syntaxError(`"${source[offset]}" is out of place`, place);
    const [text, quoted, word, symbol] = match;
    if (quoted !== undefined) tokens.push({ kind: 'string', text: unquote(quoted), ...place });
    if (word !== undefined) tokens.push({ kind: 'word', text: word, ...place });
    if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, ...place });
    const newlines = text.split('\n').length - 1;
    if (newlines > 0) lineStart = offset + text.lastIndexOf('\n') + 1;
    line += newlines;
    offset = TOKEN.lastIndex;
  }
  tokens.push({ kind: 'end', text: 'the end', line, column: offset - lineStart + 1 });
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** Escapes name bytes; the bytes together are UTF-8. */
function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (!inner.includes('\\')) return inner;
  const bytes: number[] = [];
  for (const [, octal, hex, short, plain] of inner.matchAll(
    /\\([0-7]{1,3})|\\[xX]([\da-fA-F]{1,2})|\\(.)|([^\\]+)/gsu,
  )) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 255);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else bytes.push(...Buffer.from(plain ?? ESCAPES[short!] ?? short!));
  }
  return Buffer.from(bytes).toString('utf8');
}

function readFields(reader: Reader, closing: string | undefined): TextMessage {
  const fields = new Map<string, TextValue[]>();
  for (;;) {
    const token = next(reader);
    if (token.kind === 'symbol' && token.text === closing) return { fields };
    if (token.kind === 'end' && closing === undefined) return { fields };
    if (token.kind !== 'word') throw syntaxError(`expected a field's name, got ${describe(token)}`, token);
    const values = readValues(reader);
    fields.set(token.text, [...(fields.get(token.text) ?? []), ...values]);
    if (isSymbol(peek(reader), ',') || isSymbol(peek(reader), ';')) next(reader);
  }
}

/** What follows a field's name: `: value`, `{…}`, or `[…]` of either. */
function readValues(reader: Reader): TextValue[] {
  const hasColon = isSymbol(peek(reader), ':');
  if (hasColon) next(reader);
  const token = peek(reader);
  if (isSymbol(token, '[')) return readList(reader);
  if (isSymbol(token, '{') || isSymbol(token, '<')) return [readMessage(reader)];
  if (!hasColon) throw syntaxError(`expected ":" or "{", got ${describe(token)}`, token);
  return [readScalar(reader)];
}

function readList(reader: Reader): TextValue[] {
  next(reader);
  const values: TextValue[] = [];
  while (!isSymbol(peek(reader), ']')) {
    const token = peek(reader);
    values.push(isSymbol(token, '{') || isSymbol(token, '<') ? readMessage(reader) : readScalar(reader));
    if (isSymbol(peek(reader), ',')) next(reader);
    else if (!isSymbol(peek(reader), ']')) {
      throw syntaxError(`expected "," or "]", got ${describe(peek(reader))}`, peek(reader));
    }
  }
  next(reader);
  return values;
}

function readMessage(reader: Reader): TextMessage {
  return readFields(reader, next(reader).text === '{' ? '}' : '>');
}

function readScalar(reader: Reader): TextScalar {
  const token = next(reader);
  if (token.kind === 'word') return { text: token.text, isString: false };
  if (token.kind !== 'string') throw syntaxError(`expected a value, got ${describe(token)}`, token);
  let { text } = token;
  while (peek(reader).kind === 'string') text += next(reader).text;
  return { text, isString: true };
}

function peek({ tokens, at }: Reader): Token {
  return tokens[at]!;
}

function next(reader: Reader): Token {
  const token = peek(reader);
  if (token.kind !== 'end') reader.at++;
  return token;
}

function isSymbol({ kind, text }: Token, symbol: string): boolean {
  return kind === 'symbol' && text === symbol;
}

function describe({ kind, text }: Token): string {
  return kind === 'end' ? text : `"${text}"`;
}

function syntaxError(message: string, { line, column }: Pick<Token, 'line' | 'column'>): SyntaxError {
  return new SyntaxError(`line ${line}, column ${column}: ${message}`);
}

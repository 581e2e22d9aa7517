// What is wrong with JSON text, in the sentences of Jackson, the parser that AWS uses.
import { parseJson } from './text.ts';

/** @returns undefined when the text is JSON */
export function jacksonError(text: string): string | undefined {
  try {
    parseJson(text);
    return undefined;
  } catch {
    return describe(text);
  }
}

function describe(text: string): string {
  const start = text.trimStart();
  if (start === '') return 'Invalid execution input.';
  const at = firstError(start);
  const token = /^[A-Za-z_$][\w$]*/.exec(start.slice(at))?.[0];
  if (token !== undefined) {
    return `Unrecognized token '${token}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`;
  }
  const character = start.charAt(at);
  if (character === '') return 'Unexpected end-of-input';
  const expected = expects(start.slice(0, at));
  return `Unexpected character ('${character}' (code ${character.charCodeAt(0)})): ${expected}`;
}

function expects(before: string): string {
  const last = before.trimEnd().at(-1);
  if (last === '{' || (last === ',' && insideObject(before)))
    return 'was expecting double-quote to start field name';
  if (last === undefined || last === ':' || last === '[' || last === ',') {
    return "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
  }
  return insideObject(before)
    ? 'was expecting comma to separate Object entries'
    : 'was expecting comma to separate Array entries';
}

function insideObject(before: string): boolean {
  return before.lastIndexOf('{') > before.lastIndexOf('[');
}

/** Where JavaScript's parser stops. */
function firstError(text: string): number {
  try {
    JSON.parse(text);
    return text.length;
  } catch (thrown) {
    const position = /position (\d+)/.exec(String(thrown))?.[1];
    return position === undefined ? shortError(text) : Number(position);
  }
}

/** The parser's message has no position when it quotes the text. */
function shortError(text: string): number {
  for (let length = 1; length <= text.length; length += 1) {
    if (!isPrefix(text.slice(0, length))) return length - 1;
  }
  return text.length;
}

function isPrefix(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (thrown) {
    return (
      /end of JSON|Unterminated|Expected .* at position|after/.test(String(thrown)) &&
      !/Unexpected token/.test(String(thrown))
    );
  }
}

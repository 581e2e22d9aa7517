// What is wrong with JSON text, in the sentences of Jackson, the parser that AWS uses.
import { parseJson } from './text.ts';

/** @returns undefined when the text is JSON */
export function jacksonError(text: string): string | undefined {
  try {
    parseJson(text);
    return undefined;
  } catch {
    return text.trim() === '' ? 'Invalid execution input.' : new Scanner(text).problem();
  }
}

const VALUE = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

class Problem extends Error {}

/** Goes through the text as Jackson does, up to the first thing that it would refuse. */
class Scanner {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  problem(): string {
    try {
      this.value();
      this.space();
      if (this.at < this.text.length) this.value();
      return 'Unexpected end-of-input';
    } catch (thrown) {
      if (thrown instanceof Problem) return thrown.message;
      throw thrown;
    }
  }

  private value(): void {
    this.space();
    const next = this.peek();
    if (next === '{') this.object();
    else if (next === '[') this.array();
    else if (next === '"') this.string();
    else if (/[-\d]/.test(next)) this.number();
    else this.word();
  }

  private object(): void {
    this.at += 1;
    this.space();
    if (this.take('}')) return;
    do {
      this.space();
      if (this.peek() !== '"') throw this.unexpected('was expecting double-quote to start field name');
      this.string();
      this.space();
      if (!this.take(':')) throw this.unexpected('was expecting a colon to separate field name and value');
      this.value();
      this.space();
    } while (this.take(','));
    if (!this.take('}')) throw this.unexpected('was expecting comma to separate Object entries');
  }

  private array(): void {
    this.at += 1;
    this.space();
    if (this.take(']')) return;
    do {
      this.value();
      this.space();
    } while (this.take(','));
    if (!this.take(']')) throw this.unexpected('was expecting comma to separate Array entries');
  }

  private string(): void {
    for (this.at += 1; this.at < this.text.length; this.at += 1) {
      const character = this.peek();
      if (character === '\\') this.at += 1;
      else if (character === '"') {
        this.at += 1;
        return;
      } else if (character < ' ') {
        const code = character.charCodeAt(0);
        throw new Problem(
          `Illegal unquoted character ((CTRL-CHAR, code ${code})): has to be escaped using backslash to be included in string value`,
        );
      }
    }
    throw new Problem('Unexpected end-of-input: was expecting closing quote for a string value');
  }

  private number(): void {
    const match = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(this.text.slice(this.at));
    if (match === null) {
      this.at += 1;
      throw this.unexpected('expected digit (0-9) to follow minus sign, for valid numeric value');
    }
    this.at += match[0].length;
  }

  private word(): void {
    const word = /^[\p{L}\p{N}_$]+/u.exec(this.text.slice(this.at))?.[0];
    if (word === undefined) throw this.unexpected(`expected a valid value ${VALUE}`);
    if (word !== 'null' && word !== 'true' && word !== 'false') {
      throw new Problem(`Unrecognized token '${word}': was expecting ${VALUE}`);
    }
    this.at += word.length;
  }

  private unexpected(expected: string): Problem {
    const character = this.peek();
    if (character === '') return new Problem('Unexpected end-of-input');
    return new Problem(
      `Unexpected character ('${character}' (code ${character.charCodeAt(0)})): ${expected}`,
    );
  }

  private peek(): string {
    return this.text.charAt(this.at);
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at += 1;
    return true;
  }

  private space(): void {
    while (/\s/.test(this.peek())) this.at += 1;
  }
}

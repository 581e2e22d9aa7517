// A cursor over text, shared by the readers of JSONPath and of intrinsic functions.

export class TextSyntaxError extends Error {}

export class Reader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  peek(): string {
    return this.text.charAt(this.at);
  }

  rest(): string {
    return this.text.slice(this.at);
  }

  atEnd(): boolean {
    return this.at >= this.text.length;
  }

  take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at += 1;
    return true;
  }

  takeText(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  takeWhile(holds: (character: string) => boolean): string {
    const from = this.at;
    while (this.at < this.text.length && holds(this.peek())) this.at += 1;
    return this.text.slice(from, this.at);
  }

  skipSpace(): void {
    this.takeWhile((character) => character === ' ' || character === '\t' || character === '\n');
  }

  /** @throws TextSyntaxError */
  expect(character: string): void {
    if (!this.take(character)) throw new TextSyntaxError(`Expected '${character}' at '${this.rest()}'`);
  }

  /** A string in single or double quotes, with backslash escapes. @throws TextSyntaxError */
  quoted(): string {
    const quote = this.peek();
    this.at += 1;
    let value = '';
    while (!this.atEnd()) {
      const character = this.peek();
      this.at += 1;
      if (character === quote) return value;
      if (character !== '\\') value += character;
      else {
        value += this.peek();
        this.at += 1;
      }
    }
    throw new TextSyntaxError(`A string is not closed: ${this.text}`);
  }
}

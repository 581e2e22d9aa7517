// Text that comes in thousands of pieces and leaves as bytes: encoded a few kilobytes at a time, so that the pieces die
// young. Kept until the end they would be copied by every collection of garbage in between.

const FLUSH_CHARACTERS = 32_768;

export class TextBuffer {
  #text = '';
  readonly #done: Buffer[] = [];

  add(piece: string): void {
    this.#text += piece;
    if (this.#text.length >= FLUSH_CHARACTERS) this.#flush();
  }

  /** All of it; more may not be added. */
  bytes(): Buffer {
    this.#flush();
    return this.#done.length === 1 ? this.#done[0]! : Buffer.concat(this.#done);
  }

  #flush(): void {
    this.#done.push(Buffer.from(this.#text));
    this.#text = '';
  }
}

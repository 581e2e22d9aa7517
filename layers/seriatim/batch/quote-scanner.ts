// Finds the end of one CSV record whose cells may be quoted, block by block, holding nothing but where it is. A quoted cell
// ends with a quote before a delimiter or an end of line (blanks may stand between); two quotes are one within it. A quote
// before anything else, or none to the end of the file, says that nobody closed the cell: its record then ends with the
// line in which the cell begins. Places are counted from the record's first byte. Pure.

const [TAB, LF, CR, SPACE, QUOTE] = [9, 10, 13, 32, 34];

type State = 'cell start' | 'plain' | 'quoted' | 'quote in quoted' | 'closed' | 'unclosed';

export class QuoteScanner {
  readonly #delimiter: number;
  #state: State = 'cell start';
  #scanned = 0;
  /** The first line feed within the cell that is, or was last, quoted. */
  #lineEnd: number | undefined;
  #end: number | undefined;

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  /** The line feed that ends the record; undefined as long as the bytes so far do not tell. */
  get end(): number | undefined {
    return this.#end;
  }

  /** The same when no bytes follow; undefined when the record goes on to the end. */
  get endAtLast(): number | undefined {
    return this.#end ?? (this.#state === 'quoted' ? this.#lineEnd : undefined);
  }

  get isOpen(): boolean {
    return this.#state === 'quoted';
  }

  /** Once `end` is known nothing more may be scanned. */
  scan(bytes: Buffer, from = 0): void {
    const base = this.#scanned - from;
    for (let at = from; at < bytes.length && this.#end === undefined; at++) {
      if (this.#state === 'quoted') {
        const quote = bytes.indexOf(QUOTE, at);
        this.#noteLineEnd(bytes, at, { quote, base });
        if (quote < 0) break;
        at = quote;
        this.#state = 'quote in quoted';
      } else if (bytes[at] === LF) this.#end = base + at;
      else this.#step(bytes[at]!);
    }
    this.#scanned = base + bytes.length;
  }

  #noteLineEnd(bytes: Buffer, at: number, { quote, base }: { quote: number; base: number }): void {
    if (this.#lineEnd !== undefined) return;
    const found = bytes.indexOf(LF, at);
    if (found >= 0 && (quote < 0 || found < quote)) this.#lineEnd = base + found;
  }

  #step(byte: number): void {
    if (this.#state === 'unclosed') return;
    if (byte === this.#delimiter) this.#state = 'cell start';
    else if (this.#state === 'cell start') this.#beginCell(byte);
    else if (this.#state === 'quote in quoted' && byte === QUOTE) this.#state = 'quoted';
    else if (this.#state !== 'plain') this.#behindQuote(byte);
  }

  #beginCell(byte: number): void {
    this.#state = byte === QUOTE ? 'quoted' : 'plain';
    if (byte === QUOTE) this.#lineEnd = undefined;
  }

  #behindQuote(byte: number): void {
    this.#state = 'closed';
    if (byte === SPACE || byte === TAB || byte === CR) return;
    this.#end = this.#lineEnd;
    this.#state = 'unclosed';
  }
}

// The elements of a JSON array, as their bytes come, one line each: only brackets and strings are understood, so an
// element that is broken within itself costs that one record. Pure but for the stream.
import { InvalidPayload } from '../../layers/seriatim/index.ts';

/** An element that goes on for longer is a bracket that nobody closed. */
const MAX_ELEMENT_BYTES = 64 * 1024 * 1024;

const [TAB, LF, CR, SPACE, QUOTE, COMMA, BACKSLASH] = [9, 10, 13, 32, 34, 44, 92];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

type Phase = 'before' | 'within' | 'after';

/** @throws InvalidPayload with the position where the array breaks off */
export async function* elementLines(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const scanner = new Scanner();
  for await (const block of blocks) yield* scanner.scan(block);
  scanner.end();
}

class Scanner {
  #phase: Phase = 'before';
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #hasText = false;
  #count = 0;
  #at = 0;

  scan(block: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let from = 0;
    for (let i = 0; i < block.length; i++) {
      const byte = block[i]!;
      if (this.#phase !== 'within') {
        this.#outside(byte, i);
        from = i + 1;
      } else if (this.#isInString) this.#string(byte);
      else if (this.#depth === 0 && (byte === COMMA || byte === CLOSE_LIST)) {
        this.#element(block.subarray(from, i), byte, lines);
        from = i + 1;
      } else this.#structure(byte, i);
    }
    if (this.#phase === 'within' && from < block.length) this.#keep(block.subarray(from));
    this.#at += block.length;
    return lines;
  }

  end(): void {
    if (this.#phase === 'after') return;
    throw new InvalidPayload(
      this.#phase === 'before'
        ? 'The file is no JSON array: it holds nothing but blanks.'
        : `The JSON array is not closed: the file ends after ${this.#at} bytes, within the record at position ${this.#count}.`,
    );
  }

  #outside(byte: number, i: number): void {
    if (byte === SPACE || byte === TAB || byte === LF || byte === CR) return;
    if (this.#phase === 'before' && byte === OPEN_LIST) {
      this.#phase = 'within';
      return;
    }
    const where = `byte ${this.#at + i}`;
    throw new InvalidPayload(
      this.#phase === 'before'
        ? `The file is no JSON array: ${where} is ${JSON.stringify(String.fromCharCode(byte))}.`
        : `Something follows the JSON array at ${where}, after ${this.#count} records.`,
    );
  }

  #string(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInString = false;
  }

  #structure(byte: number, i: number): void {
    if (byte === QUOTE) this.#isInString = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#depth++;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) this.#depth--;
    if (this.#depth < 0)
      throw new InvalidPayload(
        `A bracket is closed at byte ${this.#at + i} that was not opened, after ${this.#count} records.`,
      );
    this.#hasText ||= byte > SPACE;
  }

  #element(last: Buffer, byte: number, lines: Buffer[]): void {
    this.#keep(last);
    if (this.#hasText || byte === COMMA) {
      this.#count++;
      lines.push(asLine(Buffer.concat(this.#pieces)));
    }
    if (byte === CLOSE_LIST) this.#phase = 'after';
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#hasText = false;
  }

  #keep(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes <= MAX_ELEMENT_BYTES) return;
    throw new InvalidPayload(
      `The record at position ${this.#count} does not end within ${MAX_ELEMENT_BYTES} bytes.`,
    );
  }
}

/** Line breaks stand only between tokens in JSON. An element without text is kept as a blank that is no JSON. */
function asLine(element: Buffer): Buffer {
  const line = Buffer.alloc(element.length + 1);
  element.copy(line);
  for (let i = 0; i < element.length; i++) if (line[i] === LF || line[i] === CR) line[i] = SPACE;
  line[element.length] = LF;
  return element.length === 0 ? Buffer.from(' \n') : line;
}

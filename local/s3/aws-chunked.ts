// The `aws-chunked` content coding, signed and unsigned, with trailers: what the SDKs send when a body is streamed.
// Takes the framing off; chunk signatures are not checked, because loopback callers need no credentials.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
import { AwsError } from '../wire/errors.ts';

/** Chunk headers and trailers are short; a longer line is not this coding. */
const MAX_LINE_BYTES = 16 * 1024;
const CR = 0x0d;
const LF = 0x0a;

type Expecting = 'size' | 'data' | 'data end' | 'trailer' | 'nothing';

export class AwsChunkedDecoder {
  /** By lower-case name; complete once `finish` has returned. */
  readonly trailers = new Map<string, string>();
  #expecting: Expecting = 'size';
  #leftBytes = 0;
  #line: Buffer[] = [];
  #lineBytes = 0;

  /**
   * The payload in these bytes, as views of them.
   * @throws AwsError InvalidRequest (400) where the framing is broken
   */
  *push(bytes: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < bytes.length) {
      if (this.#expecting === 'nothing') throw malformed('there are bytes after its last chunk');
      if (this.#expecting !== 'data') {
        at = this.#readLine(bytes, at);
        continue;
      }
      const end = Math.min(bytes.length, at + this.#leftBytes);
      yield bytes.subarray(at, end);
      this.#leftBytes -= end - at;
      at = end;
      if (this.#leftBytes === 0) this.#expecting = 'data end';
    }
  }

  /** @throws AwsError IncompleteBody (400) when the last chunk has not come */
  finish(): void {
    // Some clients leave out the empty line after the last chunk or trailer.
    if (this.#expecting === 'nothing' || (this.#expecting === 'trailer' && this.#lineBytes === 0)) return;
    throw new AwsError('IncompleteBody', 'The request body ended before its last chunk.');
  }

  #readLine(bytes: Buffer, from: number): number {
    const newline = bytes.indexOf(LF, from);
    const end = newline === -1 ? bytes.length : newline + 1;
    this.#lineBytes += end - from;
    if (this.#lineBytes > MAX_LINE_BYTES) throw malformed('a line of it is too long');
    this.#line.push(bytes.subarray(from, end));
    if (newline !== -1) {
      const line = Buffer.concat(this.#line, this.#lineBytes);
      this.#line = [];
      this.#lineBytes = 0;
      this.#take(line.subarray(0, line.at(-2) === CR ? -2 : -1).toString('latin1'));
    }
    return end;
  }

  #take(line: string): void {
    if (this.#expecting === 'size') this.#takeSize(line);
    else if (this.#expecting === 'trailer') this.#takeTrailer(line);
    else if (line === '') this.#expecting = 'size';
    else throw malformed('a chunk is longer than it says');
  }

  #takeSize(line: string): void {
    const size = line.split(';', 1)[0]!;
    if (!/^[0-9a-fA-F]{1,12}$/.test(size)) throw malformed('a chunk has no size');
    this.#leftBytes = Number.parseInt(size, 16);
    this.#expecting = this.#leftBytes === 0 ? 'trailer' : 'data';
  }

  #takeTrailer(line: string): void {
    if (line === '') {
      this.#expecting = 'nothing';
      return;
    }
    const colon = line.indexOf(':');
    if (colon < 1) throw malformed('a trailer has no name');
    this.trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

function malformed(why: string): AwsError {
  return new AwsError('InvalidRequest', `The aws-chunked body is malformed: ${why}.`);
}

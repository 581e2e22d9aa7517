// Reads HTTP/1.1 answers off a connection, piece by piece as they come (RFC 9112). Only what hosting asks of a container
// is read: status, framing and the few headers that SageMaker passes on. An answer that comes whole in one read is one
// pass over its bytes.

/** An answer's beginning, with the headers that SageMaker reads. */
export interface ResponseHead {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly customAttributes: string | undefined;
  readonly newSessionId: string | undefined;
  readonly closedSessionId: string | undefined;
  /** Bytes of body to come, where the answer says so. */
  readonly length: number | undefined;
  /** How long the container keeps an idle connection, where it says so (`Keep-Alive: timeout=5`). */
  readonly idleMs: number | undefined;
}

/** Hears of one answer; the pieces are only lent, and must be copied by who keeps them. */
export interface ResponseListener {
  onHead(head: ResponseHead): void;
  onBody(piece: Buffer): void;
  onEnd(): void;
}

/** The bytes are no HTTP answer. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse';
}

type State = 'head' | 'body' | 'until-close' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers';

const HEAD_LIMIT_BYTES = 64 * 1024;
/** Of a chunk's size with its extensions, and of a line of trailers. */
const LINE_LIMIT_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

export class ResponseReader {
  /** Whether the connection may carry another exchange after this answer. */
  isKept = false;
  /** Whether the answer is whole. */
  hasEnded = false;
  #endedAt = 0;
  /** Up to where what came last was read. */
  #rest = 0;
  #state: State = 'head';
  #left = 0;
  /** Bytes of a head or line that is not whole yet. */
  #partial: Buffer = NOTHING;

  /** Makes ready for the answer of the next exchange. */
  begin(): void {
    this.hasEnded = false;
  }

  /**
   * Takes what has come.
   * @returns how many bytes belong to the answer: fewer than there are once it has ended
   * @throws MalformedResponse
   */
  push(bytes: Buffer, listener: ResponseListener): number {
    const earlier = this.#partial.length;
    const all = earlier === 0 ? bytes : Buffer.concat([this.#partial, bytes]);
    this.#partial = NOTHING;
    let at = 0;
    for (;;) {
      const next = this.#step(all, at, listener);
      if (next === ENDED) return this.#endedAt - earlier;
      if (next === WANTS_MORE) {
        // The bytes are lent: what is not read yet is kept as a copy.
        if (this.#rest < all.length) this.#partial = Buffer.from(all.subarray(this.#rest));
        return bytes.length;
      }
      at = next;
    }
  }

  /**
   * The connection has ended.
   * @returns whether the answer is whole by that
   */
  finish(listener: ResponseListener): boolean {
    if (this.#state !== 'until-close') return false;
    this.#end(0, listener);
    return true;
  }

  /** @returns where to go on, or that the answer has ended or needs more bytes */
  #step(bytes: Buffer, at: number, listener: ResponseListener): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, at, listener);
      case 'body':
      case 'chunk':
        return this.#readBody(bytes, at, listener);
      case 'until-close':
        if (at < bytes.length) listener.onBody(at === 0 ? bytes : bytes.subarray(at));
        return this.#wait(bytes.length);
      default:
        return this.#readLine(bytes, at, listener);
    }
  }

  #readHead(bytes: Buffer, at: number, listener: ResponseListener): number {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if (end - at > HEAD_LIMIT_BYTES || (end < 0 && bytes.length - at > HEAD_LIMIT_BYTES))
      throw new MalformedResponse('The head of the answer is too long.');
    if (end < 0) return this.#wait(at);
    const head = parseHead(bytes.toString('latin1', at, end));
    const next = end + 4;
    // 100 Continue and its like come before the answer.
    if (head.status < 200) return next;
    this.isKept = head.isKept;
    listener.onHead(head);
    if (head.status === 204 || head.status === 304 || head.length === 0) return this.#end(next, listener);
    this.#left = head.length ?? 0;
    this.#state = head.isChunked ? 'chunk-size' : head.length === undefined ? 'until-close' : 'body';
    return next;
  }

  #readBody(bytes: Buffer, at: number, listener: ResponseListener): number {
    const available = bytes.length - at;
    if (available === 0) return this.#wait(at);
    const taken = Math.min(available, this.#left);
    listener.onBody(bytes.subarray(at, at + taken));
    this.#left -= taken;
    if (this.#left > 0) return this.#wait(bytes.length);
    if (this.#state === 'body') return this.#end(at + taken, listener);
    this.#state = 'chunk-end';
    return at + taken;
  }

  #readLine(bytes: Buffer, at: number, listener: ResponseListener): number {
    const end = bytes.indexOf('\r\n', at, 'latin1');
    if (end < 0) {
      if (bytes.length - at > LINE_LIMIT_BYTES)
        throw new MalformedResponse('A line of the answer is too long.');
      return this.#wait(at);
    }
    const line = bytes.toString('latin1', at, end);
    if (this.#state === 'trailers') {
      if (line === '') return this.#end(end + 2, listener);
    } else if (this.#state === 'chunk-end') {
      if (line !== '') throw new MalformedResponse('A chunk of the answer is longer than it says.');
      this.#state = 'chunk-size';
    } else {
      this.#left = chunkSize(line);
      this.#state = this.#left === 0 ? 'trailers' : 'chunk';
    }
    return end + 2;
  }

  #wait(rest: number): number {
    this.#rest = rest;
    return WANTS_MORE;
  }

  #end(at: number, listener: ResponseListener): number {
    this.#state = 'head';
    this.hasEnded = true;
    this.#endedAt = at;
    listener.onEnd();
    return ENDED;
  }
}

const WANTS_MORE = -1;
const ENDED = -2;

function chunkSize(line: string): number {
  const digits = line.split(';', 1)[0]!.trim();
  if (!/^[0-9a-f]{1,12}$/i.test(digits)) throw new MalformedResponse('A chunk of the answer has no size.');
  return Number.parseInt(digits, 16);
}

/** Headers as they are gathered. */
interface MutableHead {
  status: number;
  contentType: string | undefined;
  customAttributes: string | undefined;
  newSessionId: string | undefined;
  closedSessionId: string | undefined;
  length: number | undefined;
  idleMs: number | undefined;
  isKept: boolean;
  isChunked: boolean;
}

/** @param text status line and headers, without the empty line @throws MalformedResponse */
function parseHead(text: string): MutableHead {
  const firstEnd = text.indexOf('\r\n');
  const head = readStatus(firstEnd < 0 ? text : text.slice(0, firstEnd));
  let at = firstEnd < 0 ? text.length : firstEnd + 2;
  while (at < text.length) {
    const found = text.indexOf('\r\n', at);
    const end = found < 0 ? text.length : found;
    const colon = text.indexOf(':', at);
    if (colon <= at || colon > end) throw new MalformedResponse('A header of the answer has no name.');
    readHeader(head, text.slice(at, colon), text.slice(colon + 1, end));
    at = end + 2;
  }
  // With chunks a length is no length: RFC 9112, 6.3.
  if (head.isChunked) head.length = undefined;
  else if (head.length === undefined) head.isKept &&= head.status === 204 || head.status === 304;
  return head;
}

function readStatus(line: string): MutableHead {
  const status = Number(line.slice(9, 12));
  if (!/^HTTP\/1\.[01] \d{3}( |$)/.test(line) || status < 100 || status === 101)
    throw new MalformedResponse(`The answer does not begin as HTTP/1.1 does: ${line.slice(0, 80)}`);
  return {
    status,
    contentType: undefined,
    customAttributes: undefined,
    newSessionId: undefined,
    closedSessionId: undefined,
    length: undefined,
    idleMs: undefined,
    isKept: line.charCodeAt(7) === 0x31,
    isChunked: false,
  };
}

function readHeader(head: MutableHead, name: string, text: string): void {
  switch (name.toLowerCase()) {
    case 'content-type':
      head.contentType ??= text.trim();
      break;
    case 'content-length':
      head.length = contentLength(text.trim(), head.length);
      break;
    case 'transfer-encoding':
      if (text.trim().toLowerCase() !== 'chunked')
        throw new MalformedResponse(`The answer is encoded as ${text.trim()}, which nobody asked for.`);
      head.isChunked = true;
      break;
    case 'connection':
      if (/\bclose\b/i.test(text)) head.isKept = false;
      else if (/\bkeep-alive\b/i.test(text)) head.isKept = true;
      break;
    case 'keep-alive': {
      const seconds = /\btimeout=(\d{1,9})/i.exec(text)?.[1];
      if (seconds !== undefined) head.idleMs = Number(seconds) * 1000;
      break;
    }
    case 'x-amzn-sagemaker-custom-attributes':
      head.customAttributes ??= text.trim();
      break;
    case 'x-amzn-sagemaker-new-session-id':
      head.newSessionId ??= text.trim();
      break;
    case 'x-amzn-sagemaker-closed-session-id':
      head.closedSessionId ??= text.trim();
      break;
    default:
      if (/[\s\0]/.test(name)) throw new MalformedResponse('A header of the answer has no name.');
  }
}

function contentLength(text: string, before: number | undefined): number {
  const length = Number(text);
  if (!/^\d{1,15}$/.test(text) || (before !== undefined && before !== length))
    throw new MalformedResponse(`The answer's length is ${text}.`);
  return length;
}

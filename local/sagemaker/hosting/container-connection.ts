// One kept connection to a container: it carries one exchange at a time, head and body of a request in one write, and
// tells its pool when it is free again or gone. Reads go into one buffer that all connections share: what is kept of an
// answer is copied out before the next read.
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ResponseListener, ResponseReader } from './http-response.ts';

/** One exchange as its connection sees it. */
export interface ConnectionTask extends ResponseListener {
  /** The request: method to empty line, and the body. */
  readonly head: string;
  readonly body: Uint8Array | string;
  /** The connection was lost before the whole answer was there. */
  onLost(error: Error): void;
}

/** What happens to a connection between exchanges. */
export interface ConnectionOwner {
  /** The exchange is over and the connection may carry another. */
  onFree(connection: ContainerConnection): void;
  /** No exchange will go over it any more. */
  onGone(connection: ContainerConnection): void;
}

/** Shorter bodies are copied behind their head: one write, one piece. */
const COPY_LIMIT_BYTES = 16 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;
const READ_BYTES = 64 * 1024;
/** A read is handed on before the next one begins: one buffer does for every connection. */
const READ_BUFFER = Buffer.allocUnsafeSlow(READ_BYTES);

export class ContainerConnection {
  /** When the container may close it for want of use, on the clock of `performance.now`. */
  idleUntilMs = 0;
  /** Until then nothing that was written has left this machine's own memory. */
  hasConnected = false;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader = new ResponseReader();
  #task: ConnectionTask | undefined;
  #isGone = false;
  #isPaused = false;

  constructor(origin: URL, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#socket = this.#open(origin);
    const cancel = setTimeout(
      () => this.abort(new Error(`no connection to ${origin.host} within ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    );
    this.#socket
      .once('connect', () => {
        this.hasConnected = true;
        clearTimeout(cancel);
      })
      .on('end', () => this.#ended())
      .on('error', (error) => this.abort(error))
      .on('close', () => {
        clearTimeout(cancel);
        this.abort(new Error('the container closed the connection'));
      });
  }

  /** Sends a request; the task hears of the answer. Only while no other is under way. */
  send(task: ConnectionTask): void {
    this.#task = task;
    this.#reader.begin();
    const { head, body } = task;
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    if (length <= COPY_LIMIT_BYTES) {
      this.#socket.write(inOnePiece(head, body, length));
      return;
    }
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    this.#socket.write(body);
    this.#socket.uncork();
  }

  /** Stops reading: who takes the answer is behind. */
  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** Cuts the connection; the exchange under way is lost. */
  abort(error: Error): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const task = this.#task;
    this.#task = undefined;
    this.#socket.destroy();
    this.#owner.onGone(this);
    task?.onLost(error);
  }

  #open({ protocol, hostname, port }: URL): Socket {
    const host = hostname.replace(/^\[|\]$/g, '');
    if (protocol === 'https:') {
      const socket = connectTls({
        host,
        port: Number(port || 443),
        servername: host,
        ALPNProtocols: ['http/1.1'],
      });
      return socket.on('data', (bytes: Buffer) => this.#read(bytes));
    }
    const callback = (bytes: number): boolean => {
      this.#read(READ_BUFFER.subarray(0, bytes));
      return true;
    };
    const onread = { buffer: READ_BUFFER, callback };
    return connect({ host, port: Number(port || 80), noDelay: true, onread });
  }

  #read(bytes: Buffer): void {
    const task = this.#task;
    // A container that speaks without being asked, or goes on after its answer.
    if (task === undefined) {
      this.abort(new Error('the container sent more than its answer'));
      return;
    }
    try {
      const taken = this.#reader.push(bytes, task);
      if (!this.#reader.hasEnded) return;
      this.#complete(taken === bytes.length);
    } catch (thrown) {
      this.abort(thrown as Error);
    }
  }

  /** The answer was whole when the container closed the connection, or it never will be. */
  #ended(): void {
    if (this.#task !== undefined && this.#reader.finish(this.#task)) this.#task = undefined;
    this.abort(new Error('the container closed the connection'));
  }

  #complete(isClean: boolean): void {
    this.#task = undefined;
    // Who took this answer may be behind with it; the next exchange must not wait for that.
    if (this.#isPaused) this.resume();
    // An answer may come before the request was read whole; nothing may follow such a request.
    if (isClean && this.#reader.isKept && this.#socket.writableLength === 0 && !this.#isGone)
      this.#owner.onFree(this);
    else this.abort(new Error('the exchange is over'));
  }
}

function inOnePiece(head: string, body: Uint8Array | string, length: number): Buffer {
  const piece = Buffer.allocUnsafe(head.length + length);
  piece.write(head, 0, 'latin1');
  if (typeof body === 'string') piece.write(body, head.length, 'utf8');
  else piece.set(body, head.length);
  return piece;
}

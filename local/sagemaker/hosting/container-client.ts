// HTTP towards one container, by SageMaker's container contract, over kept connections. The hot path: no URL parsing,
// no header objects, a request in one write, an answer in one read with its body copied once.
import { type ConnectionTask, ContainerConnection } from './container-connection.ts';
import type { Deadline } from './deadline.ts';
import type { ResponseHead } from './http-response.ts';

/** What a container answered, with the headers that SageMaker reads. */
export interface ContainerAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly customAttributes: string | undefined;
  readonly newSessionId: string | undefined;
  readonly closedSessionId: string | undefined;
  readonly body: Buffer;
}

export interface ContainerRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body?: Uint8Array | string;
  /** Takes a successful answer's body piece by piece; the answer then comes when it has ended, with an empty body. */
  readonly sink?: AnswerSink | undefined;
}

/** Where a streamed answer goes. */
export interface AnswerSink {
  /** Once, before the first piece. */
  begin(head: Omit<ContainerAnswer, 'body'>): void;
  /** @returns whether more may come at once; otherwise `resume` is called when it may */
  write(chunk: Buffer, resume: () => void): boolean;
}

/** The connection failed or was cut before the whole answer was there. */
export class ContainerUnreachable extends Error {
  override readonly name = 'ContainerUnreachable';
  /** There never was a connection: no byte of the request can have reached the container. */
  readonly isUndelivered: boolean;

  constructor(message: string, options: { readonly isUndelivered?: boolean; readonly cause?: unknown } = {}) {
    super(message, options);
    this.isUndelivered = options.isUndelivered ?? false;
  }
}

/** The deadline passed before the whole answer was there. */
export class ContainerTimeout extends Error {
  override readonly name = 'ContainerTimeout';
}

/** Idle connections are given up before a container that sends no `Keep-Alive` hint would close them under a call. */
const IDLE_MS = 1_500;
/** So much earlier than a container says that it closes an idle connection, we give it up. */
const IDLE_MARGIN_MS = 1_000;
const MAX_IDLE_MS = 60_000;

export class ContainerClient {
  readonly #origin: URL;
  readonly #limit: number;
  readonly #all = new Set<ContainerConnection>();
  /** The one used last is at the end, and is used next. */
  readonly #idle: ContainerConnection[] = [];
  readonly #waiting = new Set<Exchange>();
  #isDestroyed = false;

  /**
   * @param origin such as `http://127.0.0.1:8080`
   * @param limit the most connections at once; further exchanges wait for one
   */
  constructor(origin: string, limit: number) {
    this.#origin = new URL(origin);
    this.#limit = limit;
  }

  /** @throws ContainerUnreachable, ContainerTimeout */
  exchange(request: ContainerRequest, deadline: Deadline): Promise<ContainerAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#isDestroyed) {
        reject(new ContainerUnreachable('The container is not running any more.', { isUndelivered: true }));
        return;
      }
      const head = requestHead(request, this.#origin.host);
      const exchange = new Exchange(head, request, { deadline, resolve, reject });
      deadline.guard(() => this.#expire(exchange));
      if (!exchange.isOver) this.#begin(exchange);
    });
  }

  /** Cuts every connection; calls under way fail. */
  destroy(): void {
    this.#isDestroyed = true;
    const lost = new Error('the container was stopped');
    for (const exchange of this.#waiting) exchange.onLost(lost);
    this.#waiting.clear();
    for (const connection of this.#all) connection.abort(lost);
  }

  /** For connections: the exchange is over. */
  onFree(connection: ContainerConnection): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next.send(connection);
      return;
    }
    this.#idle.push(connection);
    const oldest = this.#idle[0]!;
    if (oldest.idleUntilMs < performance.now()) oldest.abort(IDLE);
  }

  /** For connections: it was lost or given up. */
  onGone(connection: ContainerConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    const [next] = this.#waiting;
    if (next === undefined || this.#isDestroyed) return;
    this.#waiting.delete(next);
    this.#begin(next);
  }

  #begin(exchange: Exchange): void {
    const connection = this.#takeIdle() ?? this.#open();
    if (connection === undefined) this.#waiting.add(exchange);
    else exchange.send(connection);
  }

  #takeIdle(): ContainerConnection | undefined {
    const newest = this.#idle.pop();
    if (newest === undefined || newest.idleUntilMs >= performance.now()) return newest;
    // The one used last is too old, so all are.
    newest.abort(IDLE);
    for (const older of this.#idle.splice(0)) older.abort(IDLE);
    return undefined;
  }

  #open(): ContainerConnection | undefined {
    if (this.#all.size >= this.#limit) return undefined;
    const connection = new ContainerConnection(this.#origin, this);
    this.#all.add(connection);
    return connection;
  }

  #expire(exchange: Exchange): void {
    this.#waiting.delete(exchange);
    exchange.abort(new ContainerTimeout('The container did not answer in time.'));
  }
}

const IDLE = new Error('the connection was idle');

interface Outcome {
  readonly deadline: Deadline;
  readonly resolve: (answer: ContainerAnswer) => void;
  readonly reject: (error: Error) => void;
}

class Exchange implements ConnectionTask {
  readonly head: string;
  readonly body: Uint8Array | string;
  isOver = false;
  readonly #outcome: Outcome;
  readonly #wantedSink: AnswerSink | undefined;
  #connection: ContainerConnection | undefined;
  #sink: AnswerSink | undefined;
  #answerHead: ResponseHead | undefined;
  #first: Buffer = EMPTY;
  #rest: Buffer[] | undefined;

  constructor(head: string, { body = '', sink }: ContainerRequest, outcome: Outcome) {
    this.head = head;
    this.body = body;
    this.#wantedSink = sink;
    this.#outcome = outcome;
  }

  send(connection: ContainerConnection): void {
    this.#connection = connection;
    connection.send(this);
  }

  onHead(head: ResponseHead): void {
    this.#answerHead = head;
    this.#connection!.idleUntilMs = performance.now() + idleMs(head);
    if (this.#wantedSink === undefined || head.status < 200 || head.status >= 300) return;
    this.#sink = this.#wantedSink;
    this.#sink.begin(head);
  }

  onBody(piece: Buffer): void {
    const connection = this.#connection!;
    const copy = Buffer.from(piece);
    if (this.#sink !== undefined) {
      if (!this.#sink.write(copy, () => connection.resume())) connection.pause();
    } else if (this.#first === EMPTY) this.#first = copy;
    else if (this.#rest === undefined) this.#rest = [this.#first, copy];
    else this.#rest.push(copy);
  }

  onEnd(): void {
    this.isOver = true;
    this.#outcome.deadline.release();
    const { status, contentType, customAttributes, newSessionId, closedSessionId } = this.#answerHead!;
    const body = this.#rest === undefined ? this.#first : Buffer.concat(this.#rest);
    this.#outcome.resolve({ status, contentType, customAttributes, newSessionId, closedSessionId, body });
  }

  onLost(error: Error): void {
    const isUndelivered = this.#connection?.hasConnected !== true;
    this.#fail(new ContainerUnreachable(error.message, { cause: error, isUndelivered }));
  }

  /** Gives the exchange up, wherever it is. */
  abort(error: ContainerTimeout): void {
    this.#fail(error);
    this.#connection?.abort(error);
  }

  #fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#outcome.deadline.release();
    this.#outcome.reject(error);
  }
}

const EMPTY = Buffer.alloc(0);

function idleMs({ idleMs }: ResponseHead): number {
  return idleMs === undefined ? IDLE_MS : Math.min(MAX_IDLE_MS, Math.max(0, idleMs - IDLE_MARGIN_MS));
}

/** From method to empty line. @throws ContainerUnreachable for what cannot stand in a head */
function requestHead({ method, path, headers, body }: ContainerRequest, host: string): string {
  let head = `${method} ${path} HTTP/1.1\r\n`;
  let hasHost = false;
  for (let at = 0; at < headers.length; at += 2) {
    const value = headers[at + 1]!;
    if (UNFIT.test(value))
      throw new ContainerUnreachable(`The header ${headers[at]} holds what no header may hold.`);
    head += `${headers[at]}: ${value}\r\n`;
    hasHost ||= headers[at] === 'host';
  }
  if (!hasHost) head += `host: ${host}\r\n`;
  if (method === 'POST') head += `content-length: ${bytesOf(body)}\r\n`;
  return `${head}\r\n`;
}

/** Control characters, and what is not in Latin-1. */
const UNFIT = /[^\t\x20-\x7e\x80-\xff]/;

function bytesOf(body: Uint8Array | string | undefined): number {
  if (body === undefined) return 0;
  return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
}

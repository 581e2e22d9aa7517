// HTTP towards one container, by SageMaker's container contract, over a pool of kept connections. The hot path: one
// dispatch, no URL parsing, header arrays made by the caller, a one-chunk answer not copied.
import { type Dispatcher, Pool } from 'undici';
import type { Deadline } from './deadline.ts';

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
  readonly headers: string[];
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
}

/** The deadline passed before the whole answer was there. */
export class ContainerTimeout extends Error {
  override readonly name = 'ContainerTimeout';
}

/** Idle connections are given up before a container that sends no `Keep-Alive` hint would close them under a call. */
const KEEP_ALIVE_MS = 1_500;
const CONNECT_TIMEOUT_MS = 5_000;

export class ContainerClient {
  readonly #pool: Pool;

  /** @param origin such as `http://127.0.0.1:8080` */
  constructor(origin: string, connections: number) {
    this.#pool = new Pool(origin, {
      connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: CONNECT_TIMEOUT_MS },
    });
  }

  /** @throws ContainerUnreachable, ContainerTimeout */
  exchange(request: ContainerRequest, deadline: Deadline): Promise<ContainerAnswer> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(deadline, { resolve, reject, sink: request.sink });
      this.#pool.dispatch(request as Dispatcher.DispatchOptions, exchange);
    });
  }

  /** Cuts every connection; calls under way fail. */
  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}

interface Outcome {
  readonly resolve: (answer: ContainerAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly sink: AnswerSink | undefined;
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #deadline: Deadline;
  readonly #outcome: Outcome;
  #sink: AnswerSink | undefined;
  #status = 0;
  #headers: Record<string, string | string[] | undefined> = {};
  #first: Buffer | undefined;
  #rest: Buffer[] | undefined;

  constructor(deadline: Deadline, outcome: Outcome) {
    this.#deadline = deadline;
    this.#outcome = outcome;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#deadline.guard(() =>
      controller.abort(new ContainerTimeout('The container did not answer in time.')),
    );
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = statusCode;
    this.#headers = headers;
    const { sink } = this.#outcome;
    if (sink === undefined || statusCode < 200 || statusCode >= 300) return;
    this.#sink = sink;
    sink.begin(this.#answer(EMPTY));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink !== undefined) {
      if (!this.#sink.write(chunk, () => controller.resume())) controller.pause();
    } else if (this.#first === undefined) this.#first = chunk;
    else if (this.#rest === undefined) this.#rest = [this.#first, chunk];
    else this.#rest.push(chunk);
  }

  onResponseEnd(): void {
    this.#deadline.release();
    const body = this.#rest === undefined ? (this.#first ?? EMPTY) : Buffer.concat(this.#rest);
    this.#outcome.resolve(this.#answer(body));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#deadline.release();
    this.#outcome.reject(
      error instanceof ContainerTimeout ? error : new ContainerUnreachable(error.message, { cause: error }),
    );
  }

  #answer(body: Buffer): ContainerAnswer {
    const headers = this.#headers;
    return {
      status: this.#status,
      contentType: single(headers['content-type']),
      customAttributes: single(headers['x-amzn-sagemaker-custom-attributes']),
      newSessionId: single(headers['x-amzn-sagemaker-new-session-id']),
      closedSessionId: single(headers['x-amzn-sagemaker-closed-session-id']),
      body,
    };
  }
}

const EMPTY = Buffer.alloc(0);

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

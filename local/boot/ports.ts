// The two ports, on loopback unless told. They open first, so that a port in use is told before any work is done, and their numbers
// are known to what is created after them; requests that come early wait for what will answer them.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StartFailure } from './failure.ts';

export interface OpenPort {
  readonly port: number;
  readonly url: string;
  /** From now on this answers, first the requests that waited. */
  answerWith(listener: RequestListener): void;
  /** Takes no more connections; resolves when the last answer is out, at most after `limitMs`. */
  drain(limitMs: number): Promise<void>;
  /** Ends every connection; resolves when the port is free again. */
  close(): Promise<void>;
}

export interface PortRequest {
  /** 0 takes any free port. */
  readonly port: number;
  /** The address to listen at; loopback unless told. */
  readonly host?: string;
  /** What sets another, for the message: `SERIATIM_HTTP_PORT`. */
  readonly variable: string;
  /** Larger headers get 431; Node's own limit unless told. */
  readonly maxHeaderBytes?: number;
  /** Answers already while the rest is still being made; `true` when it did. */
  readonly early?: (...request: Parameters<RequestListener>) => boolean;
}

const HOST = '127.0.0.1';

/** Outlasts the idle sockets that SDK clients keep, so that none is closed while a request is on its way. */
const KEEP_ALIVE_MS = 65_000;

/** @throws StartFailure when the port is in use or not ours to take */
export async function openPort(wanted: PortRequest): Promise<OpenPort> {
  const { port, variable, early, maxHeaderBytes } = wanted;
  let listener: RequestListener | undefined;
  const waiting: Parameters<RequestListener>[] = [];
  const server = createServer({ maxHeaderSize: maxHeaderBytes, noDelay: true }, (request, response) => {
    if (early?.(request, response)) return;
    if (listener === undefined) waiting.push([request, response]);
    else listener(request, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // A large upload may take longer than any limit here.
  server.requestTimeout = 0;
  const bound = await listen(server, { port, variable, host: wanted.host ?? HOST });
  return {
    port: bound,
    url: `http://${HOST}:${bound}`,
    answerWith: (next) => {
      listener = next;
      for (const [request, response] of waiting.splice(0)) next(request, response);
    },
    drain: (limitMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { port, variable, host = HOST }: PortRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, { port, variable })));
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function explain(error: NodeJS.ErrnoException, { port, variable }: PortRequest): Error {
  if (error.code === 'EADDRINUSE')
    return new StartFailure(`port ${port} is in use (${variable} sets another)`, error);
  if (error.code === 'EACCES')
    return new StartFailure(`port ${port} may not be opened by this user (${variable} sets another)`, error);
  return error;
}

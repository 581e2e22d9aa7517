// One keep-alive connection that sends a request when the last one was answered. Raw sockets, so that the load
// generator takes as little of the machine as it can from what it measures. Understands answers with Content-Length.
import { createConnection, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly statusCode: number;
  readonly body: string;
}

export interface HttpClient {
  /** @param request the whole request as bytes */
  send(request: Buffer): Promise<HttpAnswer>;
  close(): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');

export async function connect(port: number): Promise<HttpClient> {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return clientOf(socket);
}

function clientOf(socket: Socket): HttpClient {
  let received: Buffer = Buffer.alloc(0);
  let waiting: PromiseWithResolvers<HttpAnswer> | undefined;
  const fail = (error: Error): void => waiting?.reject(error);
  socket.on('error', fail).on('close', () => fail(new Error('the server closed the connection')));
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const answer = readAnswer(received);
    if (answer === undefined) return;
    received = received.subarray(answer.bytes);
    waiting?.resolve(answer);
  });
  return {
    send(request) {
      waiting = Promise.withResolvers();
      socket.write(request);
      return waiting.promise;
    },
    close: () => socket.destroy(),
  };
}

/** `undefined` until the answer is there whole. @throws when it has no length */
export function readAnswer(received: Buffer): (HttpAnswer & { readonly bytes: number }) | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return;
  const head = received.toString('latin1', 0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${head}`);
  const start = headEnd + HEAD_END.length;
  const bytes = start + Number(length);
  if (received.length < bytes) return;
  return { statusCode: Number(head.slice(9, 12)), body: received.toString('utf8', start, bytes), bytes };
}

/** The bytes of a POST of JSON. */
export function jsonPost(path: string, port: number, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

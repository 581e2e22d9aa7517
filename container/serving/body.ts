// Reads a request's body whole, with a bound. Of one that is too large the rest is read past before it is answered: a
// connection closed on a caller who still sends breaks before the answer is read.
import type { IncomingMessage } from 'node:http';
import { InferenceError } from '../errors.ts';

/** @throws InferenceError PayloadTooLarge past `limitBytes`, ClientClosedRequest where the body ends early */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) return refuse(request, announced, limitBytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limitBytes) chunks.push(chunk);
      else {
        request.removeAllListeners('data').removeAllListeners('end');
        refuse(request, bytes, limitBytes).catch(reject);
      }
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)));
    request.on('error', () => reject(new InferenceError('ClientClosedRequest', 'The body ended early.')));
  });
}

/** How much of a body that is refused is read past, and for how long; then the connection is closed. */
const DRAIN_BYTES = 256 * 1024 * 1024;
const DRAIN_MS = 10_000;

async function refuse(request: IncomingMessage, bytes: number, limitBytes: number): Promise<never> {
  const isWhole = await drain(request);
  const message = `The body of ${bytes} bytes is larger than ${limitBytes}.`;
  throw new InferenceError('PayloadTooLarge', message, isWhole ? {} : { headers: { connection: 'close' } });
}

/** Whether the body's end was reached. */
function drain(request: IncomingMessage): Promise<boolean> {
  return new Promise((resolve) => {
    let bytes = 0;
    const stop = (isWhole: boolean) => {
      clearTimeout(timer);
      resolve(isWhole);
    };
    const timer = setTimeout(() => stop(false), DRAIN_MS);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > DRAIN_BYTES) stop(false);
    });
    request.once('end', () => stop(true)).once('close', () => stop(false));
  });
}

// Reads a request's body whole, with a bound.
import type { IncomingMessage } from 'node:http';
import { InferenceError } from '../errors.ts';

/** @throws InferenceError PayloadTooLarge past `limitBytes`, ClientClosedRequest where the body ends early */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) {
    request.resume();
    return Promise.reject(tooLarge(announced, limitBytes));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limitBytes) reject(tooLarge(bytes, limitBytes));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)));
    request.on('error', () => reject(new InferenceError('ClientClosedRequest', 'The body ended early.')));
  });
}

function tooLarge(bytes: number, limitBytes: number): InferenceError {
  const message = `The body of ${bytes} bytes is larger than ${limitBytes}.`;
  return new InferenceError('PayloadTooLarge', message, { headers: { connection: 'close' } });
}

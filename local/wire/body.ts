// Reading a request's body whole, with a bound, and writing JSON answers. Object bodies of S3 never come here: they
// stream.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from './errors.ts';

/** @throws AwsError RequestEntityTooLarge (413) past `limitBytes`; the rest of the body is not read. */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limitBytes) chunks.push(chunk);
      else reject(tooLarge(limitBytes));
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)));
    request.on('error', reject);
  });
}

function tooLarge(limitBytes: number): AwsError {
  const message = `HTTP content length exceeded ${limitBytes} bytes.`;
  return new AwsError('RequestEntityTooLargeException', message, { statusCode: 413 });
}

export function sendJson(
  response: ServerResponse,
  statusCode: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(statusCode, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

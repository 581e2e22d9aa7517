// A worker's side of a streamed answer: chunks go out as the caller takes them, after a head that is sent only when the
// first chunk is there, so that a stream that fails at once is still answered with an error.
import { InferenceError } from '../errors.ts';
import type { StreamWindow } from './stream-window.ts';

export interface ChunkSink {
  readonly window: StreamWindow;
  /** Aborted when nobody waits for the rest. */
  readonly signal: AbortSignal;
  readonly onHead: () => void;
  readonly onChunk: (chunk: string | Uint8Array) => void;
}

/** @throws InferenceError ModelFailed for a chunk that is neither text nor bytes, and what the stream throws */
export async function sendChunks(
  chunks: AsyncIterable<unknown>,
  { window, signal, onHead, onChunk }: ChunkSink,
): Promise<void> {
  let isBegun = false;
  for await (const chunk of chunks) {
    if (signal.aborted) break;
    checkChunk(chunk);
    if (!isBegun) onHead();
    isBegun = true;
    onChunk(chunk);
    window.sent(chunk.length);
    await window.room();
  }
  if (!isBegun) onHead();
}

function checkChunk(chunk: unknown): asserts chunk is string | Uint8Array {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return;
  const message = `The handler's stream gave a chunk that is neither text nor bytes, but ${typeof chunk}.`;
  throw new InferenceError('ModelFailed', message);
}

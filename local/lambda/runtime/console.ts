// The console and the standard streams of a function, written to its log as the Node.js runtime does it:
// `time <tab> request id <tab> level <tab> message` for the console, bare lines for the streams.
import { format } from 'node:util';
import type { LogRing } from './ring.ts';

const LEVELS = {
  log: 'INFO',
  info: 'INFO',
  debug: 'DEBUG',
  warn: 'WARN',
  error: 'ERROR',
  trace: 'TRACE',
} as const;

export interface FunctionLog {
  /** One event in the runtime's own form. */
  write(level: string, message: string): void;
  /** Writes what a stream holds of an unfinished line. */
  endLines(): void;
}

/** @param currentRequestId the invocation under way, if any */
export function captureOutput(ring: LogRing, currentRequestId: () => string | undefined): FunctionLog {
  const write = (level: string, message: string): void => {
    const now = Date.now();
    ring.write(now, `${new Date(now).toISOString()}\t${currentRequestId()}\t${level}\t${message}`);
  };
  for (const [method, level] of Object.entries(LEVELS))
    console[method as keyof typeof LEVELS] = (...values: unknown[]) => write(level, format(...values));
  (console as Console & { fatal: unknown }).fatal = (...values: unknown[]) =>
    write('FATAL', format(...values));

  const endOutput = captureStream(process.stdout, ring);
  const endErrors = captureStream(process.stderr, ring);
  const endLines = (): void => {
    endOutput();
    endErrors();
  };
  return { write, endLines };
}

/** Every line written becomes one event. Returns what writes an unfinished last line. */
function captureStream(stream: NodeJS.WriteStream, ring: LogRing): () => void {
  let pending = '';
  stream.write = ((chunk: Uint8Array | string, second?: unknown, third?: unknown): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    const now = Date.now();
    for (const line of lines) if (line !== '') ring.write(now, line);
    const done = typeof second === 'function' ? second : third;
    if (typeof done === 'function') queueMicrotask(() => done());
    return true;
  }) as typeof stream.write;
  return () => {
    if (pending !== '') ring.write(Date.now(), pending);
    pending = '';
  };
}

// Log lines: one line each, with the time, so that CloudWatch and `local/` can take them as they come.
import type { Writable } from 'node:stream';
import type { Logger } from './handlers/api.ts';

export function createLogger(out: Writable, errors: Writable): Logger {
  const write = (stream: Writable, level: string, message: string) =>
    stream.write(`${new Date().toISOString()} ${level} ${message.replaceAll(/\r?\n/g, ' ')}\n`);
  return {
    info: (message) => write(out, 'INFO', message),
    warn: (message) => write(errors, 'WARN', message),
    error: (message) => write(errors, 'ERROR', message),
  };
}

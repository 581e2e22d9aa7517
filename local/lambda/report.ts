// The lines that Lambda itself writes around an invocation's own.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
import type { LogEvent } from '../logs/api.ts';

export const VERSION = '$LATEST';

/** The most bytes of an invocation's log that `LogType: Tail` returns. */
const TAIL_BYTES = 4096;

export function initStartLine(runtime: string): string {
  return `INIT_START Runtime Version: ${runtime.replace('nodejs', 'nodejs:')}\tRuntime Version ARN: ${process.version}`;
}

export function startLine(requestId: string): string {
  return `START RequestId: ${requestId} Version: ${VERSION}`;
}

export function endLine(requestId: string): string {
  return `END RequestId: ${requestId}`;
}

export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly memoryMb: number;
  readonly maxMemoryMb: number;
  /** Only in the first report of an environment. */
  readonly initMs: number | undefined;
  readonly status?: 'timeout' | 'error';
}

export function reportLine(report: Report): string {
  const { requestId, durationMs, memoryMb, maxMemoryMb, initMs, status } = report;
  const billedMs = Math.ceil(durationMs + (initMs ?? 0));
  return (
    `REPORT RequestId: ${requestId}\tDuration: ${twoDecimals(durationMs)} ms\tBilled Duration: ${billedMs} ms\t` +
    `Memory Size: ${memoryMb} MB\tMax Memory Used: ${maxMemoryMb} MB\t` +
    (initMs === undefined ? '' : `Init Duration: ${twoDecimals(initMs)} ms\t`) +
    (status === undefined ? '' : `Status: ${status}`)
  );
}

/** Ten times as quick as `toFixed`, on a path that every invocation takes. */
function twoDecimals(value: number): string {
  const hundredths = Math.round(value * 100);
  const fraction = hundredths % 100;
  return `${(hundredths - fraction) / 100}.${fraction < 10 ? '0' : ''}${fraction}`;
}

export function logTail(events: readonly LogEvent[]): string {
  const text = events.map((event) => `${event.message}\n`).join('');
  const bytes = Buffer.from(text);
  return bytes.length <= TAIL_BYTES ? text : bytes.subarray(-TAIL_BYTES).toString('utf8');
}

// A load generator: so many callers, each asking again as soon as it has its answer, over kept connections.
import { Pool } from 'undici';

export interface Call {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

/**
 * @param next the next call; `note` hears each answer's headers and time
 */
export async function load(
  origin: string,
  next: () => Call,
  options: {
    readonly clients: number;
    readonly requests: number;
    readonly note?: (headers: Record<string, unknown>, ms: number) => void;
  },
): Promise<LoadResult> {
  const pool = new Pool(origin, { connections: options.clients });
  const times: number[] = [];
  let failures = 0;
  let left = options.requests;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const startMs = performance.now();
      const { statusCode, headers, body } = await pool.request({ method: 'POST', ...next() });
      await body.arrayBuffer();
      const ms = performance.now() - startMs;
      if (statusCode !== 200) failures += 1;
      times.push(ms);
      options.note?.(headers, ms);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: options.clients }, client));
  const seconds = (performance.now() - startMs) / 1000;
  await pool.close();
  return { perSecond: times.length / seconds, ...quantiles(times), failures };
}

export function quantiles(times: readonly number[]): { p50Ms: number; p99Ms: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

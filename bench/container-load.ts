// The load generator of the container's bench: keeps a number of requests under way for a time and tells how many were
// answered and how fast. It runs in a process of its own: `node container-load.ts <url> <clients> <ms> <body file> <content type>`.
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

export interface Load {
  readonly url: string;
  readonly clients: number;
  readonly durationMs: number;
  readonly body: Buffer;
  readonly contentType: string;
}

export async function generateLoad({
  url,
  clients,
  durationMs,
  body,
  contentType,
}: Load): Promise<LoadResult> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: clients, pipelining: 1 });
  const latencies: number[] = [];
  let errors = 0;
  const startedAt = performance.now();
  const request = async () => {
    const sentAt = performance.now();
    // Answered as it was asked: text beside text, bytes beside bytes.
    const headers = { 'content-type': contentType, accept: contentType.split(';', 1)[0]! };
    const response = await pool.request({ method: 'POST', path: pathname, body, headers });
    await response.body.dump();
    if (response.statusCode !== 200) errors++;
    latencies.push(performance.now() - sentAt);
  };
  const client = async () => {
    while (performance.now() - startedAt < durationMs) await request();
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - startedAt) / 1000;
  await pool.close();
  return { requestsPerSecond: latencies.length / seconds, ...percentiles(latencies), errors };
}

function percentiles(latencies: number[]): { p50Ms: number; p99Ms: number } {
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

if (import.meta.main) {
  const [url = '', clients = '1', durationMs = '1000', bodyFile = '', contentType = ''] =
    process.argv.slice(2);
  const load = { url, clients: Number(clients), durationMs: Number(durationMs), contentType };
  console.log(JSON.stringify(await generateLoad({ ...load, body: readFileSync(bodyFile) })));
}

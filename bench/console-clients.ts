// Readers of a run for the console's bench: each asks for the execution as the page does, again and again, until told
// to end. In a process of its own, so that what it takes is not counted as the server's.
import { Agent, request } from 'undici';

interface Order {
  readonly url: string;
  readonly clients: number;
  readonly everyMs: number;
}

const order = JSON.parse(process.argv[2]!) as Order;
const dispatcher = new Agent({ connections: order.clients, pipelining: 1 });
const ending = new AbortController();
const took: number[] = [];
let failed = 0;

process.stdin.on('end', () => ending.abort()).resume();
await Promise.all(Array.from({ length: order.clients }, (_, at) => follow(at)));
await dispatcher.close();
took.sort((a, b) => a - b);
const at = (share: number): number => took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? 0;
console.log(JSON.stringify({ requests: took.length, failed, p50Ms: at(0.5), p99Ms: at(0.99) }));

/** They do not all begin at once. */
async function follow(at: number): Promise<void> {
  await pause((order.everyMs * at) / order.clients);
  let etag: string | undefined;
  while (!ending.signal.aborted) {
    const begunMs = performance.now();
    try {
      const known = etag === undefined ? {} : { 'if-none-match': etag };
      const { statusCode, headers, body } = await request(order.url, { dispatcher, headers: known });
      await body.dump({ limit: Number.MAX_SAFE_INTEGER });
      if (statusCode !== 200 && statusCode !== 304) failed += 1;
      etag = String(headers.etag);
    } catch {
      failed += 1;
    }
    took.push(performance.now() - begunMs);
    // As the page does: a server that is slow to answer is asked less often.
    await pause(Math.max(order.everyMs, 4 * (performance.now() - begunMs)));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    ending.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

// The load generator, in a process of its own: a number of clients, each sending one request after the other for some
// seconds, and every answer's prices compared with the right ones. One line of JSON in (LoadOrder), one out
// (LoadFigures), until standard input closes.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect, type HttpClient, jsonPost } from './http-client.ts';

export interface LoadOrder {
  readonly port: number;
  readonly path: string;
  readonly clients: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadFigures {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not 200 or not right; there should be none. */
  readonly wrong: number;
  readonly firstWrong?: string;
}

interface Sample {
  readonly request: Buffer;
  readonly prices: readonly number[];
}

const models = new URL('../models/house-prices/', import.meta.url);

function lines<Line>(file: string): Line[] {
  const text = readFileSync(new URL(file, models), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** `answers.ndjson` has a line per instance, in order. */
function readSamples({ path, port }: LoadOrder): Sample[] {
  const answers = lines<{ price: number }>('answers.ndjson');
  let at = 0;
  return lines<{ instances: unknown[] }>('requests.ndjson').map((body) => {
    const prices = answers.slice(at, at + body.instances.length).map(({ price }) => price);
    at += body.instances.length;
    return { request: jsonPost(path, port, JSON.stringify(body)), prices };
  });
}

async function measure(order: LoadOrder): Promise<LoadFigures> {
  const samples = readSamples(order);
  const clients = await Promise.all(Array.from({ length: order.clients }, () => connect(order.port)));
  const tally: Tally = { latencies: [], wrong: 0, firstWrong: undefined };
  const fromMs = performance.now() + order.warmUpMs;
  const untilMs = fromMs + order.measureMs;
  const period = { fromMs, untilMs };
  await Promise.all(clients.map((client, n) => drive(client, { samples, first: n * 7, period, tally })));
  for (const client of clients) client.close();
  return figures(tally, order.measureMs);
}

interface Tally {
  readonly latencies: number[];
  wrong: number;
  firstWrong: string | undefined;
}

interface Drive {
  readonly samples: readonly Sample[];
  readonly first: number;
  readonly period: { readonly fromMs: number; readonly untilMs: number };
  readonly tally: Tally;
}

async function drive(client: HttpClient, { samples, first, period, tally }: Drive): Promise<void> {
  for (let at = first; ; at += 1) {
    const { request, prices } = samples[at % samples.length]!;
    const beginMs = performance.now();
    if (beginMs >= period.untilMs) return;
    const answer = await client.send(request);
    const endMs = performance.now();
    if (answer.statusCode !== 200 || !hasPrices(answer.body, prices)) {
      tally.wrong += 1;
      tally.firstWrong ??= `${answer.statusCode} ${answer.body.slice(0, 300)}`;
    }
    if (beginMs >= period.fromMs && endMs <= period.untilMs) tally.latencies.push(endMs - beginMs);
  }
}

/** A dollar of difference is rounding: the containers compute in float32 as the reference does, but in other batches. */
function hasPrices(body: string, prices: readonly number[]): boolean {
  const { predictions } = JSON.parse(body) as { predictions?: { price?: number }[] };
  return (
    predictions?.length === prices.length &&
    predictions.every(({ price = Number.NaN }, at) => Math.abs(price - prices[at]!) <= 1)
  );
}

function figures({ latencies, wrong, firstWrong }: Tally, measureMs: number): LoadFigures {
  const sorted = Float64Array.from(latencies).sort();
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    requests: sorted.length,
    requestsPerSecond: (sorted.length * 1000) / measureMs,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    wrong,
    ...(firstWrong === undefined ? {} : { firstWrong }),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await measure(JSON.parse(line) as LoadOrder).catch((thrown: Error) => ({
    error: thrown.message,
  }));
  console.log(JSON.stringify(answer));
}

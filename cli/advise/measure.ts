// What one placement does on this machine: the samples once to warm it up, then requests one after the other for
// latency, then several clients at once for throughput, and one execution read back for what travelled in it.
import { availableParallelism, loadavg } from 'node:os';
import { request } from 'undici';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { stageTimes } from '../format/server-timing.ts';
import { getJson } from '../http-api.ts';
import type { Sample } from './samples.ts';
import { type Travelled, travelledIn } from './travelled.ts';

export interface Measured {
  readonly requests: number;
  /** The first call, with which containers start. */
  readonly firstMs: number;
  readonly latency: Percentiles;
  /** By stage, in their order, in whole milliseconds as Step Functions keeps them. */
  readonly stages: Readonly<Record<string, Percentiles>>;
  readonly requestsPerSecond: number;
  readonly clients: number;
  /** Processes that wanted a core meanwhile, on average over a minute, and the cores there are. */
  readonly load: { readonly processes: number; readonly cores: number };
  readonly travelled: Travelled;
  /** Of the samples' answers, those that were no 200. */
  readonly failures: readonly string[];
}

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface MeasureOptions {
  readonly httpUrl: string;
  readonly pipeline: string;
  readonly samples: readonly Sample[];
  readonly requests: number;
  readonly signal: AbortSignal;
}

const CLIENTS = 8;

export async function measure(options: MeasureOptions): Promise<Measured> {
  const { samples } = options;
  const first = await ask(options, samples[0]!);
  const warm: Answer[] = [first];
  for (const sample of samples.slice(1)) warm.push(await ask(options, sample));
  const answers: Answer[] = [];
  for (let i = 0; i < options.requests; i++) answers.push(await ask(options, samples[i % samples.length]!));
  const requestsPerSecond = await throughput(options);
  return {
    requests: options.requests,
    firstMs: first.tookMs,
    latency: percentiles(answers.map(({ tookMs }) => tookMs)),
    stages: byStage(answers),
    requestsPerSecond,
    clients: CLIENTS,
    load: { processes: loadavg()[0]!, cores: availableParallelism() },
    travelled: await readBack(options, answers.at(-1)!),
    failures: warm.filter(({ status }) => status !== 200).map(({ status, text }) => `${status}: ${text}`),
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly tookMs: number;
  readonly serverTiming: string;
  readonly executionArn: string;
}

async function ask({ httpUrl, pipeline, signal }: MeasureOptions, sample: Sample): Promise<Answer> {
  const begunMs = performance.now();
  const { statusCode, headers, body } = await request(`${httpUrl}/pipelines/${pipeline}/invocations`, {
    method: 'POST',
    headers: { 'content-type': sample.contentType },
    body: sample.body,
    signal,
  });
  const text = await body.text();
  return {
    status: statusCode,
    text,
    tookMs: performance.now() - begunMs,
    serverTiming: String(headers['server-timing'] ?? ''),
    executionArn: String(headers['x-seriatim-execution-arn'] ?? ''),
  };
}

/** Several clients, each with its next request when the last one was answered. */
async function throughput(options: MeasureOptions): Promise<number> {
  const { samples, requests } = options;
  const waiting = Array.from({ length: requests }, (_, i) => samples[i % samples.length]!).values();
  const begunMs = performance.now();
  const drive = async (): Promise<void> => {
    for (const sample of waiting) await ask(options, sample);
  };
  await Promise.all(Array.from({ length: CLIENTS }, drive));
  return (requests * 1000) / (performance.now() - begunMs);
}

function byStage(answers: readonly Answer[]): Record<string, Percentiles> {
  const times = new Map<string, number[]>();
  for (const { serverTiming } of answers) {
    for (const { name, durationMs } of stageTimes(serverTiming)) {
      if (durationMs !== undefined) times.set(name, [...(times.get(name) ?? []), durationMs]);
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, percentiles(all)]));
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function readBack(options: MeasureOptions, { executionArn }: Answer): Promise<Travelled> {
  const path = `/payloads/${encodeURIComponent(executionArn.split(':')[7] ?? '')}`;
  return travelledIn(await getJson<ExecutionView>({ url: options.httpUrl, path }));
}

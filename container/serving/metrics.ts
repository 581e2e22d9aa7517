// Counts per model, written as Prometheus text at `/metrics`. What Triton also counts has Triton's name and meaning
// (https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/metrics.html), so that its
// dashboards work; durations are sums in microseconds.
import type { CacheFigures } from './response-cache.ts';
import type { InvocationTimes } from './served-model.ts';

export interface Metrics {
  model(label: ModelLabel): ModelMetrics;
  loaded(loadMs: number): void;
  unloaded(): void;
  /** The model is gone, and its counts with it. */
  forget(label: ModelLabel): void;
  /** A load that failed. */
  loadFailed(): void;
  /** An invocation, and whether it found its model loaded and used before. */
  asked(isWarm: boolean): void;
  render(gauges: readonly ModelGauges[], cache?: CacheFigures): string;
}

/** How Triton names a model in its metrics. */
export interface ModelLabel {
  readonly model: string;
  /** The version's folder in a Triton repository; `1` for any other artefact. */
  readonly version: string;
}

export interface ModelMetrics {
  succeeded(times: InvocationTimes, totalMs: number, isCold: boolean): void;
  failed(statusCode: number): void;
  /** One run of the runtime over this many rows, which succeeded: Triton counts no others. */
  ran(rows: number): void;
  /** A request that asked the response cache. */
  cached(isHit: boolean, milliseconds: number): void;
}

/** What is true now, of one model. */
export interface ModelGauges {
  readonly label: ModelLabel;
  readonly provider: string;
  readonly passedOver: readonly string[];
  readonly thread: string;
  readonly waiting: number;
}

interface Counts {
  readonly label: ModelLabel;
  success: number;
  rows: number;
  runs: number;
  cold: number;
  totalMs: number;
  queueMs: number;
  inputMs: number;
  inferMs: number;
  outputMs: number;
  hits: number;
  misses: number;
  hitMs: number;
  missMs: number;
  readonly failures: Map<string, number>;
  /** Runs by upper bound of their rows. */
  readonly batches: number[];
}

const BATCH_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128];

interface LoadCounts {
  loads: number;
  unloads: number;
  failures: number;
  loadMs: number;
  hits: number;
  misses: number;
}

export function createMetrics(): Metrics {
  const models = new Map<string, Counts>();
  const loads: LoadCounts = { loads: 0, unloads: 0, failures: 0, loadMs: 0, hits: 0, misses: 0 };
  const countsOf = (label: ModelLabel): Counts => {
    const known = models.get(keyOf(label));
    if (known !== undefined) return known;
    const counts = emptyCounts(label);
    models.set(keyOf(label), counts);
    return counts;
  };
  return {
    model: (label) => recorder(countsOf(label)),
    loaded: (loadMs) => {
      loads.loads++;
      loads.loadMs += loadMs;
    },
    unloaded: () => void loads.unloads++,
    forget: (label) => void models.delete(keyOf(label)),
    loadFailed: () => void loads.failures++,
    asked: (isWarm) => void loads[isWarm ? 'hits' : 'misses']++,
    render: (gauges, cache) =>
      [
        ...renderModels([...models.values()], cache !== undefined),
        ...renderGauges(gauges),
        ...renderLoads(loads, gauges.length),
        ...renderStore(loads),
        ...(cache === undefined ? [] : renderCache(cache)),
        '',
      ].join('\n'),
  };
}

/** Versions have no slash. */
function keyOf({ model, version }: ModelLabel): string {
  return `${version}/${model}`;
}

function emptyCounts(label: ModelLabel): Counts {
  const sums = { totalMs: 0, queueMs: 0, inputMs: 0, inferMs: 0, outputMs: 0 };
  const cache = { hits: 0, misses: 0, hitMs: 0, missMs: 0 };
  const batches = new Array<number>(BATCH_BOUNDS.length + 1).fill(0);
  return { label, success: 0, rows: 0, runs: 0, cold: 0, ...sums, ...cache, failures: new Map(), batches };
}

function recorder(counts: Counts): ModelMetrics {
  return {
    succeeded: (times, totalMs, isCold) => {
      counts.success++;
      counts.totalMs += totalMs;
      counts.queueMs += times.queueMs;
      counts.inputMs += times.inputMs;
      counts.inferMs += times.computeMs;
      counts.outputMs += times.outputMs;
      if (isCold) counts.cold++;
    },
    failed: (statusCode) => {
      const reason = failureReason(statusCode);
      counts.failures.set(reason, (counts.failures.get(reason) ?? 0) + 1);
    },
    cached: (isHit, milliseconds) => {
      counts[isHit ? 'hits' : 'misses']++;
      counts[isHit ? 'hitMs' : 'missMs'] += milliseconds;
    },
    ran: (rows) => {
      counts.runs++;
      counts.rows += rows;
      const index = BATCH_BOUNDS.findIndex((bound) => rows <= bound);
      counts.batches[index === -1 ? BATCH_BOUNDS.length : index]!++;
    },
  };
}

/** Triton's reasons: REJECTED before it ran, CANCELED by the caller, BACKEND for the model, OTHER for the request. */
function failureReason(statusCode: number): string {
  if (statusCode === 503 || statusCode === 504) return 'REJECTED';
  if (statusCode === 499) return 'CANCELED';
  return statusCode >= 500 ? 'BACKEND' : 'OTHER';
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly value: (counts: Counts) => number;
}

const microseconds = (milliseconds: number) => Math.round(milliseconds * 1000);

const FAMILIES: readonly Family[] = [
  { name: 'nv_inference_request_success', help: 'Invocations answered', value: ({ success }) => success },
  {
    name: 'nv_inference_count',
    help: 'Records inferred, without those of runs that failed',
    value: ({ rows }) => rows,
  },
  { name: 'nv_inference_exec_count', help: 'Runs of the model that succeeded', value: ({ runs }) => runs },
  {
    name: 'nv_inference_request_duration_us',
    help: 'From arrival to answer',
    value: ({ totalMs }) => microseconds(totalMs),
  },
  {
    name: 'nv_inference_queue_duration_us',
    help: 'Waiting for the run',
    value: ({ queueMs }) => microseconds(queueMs),
  },
  {
    name: 'nv_inference_compute_input_duration_us',
    help: 'Decoding requests',
    value: ({ inputMs }) => microseconds(inputMs),
  },
  {
    name: 'nv_inference_compute_infer_duration_us',
    help: 'Running the model',
    value: ({ inferMs }) => microseconds(inferMs),
  },
  {
    name: 'nv_inference_compute_output_duration_us',
    help: 'Encoding answers',
    value: ({ outputMs }) => microseconds(outputMs),
  },
  { name: 'seriatim_cold_invocations', help: 'First invocations after a load', value: ({ cold }) => cold },
];

/** Triton shows these where the response cache is on. */
const CACHE_FAMILIES: readonly Family[] = [
  { name: 'nv_cache_num_hits_per_model', help: 'Hits of the response cache', value: ({ hits }) => hits },
  {
    name: 'nv_cache_num_misses_per_model',
    help: 'Misses of the response cache',
    value: ({ misses }) => misses,
  },
  {
    name: 'nv_cache_hit_duration_per_model',
    help: 'Looking up what the response cache had, in microseconds',
    value: ({ hitMs }) => microseconds(hitMs),
  },
  {
    name: 'nv_cache_miss_duration_per_model',
    help: 'Looking up what it did not have and putting it in, in microseconds',
    value: ({ missMs }) => microseconds(missMs),
  },
];

function renderModels(models: readonly Counts[], hasCache: boolean): string[] {
  const families = [...FAMILIES, ...(hasCache ? CACHE_FAMILIES : [])].flatMap(({ name, help, value }) => [
    ...heading(name, help, 'counter'),
    ...models.map((counts) => `${name}${labels({ ...counts.label })} ${value(counts)}`),
  ]);
  return [...families, ...renderFailures(models), ...renderBatches(models)];
}

function renderFailures(models: readonly Counts[]): string[] {
  const name = 'nv_inference_request_failure';
  const lines = models.flatMap(({ label, failures }) =>
    [...failures].map(([reason, count]) => `${name}${labels({ ...label, reason })} ${count}`),
  );
  return [...heading(name, 'Invocations that failed', 'counter'), ...lines];
}

function renderBatches(models: readonly Counts[]): string[] {
  const name = 'seriatim_batch_rows';
  return [
    ...heading(name, 'Records per run', 'histogram'),
    ...models.flatMap((counts) => histogram(name, counts)),
  ];
}

function histogram(name: string, { label, batches, runs, rows }: Counts): string[] {
  let sum = 0;
  const buckets = batches.map((count, index) => {
    sum += count;
    return `${name}_bucket${labels({ ...label, le: String(BATCH_BOUNDS[index] ?? '+Inf') })} ${sum}`;
  });
  return [
    ...buckets,
    `${name}_sum${labels({ ...label })} ${rows}`,
    `${name}_count${labels({ ...label })} ${runs}`,
  ];
}

function renderGauges(gauges: readonly ModelGauges[]): string[] {
  const pending = 'nv_inference_pending_request_count';
  const info = 'seriatim_model_info';
  return [
    ...heading(pending, 'Invocations waiting for a run', 'gauge'),
    ...gauges.map(({ label, waiting }) => `${pending}${labels({ ...label })} ${waiting}`),
    ...heading(info, 'Execution provider and thread of each model', 'gauge'),
    ...gauges.map(
      ({ label: { model }, provider, thread }) => `${info}${labels({ model, provider, thread })} 1`,
    ),
    ...renderPassedOver(gauges),
  ];
}

/** `cuda: what it said` as `provider="cuda"`: the reason is for `/ping` and the log. */
function renderPassedOver(gauges: readonly ModelGauges[]): string[] {
  const metric = 'seriatim_provider_passed_over';
  const lines = gauges.flatMap(({ label: { model }, passedOver }) =>
    passedOver.map((reason) => `${metric}${labels({ model, provider: reason.split(':', 1)[0]! })} 1`),
  );
  return lines.length === 0
    ? []
    : [...heading(metric, 'Execution providers that were tried before the one in use', 'gauge'), ...lines];
}

function renderLoads({ loads, unloads, failures, loadMs }: LoadCounts, loaded: number): string[] {
  return [
    ...heading('seriatim_models_loaded', 'Models in memory', 'gauge'),
    `seriatim_models_loaded ${loaded}`,
    ...heading('seriatim_model_loads', 'Loads of models', 'counter'),
    `seriatim_model_loads ${loads}`,
    ...heading('seriatim_model_load_failures', 'Loads that failed', 'counter'),
    `seriatim_model_load_failures ${failures}`,
    ...heading('seriatim_model_load_duration_us', 'Loading models', 'counter'),
    `seriatim_model_load_duration_us ${microseconds(loadMs)}`,
    ...heading('seriatim_model_unloads', 'Models unloaded', 'counter'),
    `seriatim_model_unloads ${unloads}`,
  ];
}

/**
 * Whether invocations found their model in memory, as SageMaker's ModelCacheHit has it: a first invocation after a load
 * missed, and so did one of a model that is not loaded. A model is evicted by its unload.
 */
function renderStore({ hits, misses, unloads }: LoadCounts): string[] {
  const counts = {
    seriatim_model_cache_hits: { help: 'Invocations that found their model warm', count: hits },
    seriatim_model_cache_misses: { help: 'First invocations after a load, and of no model', count: misses },
    seriatim_model_cache_evictions: { help: 'Models unloaded', count: unloads },
  };
  return Object.entries(counts).flatMap(([name, { help, count }]) => [
    ...heading(name, help, 'counter'),
    `${name} ${count}`,
  ]);
}

/** The response cache as a whole, in the words that Triton had for it. */
function renderCache({ entries, evictions, bytes, limitBytes }: CacheFigures): string[] {
  return [
    ...heading('nv_cache_num_entries', 'Responses in the response cache', 'gauge'),
    `nv_cache_num_entries ${entries}`,
    ...heading('nv_cache_num_evictions', 'Responses that made room for others', 'gauge'),
    `nv_cache_num_evictions ${evictions}`,
    ...heading('nv_cache_util', 'Share of the response cache that is taken, 0 to 1', 'gauge'),
    `nv_cache_util ${(bytes / limitBytes).toFixed(4)}`,
  ];
}

function heading(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function labels(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

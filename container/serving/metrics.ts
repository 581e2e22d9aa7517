// Counts per model, written as Prometheus text at `/metrics`. What Triton also counts has Triton's name and meaning
// (https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/metrics.html), so that its
// dashboards work; durations are sums in microseconds.
import type { InvocationTimes } from './served-model.ts';

export interface Metrics {
  model(name: string): ModelMetrics;
  loaded(name: string, loadMs: number): void;
  unloaded(name: string): void;
  /** A load that failed. */
  loadFailed(): void;
  render(gauges: readonly ModelGauges[]): string;
}

export interface ModelMetrics {
  succeeded(times: InvocationTimes, totalMs: number, isCold: boolean): void;
  failed(statusCode: number): void;
  /** One run of the runtime over this many rows. */
  ran(rows: number): void;
}

/** What is true now, of one model. */
export interface ModelGauges {
  readonly name: string;
  readonly provider: string;
  readonly passedOver: readonly string[];
  readonly thread: string;
  readonly waiting: number;
}

interface Counts {
  success: number;
  rows: number;
  runs: number;
  cold: number;
  totalMs: number;
  queueMs: number;
  inputMs: number;
  inferMs: number;
  outputMs: number;
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
}

export function createMetrics(): Metrics {
  const models = new Map<string, Counts>();
  const loads: LoadCounts = { loads: 0, unloads: 0, failures: 0, loadMs: 0 };
  const countsOf = (name: string): Counts => {
    const known = models.get(name);
    if (known !== undefined) return known;
    const counts = emptyCounts();
    models.set(name, counts);
    return counts;
  };
  return {
    model: (name) => recorder(countsOf(name)),
    loaded: (_name, loadMs) => {
      loads.loads++;
      loads.loadMs += loadMs;
    },
    unloaded: (name) => {
      loads.unloads++;
      models.delete(name);
    },
    loadFailed: () => void loads.failures++,
    render: (gauges) =>
      [...renderModels(models), ...renderGauges(gauges), ...renderLoads(loads, gauges.length), ''].join('\n'),
  };
}

function emptyCounts(): Counts {
  const sums = { totalMs: 0, queueMs: 0, inputMs: 0, inferMs: 0, outputMs: 0 };
  const batches = new Array<number>(BATCH_BOUNDS.length + 1).fill(0);
  return { success: 0, rows: 0, runs: 0, cold: 0, ...sums, failures: new Map(), batches };
}

function recorder(counts: Counts): ModelMetrics {
  return {
    succeeded: (times, totalMs, isCold) => {
      counts.success++;
      counts.rows += times.rows;
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
    ran: (rows) => {
      counts.runs++;
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
  { name: 'nv_inference_count', help: 'Records inferred', value: ({ rows }) => rows },
  { name: 'nv_inference_exec_count', help: 'Runs of the model', value: ({ runs }) => runs },
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

function renderModels(models: ReadonlyMap<string, Counts>): string[] {
  const families = FAMILIES.flatMap(({ name, help, value }) => [
    ...heading(name, help, 'counter'),
    ...[...models].map(([model, counts]) => `${name}${labels({ model, version: '1' })} ${value(counts)}`),
  ]);
  return [...families, ...renderFailures(models), ...renderBatches(models)];
}

function renderFailures(models: ReadonlyMap<string, Counts>): string[] {
  const name = 'nv_inference_request_failure';
  const lines = [...models].flatMap(([model, { failures }]) =>
    [...failures].map(([reason, count]) => `${name}${labels({ model, version: '1', reason })} ${count}`),
  );
  return [...heading(name, 'Invocations that failed', 'counter'), ...lines];
}

function renderBatches(models: ReadonlyMap<string, Counts>): string[] {
  const name = 'seriatim_batch_rows';
  return [
    ...heading(name, 'Records per run', 'histogram'),
    ...[...models].flatMap(([model, counts]) => histogram(name, model, counts)),
  ];
}

function histogram(name: string, model: string, { batches, runs, rows }: Counts): string[] {
  let sum = 0;
  const buckets = batches.map((count, index) => {
    sum += count;
    return `${name}_bucket${labels({ model, le: String(BATCH_BOUNDS[index] ?? '+Inf') })} ${sum}`;
  });
  return [...buckets, `${name}_sum${labels({ model })} ${rows}`, `${name}_count${labels({ model })} ${runs}`];
}

function renderGauges(gauges: readonly ModelGauges[]): string[] {
  const pending = 'nv_inference_pending_request_count';
  const info = 'seriatim_model_info';
  return [
    ...heading(pending, 'Invocations waiting for a run', 'gauge'),
    ...gauges.map(({ name, waiting }) => `${pending}${labels({ model: name, version: '1' })} ${waiting}`),
    ...heading(info, 'Execution provider and thread of each model', 'gauge'),
    ...gauges.map(({ name, provider, thread }) => `${info}${labels({ model: name, provider, thread })} 1`),
    ...renderPassedOver(gauges),
  ];
}

/** `cuda: what it said` as `provider="cuda"`: the reason is for `/ping` and the log. */
function renderPassedOver(gauges: readonly ModelGauges[]): string[] {
  const metric = 'seriatim_provider_passed_over';
  const lines = gauges.flatMap(({ name, passedOver }) =>
    passedOver.map((reason) => `${metric}${labels({ model: name, provider: reason.split(':', 1)[0]! })} 1`),
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

// The container's settings, read once from SageMaker's environment variables and our own (`SERIATIM_…`). A value that
// makes no sense ends the program with one line that names the variable.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

export interface Settings {
  /** `/opt/ml` on SageMaker. */
  readonly baseFolder: string;
  /** Where SageMaker unpacks the artefact: `<baseFolder>/model`. */
  readonly modelFolder: string;
  readonly host: string;
  readonly port: number;
  readonly isMultiModel: boolean;
  /** Chosen where the request's Accept is absent or `*` + `/*`. */
  readonly defaultAccept: string;
  readonly maxBodyBytes: number;
  /** From a request's arrival to its answer, in milliseconds. */
  readonly deadlineMs: number;
  /** Worker threads for models that need one. */
  readonly workers: number;
  /** JavaScript heap that a worker thread may have, in megabytes; absent: Node's own bound. */
  readonly workerHeapMegabytes?: number;
  /** `auto`: light ONNX models run on the server's own thread, all others in workers. */
  readonly thread: 'auto' | 'server' | 'worker';
  /** Models held at once; one more is answered 507. */
  readonly maxModels: number;
  /** Resident memory past which a load is answered 507, in bytes. */
  readonly memoryLimitBytes: number;
  /** Invocations that may wait for one model; one more is answered 503. */
  readonly queueLimit: number;
  readonly batching: BatchSettings;
  /**
   * The same for models in workers. Their runs are long: past a few rows a larger batch gains nothing (measured on
   * convolutions) and takes memory that the runtime keeps.
   */
  readonly workerBatching: BatchSettings;
  /** Triton's response cache, for the models whose configuration asks for it; 0: off. */
  readonly responseCacheBytes: number;
  /** Execution providers in the order in which they are tried. */
  readonly providers: readonly string[];
  /** Whether answers carry `X-Amzn-SageMaker-Custom-Attributes` saying what the invocation met. */
  readonly reportsAttributes: boolean;
  /** Target models that hosting never unloads, for the report. */
  readonly pinnedModels: readonly string[];
  /** Whether answers carry `Server-Timing` with the invocation's times. */
  readonly reportsServerTiming: boolean;
  /** Which model of a Triton repository answers; absent: the only one, or the only ensemble. */
  readonly tritonModel?: string;
  /** The handlers' file in `code/`; absent: `inference.ts` and its like. */
  readonly program?: string;
  /** The container's place among several in series; absent: it answers for itself. */
  readonly series?: SeriesPlace;
  readonly exitsWithParent: boolean;
  /** How long SIGTERM waits for what is in flight. SageMaker kills 30 s after it. */
  readonly drainMs: number;
  readonly batchTransform: BatchTransformSettings;
}

/** One of several containers in series that hand on what each of them answered: `SERIATIM_SERIES`, as JSON. */
export interface SeriesPlace {
  /** The name under which its answer is collected. */
  readonly stage: string;
  /** What the model answers with; its own default unless told. */
  readonly accept?: string;
  /** The last one gives all answers to the caller. */
  readonly isLast: boolean;
}

export interface BatchSettings {
  /** Records that share one run at most; 1 switches batching off. */
  readonly maxRows: number;
  /** How long a batch waits to fill, in milliseconds. 0: it takes what is there when the instance is free. */
  readonly delayMs: number;
  /** Sizes that are sent off without waiting, as Triton's `preferred_batch_size`. */
  readonly preferredRows: readonly number[];
}

/** What `GET /execution-parameters` tells a batch transform job. */
export interface BatchTransformSettings {
  readonly maxConcurrentTransforms: number;
  readonly strategy: 'SINGLE_RECORD' | 'MULTI_RECORD';
  readonly maxPayloadMegabytes: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_BASE_FOLDER = '/opt/ml';
const MEGABYTE = 1024 * 1024;

/** @throws RangeError for a variable whose value cannot be used */
export function readSettings(env: Environment): Settings {
  const baseFolder = env.SAGEMAKER_BASE_DIR ?? DEFAULT_BASE_FOLDER;
  return {
    baseFolder,
    modelFolder: join(baseFolder, 'model'),
    host: env.SAGEMAKER_BIND_ADDRESS ?? (baseFolder === DEFAULT_BASE_FOLDER ? '0.0.0.0' : '127.0.0.1'),
    port: integer(env, 'SAGEMAKER_BIND_TO_PORT', { fallback: 8080, min: 0, max: 65_535 }),
    isMultiModel: flag(env, 'SAGEMAKER_MULTI_MODEL'),
    defaultAccept: env.SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT ?? 'application/json',
    maxBodyBytes: maxBodyBytes(env),
    deadlineMs: deadlineMs(env),
    workers: integer(env, 'SAGEMAKER_MODEL_SERVER_WORKERS', { fallback: availableParallelism(), min: 1 }),
    ...workerHeap(env),
    thread: choice(env, 'SERIATIM_THREAD', ['auto', 'server', 'worker']),
    maxModels: integer(env, 'SERIATIM_MAX_MODELS', { fallback: Number.MAX_SAFE_INTEGER, min: 1 }),
    memoryLimitBytes:
      integer(env, 'SERIATIM_MODEL_MEMORY_MB', { fallback: Number.MAX_SAFE_INTEGER / MEGABYTE, min: 1 }) *
      MEGABYTE,
    queueLimit: integer(env, 'SERIATIM_QUEUE_LIMIT', { fallback: 1000, min: 1 }),
    batching: batchSettings(env, 32),
    workerBatching: batchSettings(env, 8),
    responseCacheBytes: integer(env, 'SERIATIM_RESPONSE_CACHE_BYTES', { fallback: 0, min: 0 }),
    providers: list(env.SERIATIM_PROVIDERS ?? 'cpu'),
    ...reports(env),
    pinnedModels: list(env.SERIATIM_PINNED_MODELS),
    ...(env.SAGEMAKER_TRITON_DEFAULT_MODEL_NAME && { tritonModel: env.SAGEMAKER_TRITON_DEFAULT_MODEL_NAME }),
    ...(env.SAGEMAKER_PROGRAM && { program: env.SAGEMAKER_PROGRAM }),
    ...seriesPlace(env),
    exitsWithParent: flag(env, 'SERIATIM_EXIT_WITH_PARENT'),
    drainMs: integer(env, 'SERIATIM_DRAIN_MS', { fallback: 25_000, min: 0 }),
    batchTransform: batchTransformSettings(env),
  };
}

/** 25 MB is the real-time limit; a batch transform job says its own. */
function maxBodyBytes(env: Environment): number {
  const transformMegabytes = integer(env, 'SAGEMAKER_MAX_PAYLOAD_IN_MB', { fallback: 0, min: 0 });
  const fallback = transformMegabytes > 0 ? transformMegabytes * MEGABYTE : 25 * MEGABYTE;
  return integer(env, 'SERIATIM_MAX_BODY_BYTES', { fallback, min: 1 });
}

function deadlineMs(env: Environment): number {
  const seconds = integer(env, 'SAGEMAKER_MODEL_SERVER_TIMEOUT', { fallback: 60, min: 1 });
  return integer(env, 'SERIATIM_DEADLINE_MS', { fallback: seconds * 1000, min: 1 });
}

function reports(env: Environment): Pick<Settings, 'reportsAttributes' | 'reportsServerTiming'> {
  const words = list(env.SERIATIM_REPORT);
  const unknown = words.find((word) => word !== 'custom-attributes' && word !== 'server-timing');
  if (unknown !== undefined)
    throw new RangeError(`SERIATIM_REPORT takes custom-attributes and server-timing, not "${unknown}".`);
  return {
    reportsAttributes: words.includes('custom-attributes'),
    reportsServerTiming: words.includes('server-timing'),
  };
}

function workerHeap(env: Environment): Pick<Settings, 'workerHeapMegabytes'> {
  const megabytes = integer(env, 'SERIATIM_WORKER_HEAP_MB', { fallback: 0, min: 16 });
  return megabytes === 0 ? {} : { workerHeapMegabytes: megabytes };
}

function seriesPlace({ SERIATIM_SERIES: text }: Environment): Pick<Settings, 'series'> {
  if (text === undefined || text === '') return {};
  try {
    const series = JSON.parse(text) as SeriesPlace;
    if (typeof series.stage === 'string' && typeof series.isLast === 'boolean') return { series };
  } catch {
    // Told below.
  }
  throw new RangeError(`SERIATIM_SERIES must be JSON with "stage" and "isLast", not "${text}".`);
}

function batchSettings(env: Environment, maxRows: number): BatchSettings {
  return {
    maxRows: integer(env, 'SERIATIM_MAX_BATCH', { fallback: maxRows, min: 1 }),
    delayMs: integer(env, 'SERIATIM_BATCH_DELAY_MS', { fallback: 0, min: 0 }),
    preferredRows: preferredRows(env),
  };
}

function preferredRows(env: Environment): number[] {
  const name = 'SERIATIM_PREFERRED_BATCH';
  return list(env[name]).map((text) => integer({ [name]: text }, name, { fallback: 1, min: 1 }));
}

function batchTransformSettings(env: Environment): BatchTransformSettings {
  const name = 'SAGEMAKER_MAX_CONCURRENT_TRANSFORMS';
  return {
    maxConcurrentTransforms: integer(env, name, { fallback: availableParallelism(), min: 1 }),
    strategy: choice(env, 'SAGEMAKER_BATCH_STRATEGY', ['MULTI_RECORD', 'SINGLE_RECORD']),
    maxPayloadMegabytes: integer(env, 'SAGEMAKER_MAX_PAYLOAD_IN_MB', { fallback: 6, min: 0 }),
  };
}

interface IntegerRange {
  readonly fallback: number;
  readonly min: number;
  readonly max?: number;
}

function integer(env: Environment, name: string, range: IntegerRange): number {
  const text = env[name];
  if (text === undefined || text === '') return range.fallback;
  const value = Number(text);
  const isInRange = value >= range.min && value <= (range.max ?? Number.MAX_SAFE_INTEGER);
  if (Number.isInteger(value) && isInRange) return value;
  const bounds = range.max === undefined ? `${range.min}` : `${range.min} to ${range.max}`;
  throw new RangeError(`${name} must be a whole number from ${bounds}, not "${text}".`);
}

/** The first choice is the default. */
function choice<const Choice extends string>(
  env: Environment,
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const text = env[name];
  if (text === undefined || text === '') return choices[0];
  const found = choices.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw new RangeError(`${name} must be one of ${choices.join(', ')}, not "${text}".`);
}

function flag(env: Environment, name: string): boolean {
  return ['1', 'true', 'yes'].includes((env[name] ?? '').toLowerCase());
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

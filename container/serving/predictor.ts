// A predictor turns tensors into tensors: a batcher before the instances of one ONNX model. A light model's instance
// is the server's own thread, because a hop to a worker costs more than its inference (measured: 38 µs of CPU per
// request against 113); others are in workers. Triton's ensembles are predictors too (`triton/ensemble.ts`).
import type { Logger } from '../handlers/api.ts';
import { loadModel } from '../instances/loaded-model.ts';
import type { Pool } from '../instances/pool.ts';
import type { ModelSource } from '../instances/protocol.ts';
import { readLight } from '../onnx/light.ts';
import type { BatchSettings, Settings } from '../settings.ts';
import type { Signature, Tensors } from '../tensors.ts';
import { type BatchAnswer, type BatchRequest, createBatcher } from './batcher.ts';
import type { Metrics, ModelLabel } from './metrics.ts';
import type { ResponseCache } from './response-cache.ts';

export type Thread = 'server' | 'worker';

export interface Predictor {
  readonly signature: Signature;
  /** The execution provider in use. */
  readonly provider: string;
  /** Why the providers before it were passed over. */
  readonly passedOver: readonly string[];
  readonly thread: Thread;
  /** @throws InferenceError */
  predict(request: BatchRequest): Promise<BatchAnswer>;
  /** Requests that wait for a run. */
  waiting(): number;
  release(): Promise<void>;
}

export interface PredictorOptions {
  readonly settings: Settings;
  readonly pool: Pool;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Absent where the settings have none. */
  readonly responseCache?: ResponseCache;
  /** In place of the source's name and version 1. */
  readonly label?: ModelLabel;
  /** In place of the settings' own. */
  readonly batching?: BatchSettings;
  /** In place of what the ONNX file says, such as a Triton configuration; checked against it. */
  readonly declare?: (found: Signature) => Signature;
  /** Instances at most, in place of the number of workers. */
  readonly instances?: number;
}

/** @throws InferenceError InvalidArtefact, ModelOutOfMemory */
export async function createPredictor(source: ModelSource, options: PredictorOptions): Promise<Predictor> {
  const { thread, providers } = options.settings;
  if (thread === 'server') return createInline(source, options);
  const isForServer = thread === 'auto' && providers.every((provider) => provider === 'cpu');
  const bytes = isForServer ? readLight(source.onnxFile!) : undefined;
  return bytes === undefined ? createPooled(source, options) : createInline(source, options, bytes);
}

async function createInline(
  source: ModelSource,
  options: PredictorOptions,
  bytes?: Uint8Array,
): Promise<Predictor> {
  const loaded = await loadModel(source, options.logger, bytes);
  const signature = declared(loaded.facts.signature!, options);
  const batcher = createBatcher({
    ...batcherOptions(source, signature, {
      ...options,
      batching: options.batching ?? options.settings.batching,
    }),
    instances: 1,
    run: async (tensors) => pickOutputs(await loaded.predict(tensors), signature),
  });
  return {
    signature,
    provider: loaded.facts.provider!,
    passedOver: loaded.facts.passedOver ?? [],
    thread: 'server',
    predict: (request) => batcher.submit(request),
    waiting: () => batcher.waiting,
    release: () => loaded.release(),
  };
}

async function createPooled(source: ModelSource, options: PredictorOptions): Promise<Predictor> {
  const { pool, settings } = options;
  const facts = await pool.load(source);
  const signature = declared(facts.signature!, options);
  const batcher = createBatcher({
    ...batcherOptions(source, signature, options),
    instances: Math.min(options.instances ?? settings.workers, settings.workers),
    run: async (tensors, limits) =>
      pickOutputs(
        await pool.run(source, limits, (worker) => worker.predict(source.name, tensors, limits.isOwned)),
        signature,
      ),
  });
  return {
    signature,
    provider: facts.provider!,
    passedOver: facts.passedOver ?? [],
    thread: 'worker',
    predict: (request) => batcher.submit(request),
    waiting: () => batcher.waiting,
    release: () => pool.unload(source.name),
  };
}

/** A Triton configuration may leave outputs out. */
function pickOutputs(tensors: Tensors, { outputs }: Signature): Tensors {
  if (Object.keys(tensors).length === outputs.length) return tensors;
  return Object.fromEntries(outputs.map(({ name }) => [name, tensors[name]!]));
}

function declared(found: Signature, { declare }: PredictorOptions): Signature {
  return declare === undefined ? found : declare(found);
}

function batcherOptions({ name }: ModelSource, signature: Signature, options: PredictorOptions) {
  const { settings, metrics } = options;
  const batching = options.batching ?? settings.workerBatching;
  return {
    signature,
    settings: signature.isBatched ? batching : { ...batching, maxRows: 1, delayMs: 0 },
    queueLimit: settings.queueLimit,
    onRun: metrics.model(options.label ?? { model: name, version: '1' }).ran,
  };
}

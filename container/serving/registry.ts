// The models that are loaded, by name, within the bounds on their number and memory. One load per name however many
// ask for it; a model being unloaded takes no new invocations and is released when those in flight are done.
import { type Artefact, inspectArtefact } from '../artefact.ts';
import { InferenceError, toInferenceError } from '../errors.ts';
import type { Settings } from '../settings.ts';
import type { ModelMetrics } from './metrics.ts';
import {
  type Invocation,
  type InvocationAnswer,
  type ServedModel,
  type ServedModelOptions,
  serveModel,
} from './served-model.ts';

/** What the runtime keeps for a session besides the weights (measured: 24 MB for 200 models of 11 KB). */
const SESSION_OVERHEAD_BYTES = 128 * 1024;

/** Names of unloaded models that are remembered, to tell a first load from one after an eviction. */
const UNLOADED_KEPT = 10_000;

export interface Registry {
  /** @throws InferenceError ModelAlreadyLoaded, ModelOutOfMemory, InvalidArtefact */
  load(name: string, folder: string): Promise<ServedModel>;
  /** @throws InferenceError ModelNotFound */
  unload(name: string): Promise<void>;
  /** @throws InferenceError ModelNotFound */
  get(name: string): ServedModel;
  /** The model that an invocation is for. One that is not loaded counts as missed. @throws InferenceError ModelNotFound */
  target(name: string): ServedModel;
  /** @throws InferenceError ModelNotFound, and what the model throws */
  invoke(name: string, invocation: Invocation): Promise<Invoked>;
  /** Loaded models by name. */
  list(): readonly ServedModel[];
}

export interface Invoked {
  readonly answer: InvocationAnswer;
  readonly model: ServedModel;
  /** Whether this was the model's first invocation since it was loaded. */
  readonly isCold: boolean;
  /** Whether the model had been here before and was unloaded. */
  readonly wasEvicted: boolean;
}

interface Entry {
  readonly model: ServedModel;
  readonly bytes: number;
  readonly metrics: ModelMetrics;
  readonly wasEvicted: boolean;
  inFlight: number;
  invocations: number;
  onIdle: (() => void) | undefined;
}

type RegistryOptions = Omit<ServedModelOptions, 'name' | 'artefact' | 'startedAt'>;

export function createRegistry(options: RegistryOptions): Registry {
  return new ModelRegistry(options);
}

class ModelRegistry implements Registry {
  readonly #options: RegistryOptions;
  readonly #entries = new Map<string, Entry>();
  /** Bytes that the models being loaded will take. */
  readonly #loading = new Map<string, number>();
  /** Names of models that were unloaded, the last ones. */
  readonly #unloaded = new Set<string>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  async load(name: string, folder: string): Promise<ServedModel> {
    if (this.#entries.has(name) || this.#loading.has(name)) {
      throw new InferenceError('ModelAlreadyLoaded', `The model "${name}" is loaded already.`);
    }
    this.#loading.set(name, 0);
    try {
      return await this.#open(name, folder);
    } catch (thrown) {
      this.#options.metrics.loadFailed();
      throw thrown;
    } finally {
      this.#loading.delete(name);
    }
  }

  async #open(name: string, folder: string): Promise<ServedModel> {
    const { metrics } = this.#options;
    const startedAt = performance.now();
    const { program, memoryLimitBytes } = this.#options.settings;
    const needsSize = memoryLimitBytes < Number.MAX_SAFE_INTEGER;
    const artefact = await inspectArtefact(folder, { needsSize, ...(program && { program }) });
    if (artefact.warning !== undefined) this.#options.logger.warn(artefact.warning);
    const bytes = this.#checkRoom(name, artefact);
    this.#loading.set(name, bytes);
    const model = await serveModel({ ...this.#options, name, artefact, startedAt });
    metrics.loaded(model.loadMs);
    const counts = { inFlight: 0, invocations: 0, onIdle: undefined, wasEvicted: this.#unloaded.has(name) };
    this.#entries.set(name, { model, bytes, metrics: metrics.model(model.label), ...counts });
    return model;
  }

  async invoke(name: string, invocation: Invocation): Promise<Invoked> {
    const entry = this.#find(name);
    const isCold = entry.invocations++ === 0;
    this.#options.metrics.asked(!isCold);
    const startedAt = performance.now();
    entry.inFlight++;
    try {
      const answer = await entry.model.invoke(invocation);
      entry.metrics.succeeded(answer.times, performance.now() - startedAt, isCold);
      return { answer, model: entry.model, isCold, wasEvicted: entry.wasEvicted };
    } catch (thrown) {
      entry.metrics.failed(toInferenceError(thrown).statusCode);
      throw thrown;
    } finally {
      if (--entry.inFlight === 0) entry.onIdle?.();
    }
  }

  async unload(name: string): Promise<void> {
    const entry = this.#find(name);
    this.#entries.delete(name);
    this.#remember(name);
    await idle(entry);
    await entry.model.release();
    this.#options.metrics.unloaded();
    this.#options.metrics.forget(entry.model.label);
  }

  #remember(name: string): void {
    this.#unloaded.delete(name);
    this.#unloaded.add(name);
    const [oldest] = this.#unloaded;
    if (this.#unloaded.size > UNLOADED_KEPT && oldest !== undefined) this.#unloaded.delete(oldest);
  }

  get(name: string): ServedModel {
    return this.#find(name).model;
  }

  target(name: string): ServedModel {
    if (!this.#entries.has(name)) this.#options.metrics.asked(false);
    return this.#find(name).model;
  }

  list(): readonly ServedModel[] {
    return [...this.#entries.values()].map(({ model }) => model);
  }

  #find(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    throw new InferenceError('ModelNotFound', `The model "${name}" is not loaded.`);
  }

  /** @throws InferenceError ModelOutOfMemory */
  #checkRoom(name: string, artefact: Artefact): number {
    const bytes = artefact.bytes + SESSION_OVERHEAD_BYTES;
    const models = this.#entries.size + this.#loading.size - 1;
    checkBounds(name, { bytes, others: { models, bytes: this.#usedBytes() } }, this.#options.settings);
    return bytes;
  }

  #usedBytes(): number {
    let sum = 0;
    for (const { bytes } of this.#entries.values()) sum += bytes;
    for (const bytes of this.#loading.values()) sum += bytes;
    return sum;
  }
}

/** Resolves when none of the model's invocations is in flight. */
function idle(entry: Entry): Promise<void> {
  if (entry.inFlight === 0) return Promise.resolve();
  return new Promise((resolve) => {
    entry.onIdle = resolve;
  });
}

interface Room {
  readonly bytes: number;
  readonly others: { readonly models: number; readonly bytes: number };
}

function checkBounds(name: string, { bytes, others }: Room, { maxModels, memoryLimitBytes }: Settings): void {
  if (others.models + 1 > maxModels) {
    throw new InferenceError(
      'ModelOutOfMemory',
      `${others.models} models are loaded, and no more than ${maxModels} may be: "${name}" is one too many.`,
    );
  }
  if (others.bytes + bytes <= memoryLimitBytes) return;
  const message = `"${name}" needs about ${bytes} bytes, ${others.bytes} of ${memoryLimitBytes} are taken.`;
  throw new InferenceError('ModelOutOfMemory', message);
}

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

export interface Registry {
  /** @throws InferenceError ModelAlreadyLoaded, ModelOutOfMemory, InvalidArtefact */
  load(name: string, folder: string): Promise<ServedModel>;
  /** @throws InferenceError ModelNotFound */
  unload(name: string): Promise<void>;
  /** @throws InferenceError ModelNotFound */
  get(name: string): ServedModel;
  /** @throws InferenceError ModelNotFound, and what the model throws */
  invoke(name: string, invocation: Invocation): Promise<Invoked>;
  /** Loaded models by name. */
  list(): readonly ServedModel[];
  readonly size: number;
  close(): Promise<void>;
}

export interface Invoked {
  readonly answer: InvocationAnswer;
  readonly model: ServedModel;
  /** Whether this was the model's first invocation since it was loaded. */
  readonly isCold: boolean;
}

interface Entry {
  readonly model: ServedModel;
  readonly bytes: number;
  readonly metrics: ModelMetrics;
  inFlight: number;
  invocations: number;
  onIdle: (() => void) | undefined;
}

type RegistryOptions = Omit<ServedModelOptions, 'name' | 'folder'>;

export function createRegistry(options: RegistryOptions): Registry {
  const entries = new Map<string, Entry>();
  const loading = new Map<string, number>();

  const find = (name: string): Entry => {
    const entry = entries.get(name);
    if (entry !== undefined) return entry;
    throw new InferenceError('ModelNotFound', `The model "${name}" is not loaded.`);
  };

  const usedBytes = (): number => {
    let sum = 0;
    for (const { bytes } of entries.values()) sum += bytes;
    for (const bytes of loading.values()) sum += bytes;
    return sum;
  };

  const checkRoom = (name: string, artefact: Artefact): number => {
    const bytes = artefact.bytes + SESSION_OVERHEAD_BYTES;
    const others = { models: entries.size + loading.size - 1, bytes: usedBytes() };
    checkBounds(name, { bytes, others }, options.settings);
    return bytes;
  };

  const load: Registry['load'] = async (name, folder) => {
    if (entries.has(name) || loading.has(name)) {
      throw new InferenceError('ModelAlreadyLoaded', `The model "${name}" is loaded already.`);
    }
    loading.set(name, 0);
    try {
      const bytes = checkRoom(name, await inspectArtefact(folder));
      loading.set(name, bytes);
      const model = await serveModel({ ...options, name, folder });
      options.metrics.loaded(name, model.loadMs);
      entries.set(name, {
        model,
        bytes,
        metrics: options.metrics.model(name),
        inFlight: 0,
        invocations: 0,
        onIdle: undefined,
      });
      return model;
    } catch (thrown) {
      options.metrics.loadFailed();
      throw thrown;
    } finally {
      loading.delete(name);
    }
  };

  const invoke: Registry['invoke'] = async (name, invocation) => {
    const entry = find(name);
    const isCold = entry.invocations++ === 0;
    const startedAt = performance.now();
    entry.inFlight++;
    try {
      const answer = await entry.model.invoke(invocation);
      entry.metrics.succeeded(answer.times, performance.now() - startedAt, isCold);
      return { answer, model: entry.model, isCold };
    } catch (thrown) {
      entry.metrics.failed(toInferenceError(thrown).statusCode);
      throw thrown;
    } finally {
      if (--entry.inFlight === 0) entry.onIdle?.();
    }
  };

  const unload: Registry['unload'] = async (name) => {
    const entry = find(name);
    entries.delete(name);
    if (entry.inFlight > 0)
      await new Promise<void>((resolve) => {
        entry.onIdle = resolve;
      });
    await entry.model.release();
    options.metrics.unloaded(name);
  };

  return {
    load,
    unload,
    invoke,
    get: (name) => find(name).model,
    list: () => [...entries.values()].map(({ model }) => model),
    get size() {
      return entries.size;
    },
    close: async () => {
      await Promise.all([...entries.keys()].map((name) => unload(name)));
    },
  };
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

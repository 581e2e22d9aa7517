// Triton's response cache (`response_cache { enable: true }` in a model's configuration, a size in the settings): the
// outputs of earlier requests, by the model, its version and all of the inputs. One bound on bytes for all models; what
// was not asked for longest makes room. A hit takes no run and joins no batch.
import { createHash } from 'node:crypto';
import { bytesOf, type Tensor, type Tensors } from '../tensors.ts';
import type { BatchAnswer } from './batcher.ts';
import type { ModelLabel, ModelMetrics } from './metrics.ts';
import type { Predictor } from './predictor.ts';

export interface ResponseCache {
  get(key: string): Tensors | undefined;
  /** What is larger than the whole cache is not kept. */
  put(key: string, outputs: Tensors): void;
  figures(): CacheFigures;
}

export interface CacheFigures {
  readonly entries: number;
  readonly evictions: number;
  readonly bytes: number;
  readonly limitBytes: number;
}

interface Entry {
  readonly outputs: Tensors;
  readonly bytes: number;
}

export function createResponseCache(limitBytes: number): ResponseCache {
  // In the order of use: a Map keeps the order of insertion.
  const entries = new Map<string, Entry>();
  let bytes = 0;
  let evictions = 0;
  const remove = (key: string, entry: Entry) => {
    entries.delete(key);
    bytes -= entry.bytes;
  };
  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.outputs;
    },
    put: (key, outputs) => {
      const entry = { outputs: copyTensors(outputs), bytes: sizeOf(outputs) };
      if (entry.bytes > limitBytes) return;
      const known = entries.get(key);
      if (known !== undefined) remove(key, known);
      for (const [oldest, old] of entries) {
        if (bytes + entry.bytes <= limitBytes) break;
        remove(oldest, old);
        evictions++;
      }
      entries.set(key, entry);
      bytes += entry.bytes;
    },
    figures: () => ({ entries: entries.size, evictions, bytes, limitBytes }),
  };
}

/** A key and what the map keeps for an entry. */
const ENTRY_OVERHEAD_BYTES = 200;

/** The rows of one caller are a view of the whole batch's memory, which the cache must not hold. */
function copyTensors(tensors: Tensors): Tensors {
  const copies = Object.entries(tensors).map(([name, tensor]) => [
    name,
    { ...tensor, data: tensor.data.slice() } as Tensor,
  ]);
  return Object.fromEntries(copies);
}

function sizeOf(tensors: Tensors): number {
  let bytes = ENTRY_OVERHEAD_BYTES;
  for (const { data } of Object.values(tensors)) {
    if (Array.isArray(data)) for (const text of data) bytes += Buffer.byteLength(text) + 16;
    else bytes += data.byteLength;
  }
  return bytes;
}

export interface CachedOptions {
  readonly cache: ResponseCache;
  readonly label: ModelLabel;
  readonly metrics: ModelMetrics;
}

/** A predictor that asks the cache first. */
export function withResponseCache(predictor: Predictor, { cache, label, metrics }: CachedOptions): Predictor {
  return {
    ...predictor,
    predict: async (request) => {
      const startedAt = performance.now();
      const key = keyOf(request.tensors, label, predictor);
      const found = cache.get(key);
      const lookupMs = performance.now() - startedAt;
      if (found !== undefined) {
        metrics.cached(true, lookupMs);
        return cachedAnswer(found, request.rows);
      }
      const answer = await predictor.predict(request);
      const answeredAt = performance.now();
      cache.put(key, answer.tensors);
      metrics.cached(false, lookupMs + performance.now() - answeredAt);
      return answer;
    },
  };
}

function cachedAnswer(tensors: Tensors, rows: number): BatchAnswer {
  return { tensors, queueMs: 0, batchWaitMs: 0, computeMs: 0, batchRows: rows };
}

/** Lengths stand before what varies in length, so that no two requests read alike. */
function keyOf(tensors: Tensors, { model, version }: ModelLabel, { signature }: Predictor): string {
  const hash = createHash('sha256').update(JSON.stringify([model, version]));
  for (const { name } of signature.inputs) {
    const { dtype, shape, data } = tensors[name]!;
    hash.update(JSON.stringify([name, dtype, shape]));
    if (Array.isArray(data)) hash.update(JSON.stringify(data));
    else hash.update(bytesOf(data));
  }
  return hash.digest('base64');
}

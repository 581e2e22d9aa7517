// One worker thread as the server's thread sees it. It answers one request at a time; when it dies, by a crash or
// because the deadline had passed, what was in flight fails and `onEnd` tells the pool to start another.
import { Worker } from 'node:worker_threads';
import { fromErrorRecord, InferenceError, isOutOfMemory, toInferenceError } from '../errors.ts';
import type { HandlerCall } from '../handlers/run.ts';
import { ownBuffers, type Tensors } from '../tensors.ts';
import type { ModelFacts, ModelSource, WireAnswer, WorkerReply, WorkerRequest } from './protocol.ts';

export interface WorkerInstance {
  load(source: ModelSource): Promise<ModelFacts>;
  unload(name: string): Promise<void>;
  /** With `isOwned` the tensors' memory is handed over and lost to the caller. */
  predict(name: string, tensors: Tensors, isOwned: boolean): Promise<Tensors>;
  handle(name: string, call: HandlerCall, events: StreamEvents): Promise<WireAnswer>;
  /** Ends the thread at once; what is in flight fails with `reason`. */
  kill(reason: InferenceError): Promise<void>;
}

/** A streamed answer as it comes, before `handle` resolves. */
export interface StreamEvents {
  readonly signal: AbortSignal;
  onHead(answer: WireAnswer): void;
  /** A promise where the caller does not take more for now. */
  onChunk(chunk: string | Uint8Array): void | Promise<void>;
}

export interface WorkerInstanceOptions {
  /** The thread's JavaScript heap at most; it ends when it needs more. */
  readonly heapMegabytes?: number;
  /** Called once when the thread has ended, whatever the cause. */
  readonly onEnd: () => void;
  readonly onLog: (level: 'info' | 'warn' | 'error', message: string) => void;
}

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: InferenceError) => void;
  readonly events: StreamEvents | undefined;
}

interface AskOptions {
  readonly events?: StreamEvents;
  readonly transfer?: readonly (ArrayBuffer | ReadableStream)[];
}

type Request = WorkerRequest extends infer Kind
  ? Kind extends { id: number }
    ? Omit<Kind, 'id'>
    : never
  : never;

export function startWorker({ heapMegabytes, onEnd, onLog }: WorkerInstanceOptions): WorkerInstance {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    stdin: false,
    ...(heapMegabytes && { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } }),
  });
  const pending = new Map<number, Pending>();
  let nextId = 0;
  let death: InferenceError | undefined;

  worker.on('message', (reply: WorkerReply) => {
    if (reply.kind === 'log') onLog(reply.level, reply.message);
    else if (reply.kind === 'chunk') void passOn(reply);
    else if (reply.kind === 'head') announce(worker, pending, reply);
    else settle(pending, reply);
  });
  worker.on('error', (thrown: Error) => {
    const code = isOutOfMemory(thrown.message) ? 'ModelOutOfMemory' : 'ModelFailed';
    death ??= new InferenceError(code, `The worker crashed: ${thrown.message}`, { cause: thrown });
  });
  worker.on('exit', (code) => {
    const reason = death ?? new InferenceError('ModelFailed', `The worker ended with exit code ${code}.`);
    for (const { reject } of pending.values()) reject(reason);
    pending.clear();
    onEnd();
  });

  /** The worker hears when the caller has taken the chunk: it sends no more than a window ahead. */
  const passOn = async ({ id, chunk }: Extract<WorkerReply, { kind: 'chunk' }>) => {
    await pending.get(id)?.events?.onChunk(chunk);
    worker.postMessage({ kind: 'taken', id, length: chunk.length });
  };

  const ask = <Value>(request: Request, { events, transfer = [] }: AskOptions = {}): Promise<Value> =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      pending.set(id, { resolve, reject, events });
      events?.signal.addEventListener('abort', () => worker.postMessage({ kind: 'abort', id }), {
        once: true,
      });
      worker.postMessage({ ...request, id }, transfer);
    });

  return {
    load: (source) => ask({ kind: 'load', source }),
    unload: (name) => ask({ kind: 'unload', name }),
    predict: (name, tensors, isOwned) =>
      ask({ kind: 'predict', name, tensors }, { transfer: isOwned ? ownBuffers(tensors) : [] }),
    handle: (name, call, events) => {
      const transfer = call.body instanceof Uint8Array ? [] : [call.body];
      return ask({ kind: 'handle', name, call }, { events, transfer });
    },
    kill: async (reason) => {
      death ??= reason;
      for (const { reject } of pending.values()) reject(reason);
      pending.clear();
      await worker.terminate();
    },
  };
}

function settle(
  pending: Map<number, Pending>,
  reply: Exclude<WorkerReply, { kind: 'log' | 'chunk' | 'head' }>,
): void {
  const request = pending.get(reply.id);
  if (request === undefined) return;
  pending.delete(reply.id);
  if (reply.kind === 'done') request.resolve(reply.value as never);
  else request.reject(fromErrorRecord(reply.error));
}

/** A head that cannot be written, for what a handler put into it, fails the call and ends the handler's stream. */
function announce(
  worker: Worker,
  pending: Map<number, Pending>,
  { id, value }: Extract<WorkerReply, { kind: 'head' }>,
): void {
  const request = pending.get(id);
  try {
    request?.events?.onHead(value);
  } catch (thrown) {
    pending.delete(id);
    worker.postMessage({ kind: 'abort', id });
    request?.reject(toInferenceError(thrown));
  }
}

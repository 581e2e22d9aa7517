// The worker threads, and which models each one holds. A thread does one thing at a time. A model starts on the least
// loaded thread; while that one is busy it may spread to idle ones (`spreads`), which is how one model uses all cores.
// A thread that dies is replaced: its model is loaded again at once in single-model mode, otherwise with the next call.
import { InferenceError } from '../errors.ts';
import type { ModelFacts, ModelSource } from './protocol.ts';
import { startWorker, type WorkerInstance, type WorkerInstanceOptions } from './worker-instance.ts';

export interface PoolOptions {
  /** Threads at most; they start when they are needed. */
  readonly workers: number;
  /** Whether a busy model may be loaded on further threads. */
  readonly spreads: boolean;
  readonly onLog: WorkerInstanceOptions['onLog'];
}

export interface Pool {
  /** Loads the model on one thread. */
  load(source: ModelSource): Promise<ModelFacts>;
  unload(name: string): Promise<void>;
  /**
   * Runs `job` on a thread that holds the model, waiting for one until `limits` say otherwise. A job still running at
   * the deadline costs its thread.
   */
  run<Value>(
    source: ModelSource,
    limits: JobLimits,
    job: (worker: WorkerInstance) => Promise<Value>,
  ): Promise<Value>;
  /** Jobs that wait for a thread. */
  waiting(name: string): number;
  close(): Promise<void>;
}

export interface JobLimits {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Aborts when nobody waits for the answer any more; a job that has not started is then dropped. */
  readonly signal?: AbortSignal;
}

interface Slot {
  readonly worker: WorkerInstance;
  readonly models: Map<string, { readonly source: ModelSource; readonly facts: ModelFacts }>;
  isBusy: boolean;
}

interface Waiter {
  readonly name: string;
  readonly take: (slot: Slot) => void;
}

export function createPool(options: PoolOptions): Pool {
  const slots = new Set<Slot>();
  const waiters: Waiter[] = [];
  let isClosed = false;

  const addSlot = (): Slot => {
    const slot: Slot = {
      worker: startWorker({ onEnd: () => replace(slot), onLog: options.onLog }),
      models: new Map(),
      isBusy: false,
    };
    slots.add(slot);
    return slot;
  };

  const holders = (name: string): Slot[] => [...slots].filter((slot) => slot.models.has(name));

  /** An idle thread that may run the model now: one that holds it first. */
  const findIdle = (name: string): Slot | undefined => {
    const holding = holders(name);
    const idle = holding.find((slot) => !slot.isBusy);
    if (idle !== undefined || (holding.length > 0 && !options.spreads)) return idle;
    if (slots.size < options.workers && (holding.length > 0 || slots.size === 0 || !options.spreads))
      return addSlot();
    return (
      [...slots].filter((slot) => !slot.isBusy).sort((a, b) => a.models.size - b.models.size)[0] ??
      (slots.size < options.workers ? addSlot() : undefined)
    );
  };

  const acquire = (name: string, limits: JobLimits): Promise<Slot> => {
    const idle = findIdle(name);
    if (idle !== undefined) {
      idle.isBusy = true;
      return Promise.resolve(idle);
    }
    return new Promise((resolve, reject) => {
      const waiter = {
        name,
        take: (slot: Slot) => {
          stop();
          resolve(slot);
        },
      };
      const stop = onLimit(limits, (reason) => {
        waiters.splice(waiters.indexOf(waiter), 1);
        reject(reason);
      });
      waiters.push(waiter);
    });
  };

  /** Hands freed threads to the waiters, in order; a waiter that no free thread suits is passed over. */
  const wakeWaiters = (): void => {
    for (const waiter of [...waiters]) {
      const slot = findIdle(waiter.name);
      if (slot === undefined) continue;
      waiters.splice(waiters.indexOf(waiter), 1);
      slot.isBusy = true;
      waiter.take(slot);
    }
  };

  const release = (slot: Slot): void => {
    slot.isBusy = false;
    if (waiters.length > 0) wakeWaiters();
  };

  const ensureLoaded = async (slot: Slot, source: ModelSource): Promise<ModelFacts> => {
    const known = slot.models.get(source.name);
    if (known !== undefined) return known.facts;
    const facts = await slot.worker.load(source);
    slot.models.set(source.name, { source, facts });
    return facts;
  };

  const replace = (slot: Slot): void => {
    slots.delete(slot);
    if (isClosed) return;
    for (const { source } of options.spreads ? slot.models.values() : []) {
      load(source).catch((thrown: Error) => options.onLog('error', thrown.message));
    }
    wakeWaiters();
  };

  const run: Pool['run'] = async (source, limits, job) => {
    const slot = await acquire(source.name, limits);
    const stop = onLimit({ deadline: limits.deadline }, (reason) => {
      slots.delete(slot);
      void slot.worker.kill(reason);
    });
    try {
      await ensureLoaded(slot, source);
      return await job(slot.worker);
    } finally {
      stop();
      release(slot);
    }
  };

  const load: Pool['load'] = (source) => {
    let facts: ModelFacts = {};
    const limits = { deadline: Number.POSITIVE_INFINITY };
    return run(source, limits, async () => {
      facts = holders(source.name)[0]!.models.get(source.name)!.facts;
    }).then(() => facts);
  };

  return {
    run,
    load,
    unload: async (name) => {
      await Promise.all(
        holders(name).map((slot) => {
          slot.models.delete(name);
          return slot.worker.unload(name).catch(() => undefined);
        }),
      );
    },
    waiting: (name) => waiters.filter((waiter) => waiter.name === name).length,
    close: async () => {
      isClosed = true;
      const reason = new InferenceError('Overloaded', 'The container is stopping.');
      await Promise.all([...slots].map((slot) => slot.worker.kill(reason)));
    },
  };
}

const LONGEST_TIMER_MS = 2_147_483_647;

/** Calls back once at the deadline or when the signal aborts, unless stopped first. */
function onLimit({ deadline, signal }: JobLimits, onReached: (reason: InferenceError) => void): () => void {
  const timeoutMs = deadline - Date.now();
  const timer =
    timeoutMs <= LONGEST_TIMER_MS
      ? setTimeout(
          () => reached('DeadlineExceeded', 'The model did not answer in time.'),
          Math.max(0, timeoutMs),
        )
      : undefined;
  const onAbort = () => reached('ClientClosedRequest', 'The caller went away.');
  const stop = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  };
  const reached = (code: 'DeadlineExceeded' | 'ClientClosedRequest', message: string) => {
    stop();
    onReached(new InferenceError(code, message));
  };
  if (signal?.aborted) queueMicrotask(onAbort);
  else signal?.addEventListener('abort', onAbort, { once: true });
  return stop;
}

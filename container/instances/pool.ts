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
  readonly heapMegabytes?: number;
  readonly onLog: WorkerInstanceOptions['onLog'];
}

export interface Pool {
  /** Loads the model on one thread. */
  load(source: ModelSource): Promise<ModelFacts>;
  unload(name: string): Promise<void>;
  /**
   * Runs `job` on a thread that holds the model, waiting for one until `limits` say otherwise. A job still running at
   * the deadline fails then; if it does not end at once either, it costs its thread. So does one that goes on for
   * seconds when nobody waits for its answer any more: others wait for the thread.
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
  /** Jobs done, the load among them. A thread that dies before another is not replaced until it is needed. */
  jobs: number;
}

interface Waiter {
  readonly name: string;
  readonly take: (slot: Slot) => void;
}

/** How long after the deadline a job may take to heed its signal before its thread is ended. */
const GRACE_MS = 100;
/** How long a job may go on after its last caller went away. */
const ABANDONED_MS = 2_000;

export function createPool(options: PoolOptions): Pool {
  return new WorkerPool(options);
}

class WorkerPool implements Pool {
  readonly #options: PoolOptions;
  readonly #slots = new Set<Slot>();
  readonly #waiters: Waiter[] = [];
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  async run<Value>(
    source: ModelSource,
    limits: JobLimits,
    job: (worker: WorkerInstance) => Promise<Value>,
  ): Promise<Value> {
    const slot = await this.#acquire(source.name, limits);
    return new Promise((resolve, reject) => {
      let grace: NodeJS.Timeout | undefined;
      const stop = onLimit(limits, (reason) => {
        reject(reason);
        const graceMs = reason.name === 'DeadlineExceeded' ? GRACE_MS : ABANDONED_MS;
        grace = setTimeout(() => this.#stopThread(slot, reason), graceMs);
      });
      const settled = () => {
        stop();
        clearTimeout(grace);
        this.#release(slot);
      };
      ensureLoaded(slot, source)
        .then(() => job(slot.worker))
        .finally(settled)
        .then(resolve, reject);
    });
  }

  #stopThread(slot: Slot, reason: InferenceError): void {
    this.#slots.delete(slot);
    void slot.worker.kill(reason);
  }

  async load(source: ModelSource): Promise<ModelFacts> {
    await this.run(source, { deadline: Number.POSITIVE_INFINITY }, async () => undefined);
    return this.#holders(source.name)[0]?.models.get(source.name)?.facts ?? {};
  }

  async unload(name: string): Promise<void> {
    await Promise.all(
      this.#holders(name).map((slot) => {
        slot.models.delete(name);
        return slot.worker.unload(name).catch(() => undefined);
      }),
    );
  }

  waiting(name: string): number {
    return this.#waiters.filter((waiter) => waiter.name === name).length;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const reason = new InferenceError('Overloaded', 'The container is stopping.');
    await Promise.all([...this.#slots].map((slot) => slot.worker.kill(reason)));
  }

  #acquire(name: string, limits: JobLimits): Promise<Slot> {
    const idle = this.#findIdle(name);
    if (idle === undefined) return this.#wait(name, limits);
    idle.isBusy = true;
    return Promise.resolve(idle);
  }

  #wait(name: string, limits: JobLimits): Promise<Slot> {
    return new Promise((resolve, reject) => {
      const take = (slot: Slot) => {
        stop();
        resolve(slot);
      };
      const waiter = { name, take };
      const stop = onLimit(limits, (reason) => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(reason);
      });
      this.#waiters.push(waiter);
    });
  }

  /** An idle thread that may run the model now: one that holds it first, then a new one, then the least loaded. */
  #findIdle(name: string): Slot | undefined {
    const holding = this.#holders(name);
    const idle = holding.find((slot) => !slot.isBusy);
    if (idle !== undefined || (holding.length > 0 && !this.#options.spreads)) return idle;
    if (this.#slots.size < this.#options.workers) return this.#addSlot();
    return [...this.#slots].filter((slot) => !slot.isBusy).sort((a, b) => a.models.size - b.models.size)[0];
  }

  #holders(name: string): Slot[] {
    return [...this.#slots].filter((slot) => slot.models.has(name));
  }

  #addSlot(): Slot {
    const worker = startWorker({ ...this.#options, onEnd: () => this.#replace(slot) });
    const slot: Slot = { worker, models: new Map(), isBusy: false, jobs: 0 };
    this.#slots.add(slot);
    return slot;
  }

  #release(slot: Slot): void {
    slot.isBusy = false;
    slot.jobs++;
    this.#wakeWaiters();
  }

  /** Hands freed threads to the waiters, in order; a waiter that no free thread suits is passed over. */
  #wakeWaiters(): void {
    for (const waiter of [...this.#waiters]) {
      const slot = this.#findIdle(waiter.name);
      if (slot === undefined) continue;
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      slot.isBusy = true;
      waiter.take(slot);
    }
  }

  #replace(slot: Slot): void {
    this.#slots.delete(slot);
    if (this.#isClosed) return;
    const isWorthIt = this.#options.spreads && slot.jobs > 1;
    for (const { source } of isWorthIt ? slot.models.values() : []) {
      this.load(source).catch((thrown: Error) => this.#options.onLog('error', thrown.message));
    }
    this.#wakeWaiters();
  }
}

async function ensureLoaded(slot: Slot, source: ModelSource): Promise<void> {
  if (slot.models.has(source.name)) return;
  const facts = await slot.worker.load(source);
  slot.models.set(source.name, { source, facts });
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

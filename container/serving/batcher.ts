// Dynamic batching: requests of one model that wait at the same time share one run. A unit of its own: it knows
// tensors and a `run`, nothing of HTTP, threads or formats.
//
// Only requests whose inputs have equal dtypes and inner shapes share a run, and each caller gets back exactly its
// rows. A batch is sent off when an instance is free and the batch is full, has a preferred size, or has waited for
// `delayMs`; several idle instances share what waits; the order of arrival is kept among requests of one shape.
import { InferenceError } from '../errors.ts';
import type { BatchSettings } from '../settings.ts';
import { concatTensors, type Signature, sliceRows, type Tensor, type Tensors } from '../tensors.ts';

export interface BatcherOptions {
  readonly signature: Signature;
  readonly settings: BatchSettings;
  /** Requests that may wait; one more is refused with Overloaded. */
  readonly queueLimit: number;
  /** Runs that may be under way at once: the model's instances. */
  readonly instances: number;
  readonly run: (tensors: Tensors, limits: RunLimits) => Promise<Tensors>;
  /** Told of every run that succeeded, and its rows. */
  readonly onRun?: (rows: number) => void;
  readonly timers?: BatchTimers;
}

export interface RunLimits {
  /** Milliseconds since the epoch: the latest of the batch's requests. */
  readonly deadline: number;
  /** Whether the tensors were made for this run, so that their memory may be handed over. */
  readonly isOwned: boolean;
}

/** Time, so that tests can turn it. */
export interface BatchTimers {
  /** Milliseconds that only go forward. */
  now(): number;
  /** Milliseconds since the epoch, to which deadlines are held. */
  date(): number;
  after(milliseconds: number, callback: () => void): () => void;
  /** After what has come in already was read. */
  soon(callback: () => void): void;
}

export interface BatchRequest {
  readonly tensors: Tensors;
  readonly rows: number;
  readonly deadline: number;
  /** Whether nobody waits for the answer any more; asked before the run. */
  readonly isAbandoned?: () => boolean;
}

export interface BatchAnswer {
  readonly tensors: Tensors;
  /** Waiting for the run, milliseconds. */
  readonly queueMs: number;
  /** Of it, the wait for others to join while an instance was free. */
  readonly batchWaitMs: number;
  /** The run, milliseconds. */
  readonly computeMs: number;
  /** Rows in the run, of all callers. */
  readonly batchRows: number;
}

export interface Batcher {
  /** @throws InferenceError Overloaded, DeadlineExceeded, ClientClosedRequest, or what the run throws */
  submit(request: BatchRequest): Promise<BatchAnswer>;
  /** Requests that wait. */
  readonly waiting: number;
}

interface Entry extends BatchRequest {
  readonly shapeKey: string;
  readonly arrivedAt: number;
  readonly resolve: (answer: BatchAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export const SYSTEM_TIMERS: BatchTimers = {
  now: () => performance.now(),
  date: () => Date.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  soon: (callback) => setImmediate(callback),
};

export function createBatcher(options: BatcherOptions): Batcher {
  return new QueueBatcher(options);
}

class QueueBatcher implements Batcher {
  readonly #options: BatcherOptions;
  readonly #timers: BatchTimers;
  readonly #queue: Entry[] = [];
  #running = 0;
  /** Since when an instance has been free. */
  #idleSince = 0;
  #sharesRuns = true;
  #isFlushPlanned = false;
  #cancelDelay: (() => void) | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#timers = options.timers ?? SYSTEM_TIMERS;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  submit(request: BatchRequest): Promise<BatchAnswer> {
    const { queueLimit, signature } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.#queue.length >= queueLimit) {
        reject(overloaded(this.#queue.length));
        return;
      }
      const shapeKey = keyOf(request.tensors, signature);
      this.#queue.push({ ...request, shapeKey, arrivedAt: this.#timers.now(), resolve, reject });
      this.#planFlush();
    });
  }

  #planFlush(): void {
    if (this.#isFlushPlanned || this.#running >= this.#options.instances) return;
    this.#isFlushPlanned = true;
    this.#timers.soon(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  /** Sends off what is ready; what may still fill is looked at again when its delay is over. */
  #flush(): void {
    this.#cancelDelay?.();
    this.#cancelDelay = undefined;
    for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch())
      void this.#runBatch(batch);
    const [first] = this.#queue;
    if (first === undefined || this.#running >= this.#options.instances) return;
    const waitMs = remainingDelay(first, this.#options.settings, this.#timers.now());
    this.#cancelDelay = this.#timers.after(waitMs, () => this.#flush());
  }

  #nextBatch(): readonly Entry[] {
    const { instances, settings } = this.#options;
    const idle = instances - this.#running;
    if (idle <= 0) return [];
    dropDead(this.#queue, this.#timers.date());
    return takeBatch(
      this.#queue,
      limitRows(this.#queue, settings, this.#sharesRuns ? idle : 0),
      this.#timers.now(),
    );
  }

  async #runBatch(batch: readonly Entry[]): Promise<void> {
    const idleSince = this.#idleSince;
    this.#running++;
    try {
      await (batch.length === 1 ? this.#runAlone(batch[0]!, idleSince) : this.#runShared(batch, idleSince));
    } catch (thrown) {
      if (batch.length > 1 && isOneCallers(thrown)) await this.#runApart(batch, idleSince);
      else for (const entry of batch) entry.reject(thrown);
    } finally {
      this.#running--;
      if (this.#running === this.#options.instances - 1) this.#idleSince = this.#timers.now();
      if (this.#queue.length > 0) this.#planFlush();
    }
  }

  /** One caller's values can fail the run of all: each is run again by itself, and fails by itself. */
  async #runApart(batch: readonly Entry[], idleSince: number): Promise<void> {
    for (const entry of batch) {
      const death = deathOf(entry, this.#timers.date());
      if (death !== undefined) entry.reject(death);
      else await this.#runAlone(entry, idleSince).catch(entry.reject);
    }
  }

  async #runAlone(entry: Entry, idleSince: number): Promise<void> {
    const { tensors, deadline, rows } = entry;
    const startedAt = this.#timers.now();
    const outputs = await this.#options.run(tensors, { deadline, isOwned: false });
    this.#options.onRun?.(rows);
    handOut([entry], outputs, { idleSince, startedAt, endedAt: this.#timers.now() });
  }

  async #runShared(batch: readonly Entry[], idleSince: number): Promise<void> {
    const startedAt = this.#timers.now();
    const deadline = Math.max(...batch.map((entry) => entry.deadline));
    const inputs = joinInputs(batch, this.#options.signature);
    const outputs = await this.#options.run(inputs, { deadline, isOwned: true });
    if (keepsRows(outputs, batch)) {
      this.#options.onRun?.(sumRows(batch));
      handOut(batch, outputs, { idleSince, startedAt, endedAt: this.#timers.now() });
      return;
    }
    // The model folds its batch axis: its callers' rows cannot be told apart, so none share a run from now on.
    this.#sharesRuns = false;
    for (const entry of batch) await this.#runAlone(entry, idleSince);
  }
}

/** The answer to a request that finds the queue full. */
export function overloaded(waiting: number): InferenceError {
  const message = `${waiting} requests wait for this model already.`;
  return new InferenceError('Overloaded', message, { headers: { 'retry-after': '1' } });
}

/** Requests with equal keys may share a run. */
function keyOf(tensors: Tensors, { inputs }: Signature): string {
  let key = '';
  for (const { name } of inputs) key += `${tensors[name]!.shape.slice(1).join('x')};`;
  return key;
}

/** Whether a run may have failed by what one of its callers sent, or by being too large, rather than for all alike. */
function isOneCallers(thrown: unknown): boolean {
  const code = (thrown as Error | undefined)?.name;
  return code === 'InvalidPayload' || code === 'ModelFailed' || code === 'ModelOutOfMemory';
}

/** Drops what nobody waits for any more. */
function dropDead(queue: Entry[], date: number): void {
  for (let i = queue.length - 1; i >= 0; i--) {
    const entry = queue[i]!;
    const error = deathOf(entry, date);
    if (error === undefined) continue;
    queue.splice(i, 1);
    entry.reject(error);
  }
}

function deathOf({ isAbandoned, deadline }: Entry, date: number): InferenceError | undefined {
  if (isAbandoned?.()) return new InferenceError('ClientClosedRequest', 'The caller went away.');
  if (date < deadline) return undefined;
  return new InferenceError('DeadlineExceeded', 'The request waited for the model past its deadline.');
}

/**
 * What waits is shared out among the idle instances rather than piled on the first, unless the settings wait for
 * batches of their own sizes. Without an instance to share: one request at a time.
 */
function limitRows(queue: readonly Entry[], settings: BatchSettings, idle: number): BatchSettings {
  if (idle === 0) return { ...settings, maxRows: 1 };
  if (idle === 1 || settings.delayMs > 0 || settings.preferredRows.length > 0) return settings;
  return { ...settings, maxRows: Math.min(settings.maxRows, Math.ceil(sumRows(queue) / idle)) };
}

/**
 * The first request and those of its shape that fit, cut at the largest preferred size among them; none while the
 * batch may still fill.
 */
function takeBatch(queue: Entry[], settings: BatchSettings, now: number): Entry[] {
  const [first] = queue;
  if (first === undefined) return [];
  const chosen = [first];
  let rows = first.rows;
  let preferred = settings.preferredRows.includes(rows) ? 1 : 0;
  for (let i = 1; i < queue.length && rows < settings.maxRows; i++) {
    const entry = queue[i]!;
    if (entry.shapeKey !== first.shapeKey || rows + entry.rows > settings.maxRows) continue;
    chosen.push(entry);
    rows += entry.rows;
    if (settings.preferredRows.includes(rows)) preferred = chosen.length;
  }
  if (preferred > 0) chosen.length = preferred;
  else if (rows < settings.maxRows && remainingDelay(first, settings, now) > 0) return [];
  removeFrom(queue, chosen);
  return chosen;
}

function removeFrom(queue: Entry[], chosen: readonly Entry[]): void {
  if (chosen.length === queue.length) {
    queue.length = 0;
    return;
  }
  for (const entry of chosen) queue.splice(queue.indexOf(entry), 1);
}

function remainingDelay(first: Entry, settings: BatchSettings, now: number): number {
  return Math.max(0, first.arrivedAt + settings.delayMs - now);
}

function joinInputs(batch: readonly Entry[], { inputs }: Signature): Tensors {
  const joined: Record<string, Tensor> = {};
  for (const { name } of inputs) joined[name] = concatTensors(batch.map(({ tensors }) => tensors[name]!));
  return joined;
}

interface RunTimes {
  readonly idleSince: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

function handOut(batch: readonly Entry[], outputs: Tensors, times: RunTimes): void {
  const { idleSince, startedAt, endedAt } = times;
  const computeMs = endedAt - startedAt;
  const batchRows = sumRows(batch);
  let offset = 0;
  for (const { rows, arrivedAt, resolve } of batch) {
    const tensors = batch.length === 1 ? outputs : sliceOutputs(outputs, offset, offset + rows);
    offset += rows;
    const batchWaitMs = Math.max(0, startedAt - Math.max(arrivedAt, idleSince));
    resolve({ tensors, queueMs: startedAt - arrivedAt, batchWaitMs, computeMs, batchRows });
  }
}

function sumRows(batch: readonly Entry[]): number {
  return batch.reduce((sum, { rows }) => sum + rows, 0);
}

/** Whether every output has a row per row of input, as a batch axis promises. */
function keepsRows(outputs: Tensors, batch: readonly Entry[]): boolean {
  const rows = sumRows(batch);
  return Object.values(outputs).every(({ shape }) => shape[0] === rows);
}

function sliceOutputs(outputs: Tensors, from: number, to: number): Tensors {
  const sliced: Record<string, Tensor> = {};
  for (const name in outputs) sliced[name] = sliceRows(outputs[name]!, from, to);
  return sliced;
}

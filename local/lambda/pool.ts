// The execution environments of one function, and the invocations that wait for one.
//
// Lambda starts an environment for every concurrent invocation. Here a busy environment that will be free in a
// moment is worth waiting for, since a new one costs 13 MB and 40 ms of a core. The pool grows when an invocation
// has waited for `SCALE_OUT_AFTER_MS` and the environments have spent that time in handlers: at most to as many as
// there are cores while the handlers compute, and to `maxEnvironments` while they wait for something. While the
// machine has no processor time left it grows only for an invocation that has waited for `SATURATED_WAIT_MS`.
import { availableParallelism } from 'node:os';
import type { Clock } from '../clock.ts';
import { Environment, type EnvironmentOptions, type Failure, type Job } from './environment.ts';
import { type ProcessorWatch, watchProcessors } from './processors.ts';

const SCALE_OUT_AFTER_MS = 20;
/** Below this share of time in handlers the environments are not what the invocations wait for. */
const HANDLING_SHARE = 0.7;
/** Above this share of time on the processor, more environments than cores would not help. */
const COMPUTING_SHARE = 0.5;
/** Above this share the processors have no time left for another environment … */
const SATURATED_SHARE = 0.65;
/** … unless an invocation has waited this long: its turn may depend on another one of the same function. */
const SATURATED_WAIT_MS = 1_000;
const COMPUTING_ENVIRONMENTS = Math.max(2, availableParallelism());

export interface PoolOptions {
  readonly clock: Clock;
  /** The most environments at once. */
  readonly maxEnvironments: number;
  /** How long an idle environment is kept, and how long the last one is. */
  readonly idleMs: number;
  readonly lastIdleMs: number;
  /** The machine's own unless told. */
  readonly processors?: ProcessorWatch;
  readonly environment: Omit<EnvironmentOptions, 'onFree' | 'onEnd' | 'onExit'>;
}

export class EnvironmentPool {
  private readonly options: PoolOptions;
  /** Those that work or can. */
  private readonly environments = new Set<Environment>();
  /** These and those whose worker has yet to end. */
  private readonly alive = new Set<Environment>();
  /** Used last, taken first: what load does not need goes idle and is retired. */
  private readonly idle: Environment[] = [];
  private readonly waiting: Job[] = [];
  private isWatching = false;
  private readonly processors: ProcessorWatch;
  private isClosing = false;
  private onDrained: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.options = options;
    this.processors = options.processors ?? watchProcessors();
  }

  get environmentCount(): number {
    return this.environments.size;
  }

  submit(job: Job): void {
    const environment = this.idle.pop();
    if (environment !== undefined) {
      environment.run(job);
      return;
    }
    this.waiting.push(job);
    if (this.environments.size === 0) this.start();
    else this.watch();
  }

  /** Starts an environment that waits for work, unless there is one. */
  warm(): void {
    if (this.environments.size === 0) this.start();
  }

  /** Lets what is running and waiting finish and ends the environments; resolves when their workers are gone. */
  async retire(): Promise<void> {
    this.isClosing = true;
    this.endIdle(() => true);
    if (this.isDrained()) return;
    await new Promise<void>((resolve) => {
      this.onDrained = resolve;
    });
  }

  /** Ends all environments now; what runs or waits fails. */
  end(): void {
    this.isClosing = true;
    for (const job of this.waiting.splice(0)) job.settle(SHUT_DOWN);
    for (const environment of [...this.environments]) environment.end();
  }

  /** Ends environments that have been idle for long. */
  sweep(): void {
    const nowMs = this.options.clock.now();
    this.endIdle((environment) => {
      const keptMs = this.environments.size > 1 ? this.options.idleMs : this.options.lastIdleMs;
      return nowMs - environment.idleSinceMs >= keptMs;
    });
  }

  /** Looks after invocations that take long: their log, their memory. */
  attend(): void {
    for (const environment of this.environments) if (environment.isBusy) environment.attend();
  }

  private endIdle(isDue: (environment: Environment) => boolean): void {
    for (const environment of [...this.idle]) if (isDue(environment)) environment.end();
  }

  private start(): void {
    const environment = new Environment({
      ...this.options.environment,
      onFree: (free) => this.take(free),
      onEnd: (ended, failure) => this.remove(ended, failure),
      onExit: (gone) => this.forget(gone),
    });
    this.environments.add(environment);
    this.alive.add(environment);
  }

  private take(environment: Environment): void {
    const job = this.waiting.shift();
    if (job !== undefined) {
      environment.run(job);
      return;
    }
    if (this.isClosing) {
      environment.end();
      return;
    }
    environment.idleSinceMs = this.options.clock.now();
    this.idle.push(environment);
  }

  private remove(environment: Environment, startFailure: Failure | undefined): void {
    this.environments.delete(environment);
    const at = this.idle.indexOf(environment);
    if (at >= 0) this.idle.splice(at, 1);
    // A function that does not load fails the invocation that needed it, and is tried anew for the next.
    const first = startFailure === undefined ? undefined : this.waiting.shift();
    if (first !== undefined) first.settle(startFailure!(first.requestId));
    if (this.waiting.length > 0 && this.environments.size === 0) this.start();
  }

  private forget(environment: Environment): void {
    this.alive.delete(environment);
    if (this.isDrained()) this.onDrained?.();
  }

  private isDrained(): boolean {
    return this.waiting.length === 0 && this.alive.size === 0;
  }

  private watch(): void {
    if (this.isWatching) return;
    this.isWatching = true;
    for (const environment of this.environments) environment.load();
    this.options.clock.schedule(SCALE_OUT_AFTER_MS, () => {
      this.isWatching = false;
      const first = this.waiting[0];
      if (first === undefined) return;
      const waitedMs = this.options.clock.now() - first.queuedAt;
      const isSaturated = this.processors.busyShare() > SATURATED_SHARE && waitedMs < SATURATED_WAIT_MS;
      if (waitedMs >= SCALE_OUT_AFTER_MS && !isSaturated) this.grow();
      this.watch();
    });
  }

  /** Doubles the number of environments, within the bounds, unless some are still starting. */
  private grow(): void {
    const running = [...this.environments];
    if (running.some((environment) => !environment.isReady)) return;
    const loads = running.map((environment) => environment.load());
    if (mean(loads.map((load) => load.handling)) < HANDLING_SHARE) return;
    const isComputing = mean(loads.map((load) => load.computing)) > COMPUTING_SHARE;
    const { maxEnvironments } = this.options;
    const most = isComputing ? Math.min(COMPUTING_ENVIRONMENTS, maxEnvironments) : maxEnvironments;
    const wanted = Math.min(running.length * 2, most, running.length + this.waiting.length);
    for (let count = running.length; count < wanted; count++) this.start();
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const SHUT_DOWN = {
  kind: 'error' as const,
  payload: JSON.stringify({ errorType: 'Runtime.ExitError', errorMessage: 'Lambda is shutting down' }),
};

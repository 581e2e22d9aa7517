// One execution environment as the main thread sees it: a worker, the one invocation it is running, and the log
// lines of that invocation. The pool decides who runs where; here is how one runs.
import { randomBytes } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';
import type { LogEvent, LogSink } from '../logs/api.ts';
import type { AwsPlace } from '../service.ts';
import type { FunctionDefinition } from './api.ts';
import { launchWorker } from './launch.ts';
import { endLine, initStartLine, logTail, reportLine, startLine, VERSION } from './report.ts';
import { CHECK_MEMORY, type EnvironmentMessage } from './runtime/protocol.ts';
import { LogRing, RING_BYTES } from './runtime/ring.ts';

/** One invocation waiting for an environment or running in it. */
export interface Job {
  readonly requestId: string;
  readonly payload: string;
  readonly traceId: string;
  readonly clientContext: string | undefined;
  readonly withLogTail: boolean;
  readonly queuedAt: number;
  readonly settle: (outcome: Outcome) => void;
}

export interface Outcome {
  readonly kind: 'answer' | 'error' | 'bad-event';
  readonly payload: string;
  readonly logTail?: string;
}

export interface EnvironmentOptions {
  readonly definition: FunctionDefinition;
  readonly functionArn: string;
  readonly place: AwsPlace;
  readonly clock: Clock;
  readonly logs: LogSink;
  readonly awsEndpoint: () => string;
  /** How long the function may take to load. */
  readonly initialTimeoutMs: number;
  /** It can take a job: it has started, or has finished one. */
  readonly onFree: (environment: Environment) => void;
  /** It takes no more jobs. `startFailure` when it never became ready. */
  readonly onEnd: (environment: Environment, startFailure: Failure | undefined) => void;
  /** Its worker is gone. */
  readonly onExit: (environment: Environment) => void;
}

/** What a lost environment means to an invocation. */
export type Failure = (requestId: string) => Outcome;

/** What an environment had done at one moment. */
interface Look {
  readonly atMs: number;
  readonly busyMs: number;
  readonly loop: ReturnType<Worker['performance']['eventLoopUtilization']>;
}

export class Environment {
  readonly worker: Worker;
  idleSinceMs = 0;
  private lookedAt: Look;
  private readonly options: EnvironmentOptions;
  private readonly ring: LogRing;
  private readonly logGroup: string;
  private readonly logStream: string;
  private job: Job | undefined;
  private events: LogEvent[] = [];
  private tail: LogEvent[] = [];
  private startedAtMs: number;
  private cancelTimeout: () => void;
  private initMs: number | undefined;
  private state: 'starting' | 'ready' | 'ended' = 'starting';

  constructor(options: EnvironmentOptions) {
    const { definition, clock } = options;
    const shared = new SharedArrayBuffer(RING_BYTES);
    this.options = options;
    this.ring = new LogRing(shared);
    this.logGroup = definition.logGroup ?? `/aws/lambda/${definition.functionName}`;
    this.startedAtMs = clock.now();
    this.logStream = streamName(this.startedAtMs);
    this.worker = launchWorker({
      definition,
      place: options.place,
      awsEndpoint: options.awsEndpoint(),
      environment: {
        codeFolder: definition.codeFolder,
        handler: definition.handler,
        layerFolders: definition.layerFolders,
        functionName: definition.functionName,
        functionArn: options.functionArn,
        memoryMb: definition.memoryMb,
        logGroup: this.logGroup,
        logStream: this.logStream,
        runtime: definition.runtime,
        ring: shared,
      },
    });
    this.lookedAt = this.look();
    this.note(initStartLine(definition.runtime));
    this.cancelTimeout = clock.schedule(options.initialTimeoutMs, () =>
      this.timeOut(options.initialTimeoutMs),
    );
    this.worker.on('message', (message: EnvironmentMessage) => this.receive(message));
    this.worker.on('error', (thrown: Error) => this.crash(thrown));
    this.worker.on('exit', (code) => this.exited(code));
  }

  get isReady(): boolean {
    return this.state === 'ready';
  }

  get isBusy(): boolean {
    return this.job !== undefined;
  }

  /** Runs a job; only for an environment that is ready and not busy. */
  run(job: Job): void {
    const { clock, definition } = this.options;
    this.job = job;
    this.startedAtMs = clock.now();
    this.events.push({ timestamp: this.startedAtMs, message: startLine(job.requestId) });
    this.cancelTimeout = clock.schedule(definition.timeoutMs, () => this.timeOut(definition.timeoutMs));
    this.worker.postMessage({
      requestId: job.requestId,
      payload: job.payload,
      traceId: job.traceId,
      remainingMs: definition.timeoutMs,
      clientContext: job.clientContext,
    });
  }

  /**
   * For an invocation that takes long: writes what it has logged so far, so that a follower of the log sees it before
   * the end, and has the environment look at its memory.
   */
  attend(): void {
    this.publishLog();
    this.worker.postMessage(CHECK_MEMORY);
  }

  /** Shares of the time since the last look: in handlers, and on the processor. */
  load(): { readonly handling: number; readonly computing: number } {
    const from = this.lookedAt;
    this.lookedAt = this.look();
    const { atMs, busyMs, loop } = this.lookedAt;
    return {
      handling: (busyMs - from.busyMs) / Math.max(atMs - from.atMs, 1),
      computing: this.worker.performance.eventLoopUtilization(loop, from.loop).utilization,
    };
  }

  private look(): Look {
    const atMs = performance.now();
    return { atMs, busyMs: this.ring.busyMs(atMs), loop: this.worker.performance.eventLoopUtilization() };
  }

  private publishLog(): void {
    this.events.push(...this.ring.drain());
    this.writeEvents();
  }

  /** Ends the worker at once; a job under way fails. */
  end(): void {
    if (this.state !== 'ended') this.lose(runtimeError('Runtime.ExitError', 'Runtime was shut down'));
    void this.worker.terminate();
  }

  private receive(message: EnvironmentMessage): void {
    if (this.state === 'ended') return;
    if (typeof message === 'string') {
      this.finish({ kind: 'answer', payload: message });
      return;
    }
    switch (message.kind) {
      case 'ready':
        this.becomeReady();
        break;
      case 'ring-full':
        this.publishLog();
        break;
      case 'fatal':
        this.lose(() => ({ kind: 'error', payload: message.payload }));
        void this.worker.terminate();
        break;
      default:
        this.finish({ kind: message.kind, payload: message.payload });
    }
  }

  private becomeReady(): void {
    this.cancelTimeout();
    this.state = 'ready';
    this.initMs = this.options.clock.now() - this.startedAtMs;
    this.lookedAt = this.look();
    this.options.onFree(this);
  }

  private finish(outcome: Outcome): void {
    this.cancelTimeout();
    const settled = this.closeJob(outcome, this.ring.durationMs);
    this.options.onFree(this);
    settled();
  }

  /** Logs the end of the job; what it returns tells the caller. */
  private closeJob(outcome: Outcome, durationMs: number, status?: 'timeout' | 'error'): () => void {
    const { job } = this;
    this.events.push(...this.ring.drain());
    if (job === undefined) {
      this.writeEvents();
      return () => {};
    }
    const { requestId } = job;
    this.note(endLine(requestId));
    const { memoryMb } = this.options.definition;
    const maxMemoryMb = this.ring.memoryMb;
    this.note(
      reportLine({
        requestId,
        durationMs,
        memoryMb,
        maxMemoryMb,
        initMs: this.initMs,
        ...(status && { status }),
      }),
    );
    this.initMs = undefined;
    this.job = undefined;
    if (!job.withLogTail) {
      this.writeEvents();
      this.tail = [];
      return () => job.settle(outcome);
    }
    const lines = [...this.tail, ...this.events];
    this.writeEvents();
    this.tail = [];
    return () => job.settle({ ...outcome, logTail: logTail(lines) });
  }

  private timeOut(limitMs: number): void {
    const text = `Task timed out after ${(limitMs / 1000).toFixed(2)} seconds`;
    this.events.push(...this.ring.drain());
    const nowMs = this.options.clock.now();
    this.note(`${new Date(nowMs).toISOString()} ${this.job?.requestId ?? 'INIT'} ${text}`);
    this.lose(runtimeError('Sandbox.Timedout', text), 'timeout');
    void this.worker.terminate();
  }

  private crash(thrown: Error): void {
    if (this.state === 'ended') return;
    const isOutOfMemory = (thrown as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    this.lose(
      isOutOfMemory
        ? runtimeError('Runtime.OutOfMemory', 'Runtime exited with error: signal: killed')
        : runtimeError('Runtime.ExitError', `Runtime exited with error: ${thrown.message}`),
    );
  }

  private exited(code: number): void {
    const text =
      code === 0
        ? 'Runtime exited without providing a reason'
        : `Runtime exited with error: exit status ${code}`;
    if (this.state !== 'ended') this.lose(runtimeError('Runtime.ExitError', text));
    this.options.onExit(this);
  }

  /** The environment is gone, and with it the job it had. */
  private lose(failure: Failure, status: 'timeout' | 'error' = 'error'): void {
    const wasStarting = this.state === 'starting';
    this.state = 'ended';
    this.cancelTimeout();
    const outcome = failure(this.job?.requestId ?? '');
    const settled = this.closeJob(outcome, this.options.clock.now() - this.startedAtMs, status);
    this.options.onEnd(this, wasStarting ? failure : undefined);
    settled();
  }

  private note(message: string): void {
    this.events.push({ timestamp: this.options.clock.now(), message });
  }

  private writeEvents(): void {
    if (this.events.length === 0) return;
    this.options.logs.write(this.logGroup, this.logStream, this.events);
    if (this.job?.withLogTail) this.tail.push(...this.events);
    this.events = [];
  }
}

function runtimeError(errorType: string, text: string): Failure {
  return (requestId) => ({
    kind: 'error',
    payload: JSON.stringify({ errorType, errorMessage: `RequestId: ${requestId} Error: ${text}` }),
  });
}

/** As Lambda names them: `2026/11/22/[$LATEST]<32 hex digits>`. */
function streamName(nowMs: number): string {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '/');
  return `${day}/[${VERSION}]${randomBytes(16).toString('hex')}`;
}

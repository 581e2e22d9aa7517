// Lambda on one machine: functions run as they are deployed, in worker threads. Differences from AWS: an invocation
// waits at least 20 ms for a busy environment before another one is started, and at most `maxEnvironments` are; an
// environment is not frozen between invocations; asynchronous invocations are kept in memory only; a loop that
// allocates without end and never lets the event loop turn may be stopped late, or take the process with it.
import { type Clock, systemClock } from '../clock.ts';
import { type LogSink, noLogs } from '../logs/api.ts';
import { type AwsPlace, DEFAULT_PLACE } from '../service.ts';
import type { FunctionDefinition, Lambda } from './api.ts';
import { Invoker } from './invoke.ts';
import { createOperations } from './operations.ts';
import { EnvironmentPool } from './pool.ts';
import type { ProcessorWatch } from './processors.ts';
import { FunctionStore } from './store.ts';
import { handleWire } from './wire.ts';

export interface LambdaOptions {
  readonly place?: AwsPlace;
  readonly clock?: Clock;
  readonly logs?: LogSink;
  /** `AWS_ENDPOINT_URL` of the functions; a function is called each time an environment starts. */
  readonly awsEndpoint: string | (() => string);
  /** How long a function may take to load, 10,000 ms unless told, as on AWS. */
  readonly initialTimeoutMs?: number;
  /** The most environments of a function without reserved concurrency, 16 unless told. AWS has no such limit. */
  readonly maxEnvironments?: number;
  /** How long an idle environment is kept while its function has others, 60,000 ms unless told. */
  readonly idleMs?: number;
  /** How long a function's last environment is kept idle, 900,000 ms unless told. */
  readonly lastIdleMs?: number;
  /** What tells whether the machine has processor time left; the machine itself unless told. */
  readonly processors?: ProcessorWatch;
  /** Start an environment as soon as a function is put, so that its first invocation is warm. */
  readonly prewarm?: boolean;
}

const DEFAULTS = { initialTimeoutMs: 10_000, maxEnvironments: 16, idleMs: 60_000, lastIdleMs: 900_000 };
const SWEEP_MS = 15_000;
/** How often invocations that are still running are looked after. */
const ATTEND_MS = 500;
/** How long `close` waits for invocations under way. */
const CLOSE_GRACE_MS = 1000;

export async function createLambda(options: LambdaOptions): Promise<Lambda> {
  const { place = DEFAULT_PLACE, clock = systemClock } = options;
  const store = new FunctionStore(place);
  const invoker = new Invoker(store, clock);
  const operations = createOperations(store, invoker);
  /** Also the pools of replaced functions, until they have ended. */
  const pools = new Set<EnvironmentPool>();
  const cancels = [
    repeat(clock, SWEEP_MS, () => each(pools, (pool) => pool.sweep())),
    repeat(clock, ATTEND_MS, () => each(pools, (pool) => pool.attend())),
  ];

  return {
    name: 'lambda',
    operations,
    invoke: (request) => invoker.invoke(request),
    handle: (call) => handleWire(call, { operations, invoker }),
    async putFunction(definition) {
      const pool = createPool(definition, { ...options, place, clock }, store);
      pools.add(pool);
      const previous = store.put(definition, pool, clock.now())?.pool;
      if (previous !== undefined) void previous.retire().then(() => pools.delete(previous));
      if (options.prewarm) pool.warm();
    },
    async close() {
      invoker.close();
      for (const cancel of cancels) cancel();
      const retired = Promise.all([...pools].map((pool) => pool.retire()));
      const cancelGrace = clock.schedule(CLOSE_GRACE_MS, () => each(pools, (pool) => pool.end()));
      await retired;
      cancelGrace();
    },
  };
}

function createPool(
  definition: FunctionDefinition,
  options: LambdaOptions & { readonly place: AwsPlace; readonly clock: Clock },
  store: FunctionStore,
): EnvironmentPool {
  const settings = { ...DEFAULTS, ...options };
  const { place, clock, awsEndpoint } = options;
  return new EnvironmentPool({
    clock,
    maxEnvironments: definition.reservedConcurrency ?? settings.maxEnvironments,
    idleMs: settings.idleMs,
    lastIdleMs: settings.lastIdleMs,
    ...(options.processors && { processors: options.processors }),
    environment: {
      definition,
      functionArn: store.functionArn(definition.functionName),
      place,
      clock,
      logs: options.logs ?? noLogs,
      awsEndpoint: () => (typeof awsEndpoint === 'string' ? awsEndpoint : awsEndpoint()),
      initialTimeoutMs: settings.initialTimeoutMs,
    },
  });
}

function each<Item>(items: Iterable<Item>, action: (item: Item) => void): void {
  for (const item of items) action(item);
}

function repeat(clock: Clock, everyMs: number, action: () => void): () => void {
  let cancel = (): void => {};
  const arm = (): void => {
    cancel = clock.schedule(everyMs, () => {
      action();
      arm();
    });
  };
  arm();
  return () => cancel();
}

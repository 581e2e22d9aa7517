// Step Functions in this process: `createStates` puts the engine together. Documented in `docs/states.md`.
import { systemClock } from '../clock.ts';
import { noLogs } from '../logs/api.ts';
import { DEFAULT_PLACE, type SdkOperations } from '../service.ts';
import type { States, StatesOptions } from './api.ts';
import { ChildStarter } from './child-starter.ts';
import { Executor } from './executor.ts';
import { ActivityWorkers } from './integrations/activity-workers.ts';
import { findIntegration, takesPattern } from './integrations/index.ts';
import { lambdaOperations } from './integrations/lambda-operations.ts';
import { withOldListing } from './integrations/s3-operations.ts';
import { TaskTokens } from './integrations/tokens.ts';
import { loggedEvents } from './logging/log-reader.ts';
import { LogWriter } from './logging/log-writer.ts';
import { MapRuns } from './maps/map-runs.ts';
import { allOperations } from './operations/index.ts';
import type { World } from './operations/world.ts';
import type { Engine } from './run/engine.ts';
import { openShelves } from './store/machines.ts';
import { openStore } from './store/open.ts';
import { DEFAULT_RETENTION_MS, sweepRegularly } from './store/retention.ts';
import { createWire } from './wire.ts';

/**
 * Opens the database. Executions that ran when the process last ended stand until `resume()`; whoever asks for one
 * meanwhile finds it as it will go on.
 */
export async function createStates(options: StatesOptions = {}): Promise<States> {
  const services = servicesOf(options);
  const world = createWorld(options, services);
  const operations = allOperations(world);
  services.sfn = operations;
  const engine = connect(world, options, services);
  world.executor.connect(engine);
  world.executor.recover();
  const handle = createWire(world, operations);
  const stopSweeping = sweepRegularly(world, options.retentionMs ?? DEFAULT_RETENTION_MS);
  return {
    name: 'states',
    operations,
    handle,
    resume: async () => world.executor.resume(),
    close: async () => {
      stopSweeping();
      world.workers.close();
      // Between turns no state is half left.
      await new Promise((resolve) => setImmediate(resolve));
      world.executor.close();
      world.executor.parts.logs.flush();
      await world.close();
    },
  };
}

function createWorld(options: StatesOptions, services: Readonly<Record<string, SdkOperations>>): World {
  const clock = options.clock ?? systemClock;
  const { database, journal, close } = openStore(options.databaseFile ?? ':memory:', clock !== systemClock);
  const shelves = openShelves(database, journal);
  const logs = new LogWriter(options.logs ?? noLogs);
  return {
    place: options.place ?? DEFAULT_PLACE,
    clock,
    database,
    journal,
    close,
    shelves,
    executor: new Executor({ database, journal, shelves, logs }),
    tokens: new TaskTokens(),
    workers: new ActivityWorkers(clock),
    liveCounts: new Map(),
    loggedEvents: async (logging, executionArn) => {
      logs.flush();
      return loggedEvents(options.logs?.find?.bind(options.logs), logging, executionArn);
    },
    isServed: options.mocks === undefined ? servedResources(services) : () => true,
  };
}

/** The services that tasks may call; our own operations join them once they are made. */
function servicesOf({ lambda, s3, services }: StatesOptions): Record<string, SdkOperations> {
  return {
    ...(lambda === undefined ? {} : { lambda: lambdaOperations(lambda) }),
    ...(s3 === undefined ? {} : { s3: withOldListing(s3.operations) }),
    ...services,
  };
}

/** What tasks may name; anything else is refused when a state machine is created. */
function servedResources(services: Readonly<Record<string, SdkOperations>>): World['isServed'] {
  return (resource) => {
    const { kind, service, operation } = resource;
    if (!takesPattern(resource)) return false;
    if (kind === 'sdk' || service === 'sagemaker') return isOperation(services, service, operation);
    return findIntegration(resource) !== undefined;
  };
}

function isOperation(
  services: Readonly<Record<string, SdkOperations>>,
  service: string,
  operation: string,
): boolean {
  return Object.hasOwn(services, service) && Object.hasOwn(services[service]!, operation);
}

function connect(
  world: World,
  { lambda, s3, connections, mocks }: StatesOptions,
  services: Readonly<Record<string, SdkOperations>>,
): Engine {
  const mapRuns = new MapRuns(world);
  return {
    place: world.place,
    clock: world.clock,
    turnedClock: world.clock === systemClock ? undefined : world.clock,
    lambda,
    s3,
    services,
    connections,
    mocks,
    tokens: world.tokens,
    activities: world.workers,
    children: new ChildStarter(world, services.sfn!),
    runMapRun: (frame, state, input) => mapRuns.run(frame, state, input),
  };
}

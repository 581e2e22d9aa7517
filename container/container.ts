// Puts the container together: settings in, a listening server out. `main.ts` adds the process around it.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from './handlers/api.ts';
import { createPool } from './instances/pool.ts';
import { createMetrics } from './serving/metrics.ts';
import { createRegistry, type Registry } from './serving/registry.ts';
import { createResponseCache } from './serving/response-cache.ts';
import { createContainerServer, type ServerState, SINGLE_MODEL } from './serving/server.ts';
import type { Settings } from './settings.ts';

export interface Container {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly registry: Registry;
  /** Resolves when the single model is loaded (at once in multi-model mode); rejects when it cannot be. */
  readonly ready: Promise<void>;
  /** Stops taking connections, waits for what is in flight up to `drainMs`, and ends the workers. */
  close(): Promise<void>;
}

/** Listens at once and loads the model behind it, so that `/ping` tells the state from the start. */
export async function startContainer(settings: Settings, logger: Logger): Promise<Container> {
  const pool = createPool({
    workers: settings.workers,
    spreads: !settings.isMultiModel,
    ...(settings.workerHeapMegabytes && { heapMegabytes: settings.workerHeapMegabytes }),
    onLog: (level, message) => logger[level](message),
  });
  const metrics = createMetrics();
  const { responseCacheBytes } = settings;
  const cache = responseCacheBytes > 0 ? { responseCache: createResponseCache(responseCacheBytes) } : {};
  const registry = createRegistry({ settings, pool, logger, metrics, ...cache });
  const state: ServerState = { phase: settings.isMultiModel ? 'ready' : 'loading' };
  const server = createContainerServer({ settings, registry, logger, state, metrics, ...cache });
  server.listen(settings.port, settings.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ready = settings.isMultiModel ? Promise.resolve() : loadSingle(registry, settings, state);
  return {
    url: `http://${settings.host === '0.0.0.0' ? '127.0.0.1' : settings.host}:${port}`,
    registry,
    ready,
    close: async () => {
      state.phase = 'stopping';
      await drain(server, settings.drainMs);
      await pool.close();
    },
  };
}

const IDLE_SWEEP_MS = 20;

/** A connection kept alive by its client is closed as soon as it has no request under way. */
async function drain(server: Server, drainMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}

async function loadSingle(registry: Registry, settings: Settings, state: ServerState): Promise<void> {
  await registry.load(SINGLE_MODEL, settings.modelFolder);
  if (state.phase === 'loading') state.phase = 'ready';
}

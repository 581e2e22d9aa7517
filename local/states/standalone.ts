// The engine as a server of its own: Step Functions, S3 and CloudWatch Logs on one loopback port, Lambda elsewhere.
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogs } from '../logs/index.ts';
import { createS3 } from '../s3/index.ts';
import type { Service } from '../service.ts';
import { createSts } from '../sts/index.ts';
import { createWireServer } from '../wire/server.ts';
import { httpInvoker } from './http-invoker.ts';
import { createStates } from './index.ts';

export interface StandaloneOptions {
  readonly port: number;
  readonly lambdaEndpoint: string | undefined;
  /** Where state is kept; without it, in a temporary folder that goes with the process. */
  readonly folder: string | undefined;
}

/** Serves until SIGINT or SIGTERM. @throws Error when the port is taken */
export async function serveStates(options: StandaloneOptions): Promise<void> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'seriatim-states-'));
  const s3 = await createS3({ folder: join(folder, 's3') });
  // The only history of an Express execution is in its log group.
  const logs = await createLogs({ folder: join(folder, 'logs') });
  const states = await createStates({
    s3,
    logs,
    services: { cloudwatchlogs: logs.operations, sts: createSts().operations },
    databaseFile: options.folder === undefined ? ':memory:' : join(folder, 'states.sqlite'),
    ...(options.lambdaEndpoint === undefined ? {} : { lambda: httpInvoker(options.lambdaEndpoint) }),
  });
  const services: Service[] = [states, s3, logs];
  const server = createWireServer({ services });
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    for (const service of services) await service.close();
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  await listen(server, options.port).catch(async (thrown: unknown) => {
    await close();
    throw thrown;
  });
  await states.resume();
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  console.log(`Step Functions, S3 and CloudWatch Logs listen on http://127.0.0.1:${port}`);
  await ended(server);
  await close();
  process.exit(0);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (thrown: NodeJS.ErrnoException) => {
      reject(thrown.code === 'EADDRINUSE' ? new Error(`port ${port} is in use`) : thrown);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

function ended(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      server.close();
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}

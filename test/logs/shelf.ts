// What the tests of CloudWatch Logs share: a store in a temporary folder, behind a socket, with the official client.
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { type TurnedClock, turnedClock } from '../../local/clock.ts';
import type { Logs } from '../../local/logs/api.ts';
import { createLogs, type LogsOptions } from '../../local/logs/index.ts';
import { createWireServer } from '../../local/wire/server.ts';

export const START_MS = Date.parse('2026-11-22T12:00:00Z');

export interface Shelf {
  readonly folder: string;
  readonly clock: TurnedClock;
  readonly client: CloudWatchLogsClient;
  logs: Logs;
  /** Closes the store and opens it again on the same folder. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export async function openShelf(options: Partial<LogsOptions> = {}): Promise<Shelf> {
  const folder = mkdtempSync(join(tmpdir(), 'seriatim-logs-'));
  const clock = turnedClock(START_MS);
  const open = (): Promise<Logs> => createLogs({ folder, clock, ...options });
  const first = await open();
  const server = createWireServer({
    services: [{ name: 'logs', handle: (call) => shelf.logs.handle(call), close: async () => {} }],
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new CloudWatchLogsClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  const shelf: Shelf = {
    folder,
    clock,
    client,
    logs: first,
    async reopen() {
      await shelf.logs.close();
      shelf.logs = await open();
    },
    async close() {
      client.destroy();
      server.closeAllConnections();
      server.close();
      await shelf.logs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return shelf;
}

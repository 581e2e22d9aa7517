// The log service itself behind its wire protocol, with the official client in front of it.
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { HistoryEvent } from '../../layers/seriatim/inspection/history.ts';
import type { Logs } from '../../local/logs/api.ts';
import { createLogs } from '../../local/logs/index.ts';
import { createWireServer } from '../../local/wire/server.ts';
import { logLine } from './recorded.ts';

export const GROUP = '/aws/vendedlogs/states/seriatim-dev-house-prices';

export interface RealLog {
  readonly logs: Logs;
  readonly client: CloudWatchLogsClient;
  /** Writes an execution's history as its state machine does. */
  write(executionArn: string, history: readonly HistoryEvent[]): void;
  close(): Promise<void>;
}

export async function startRealLog(): Promise<RealLog> {
  const folder = mkdtempSync(join(tmpdir(), 'seriatim-inspection-'));
  const logs = await createLogs({ folder });
  const server = createWireServer({ services: [logs] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new CloudWatchLogsClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    logs,
    client,
    write(executionArn, history) {
      const events = history.map((event) => ({
        timestamp: event.timeMs,
        message: logLine(event, executionArn),
      }));
      logs.write(GROUP, 'states/seriatim-dev-house-prices/stream', events);
    },
    async close() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await logs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

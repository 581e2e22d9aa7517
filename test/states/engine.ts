// An engine behind a real socket, and clients for it.
import type { AddressInfo } from 'node:net';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { States, StatesOptions } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';
import { createWireServer } from '../../local/wire/server.ts';

export interface TestEngine {
  readonly states: States;
  readonly client: SFNClient;
  readonly url: string;
  close(): Promise<void>;
}

export async function startEngine(options: StatesOptions = {}): Promise<TestEngine> {
  const states = await createStates(options);
  const server = createWireServer({ services: [states] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new SFNClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    disableHostPrefix: true,
    maxAttempts: 1,
  });
  return {
    states,
    client,
    url,
    async close() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await states.close();
    },
  };
}

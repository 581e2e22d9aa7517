// The engine as a process that serves before it takes up what ran when the last one ended, as the whole system does:
// its containers load meanwhile. Run by `killable.ts`.
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { httpInvoker } from '../../local/states/http-invoker.ts';
import { createStates } from '../../local/states/index.ts';
import { createWireServer } from '../../local/wire/server.ts';

/** Until what ran is taken up, at least; twice as long at most. */
const LATE_MS = 100;

const [folder, lambdaEndpoint] = process.argv.slice(2) as [string, string];
const lambda = httpInvoker(lambdaEndpoint);
const states = await createStates({ databaseFile: join(folder, 'states.sqlite'), lambda });
const server = createWireServer({ services: [states] });
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  setTimeout(() => states.resume(), LATE_MS * (1 + Math.random()));
});

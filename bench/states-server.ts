// Step Functions over the wire for its bench, with functions that return at once in the same process. Prints its port;
// answers each line on standard input with the processor time and memory it has used so far.
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { createStates } from '../local/states/index.ts';
import { createWireServer } from '../local/wire/server.ts';
import { atOnce, temporaryFile } from './states-engine.ts';

const { file, remove } = temporaryFile();
const states = await createStates({ databaseFile: file, lambda: atOnce });
const server = createWireServer({ services: [states] });
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
});
createInterface({ input: process.stdin }).on('line', () => {
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ cpuMs: (user + system) / 1000 }));
});
process.stdin.on('end', async () => {
  await states.close();
  remove();
  process.exit(0);
});

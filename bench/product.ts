// The product as `npm start` runs it, on free ports and a state folder of its own, for the bench. Prints its URL when
// every endpoint is in service.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSeriatim } from '../local/boot/index.ts';

const kept = process.env.SERIATIM_BENCH_STATE;
const stateFolder = kept ?? mkdtempSync(join(tmpdir(), 'seriatim-bench-'));
const projectFolder = fileURLToPath(new URL('../', import.meta.url)).replace(/[/\\]$/, '');
const running = await startSeriatim({ projectFolder, stateFolder, httpPort: 0, awsPort: 0 });
console.log(
  JSON.stringify({ url: running.httpUrl, awsUrl: running.awsUrl, startMs: Math.round(running.startMs) }),
);

process.stdin
  .on('end', async () => {
    await running.close();
    if (kept === undefined) rmSync(stateFolder, { recursive: true, force: true });
    process.exit(0);
  })
  .resume();

#!/usr/bin/env node
// The command line's launcher. Runs `main.ts` on the Node that the project brings, whichever Node started this file.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = join(dirname(fileURLToPath(import.meta.url)), 'main.ts');

if (Number(process.versions.node.split('.')[0]) >= 24) {
  process.argv[1] = main;
  await import('./main.ts');
} else {
  const own = createRequire(import.meta.url).resolve('node/bin/node');
  const child = spawn(own, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}

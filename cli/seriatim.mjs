#!/usr/bin/env node
// The command line's launcher. Runs `main.ts` on the Node that the project brings, whichever Node started this file.
import { spawn } from 'node:child_process';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const main = join(folder, 'main.ts');

// Hundreds of TypeScript files are stripped and compiled once, not at every start, and Node's TypeScript compiler stays
// out of memory. What is started from here inherits the cache.
process.env.NODE_COMPILE_CACHE ??= join(folder, '..', '.build', 'compile-cache');

// With an arena of memory for each of dozens of threads, as glibc has it unless told, the services keep some 50 MB more.
const isStart = process.argv[2] === 'start';
const hasArenas = process.platform === 'linux' && process.env.MALLOC_ARENA_MAX === undefined;
if (isStart && hasArenas) process.env.MALLOC_ARENA_MAX = '2';

if (Number(process.versions.node.split('.')[0]) >= 24) {
  // It is read when a process begins: this one begins again, as itself.
  if (isStart && hasArenas)
    process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  process.argv[1] = main;
  await import('./main.ts');
} else {
  const own = createRequire(import.meta.url).resolve('node/bin/node');
  const env = { ...process.env, SERIATIM_LAUNCHER_PID: String(process.pid) };
  const child = spawn(own, [main, ...process.argv.slice(2)], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}

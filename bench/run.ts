// `npm run bench [-- <name> [options]]` runs a bench of this folder, `pipeline` unless told; `-- --help` lists them. A
// bench is a program whose first lines say what it measures and how `npx node bench/<name>.ts` runs it.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DEFAULT = 'pipeline';

const [first, ...rest] = process.argv.slice(2);
const isNamed = first !== undefined && !first.startsWith('-');

if (first === '--help' || first === '-h') list();
else if (isNamed && !benches().has(first)) {
  console.error(`No bench is called "${first}". There are: ${[...benches().keys()].join(', ')}`);
  process.exitCode = 1;
} else run(isNamed ? first : DEFAULT, isNamed ? rest : process.argv.slice(2));

function list(): void {
  console.log('npm run bench [-- <name> [options]]\n');
  for (const [name, header] of benches()) {
    console.log(`${name}${name === DEFAULT ? ' (unless told)' : ''}\n${header.replace(/^/gm, '    ')}\n`);
  }
}

/** The benches by name, with their first lines. */
function benches(): Map<string, string> {
  const names = readdirSync(import.meta.dirname).flatMap((file) => /^(.+)\.ts$/.exec(file)?.[1] ?? []);
  const headers = names.sort().map((name): [string, string] => [name, headerOf(name)]);
  return new Map(
    headers.filter(([name, header]) => name !== 'run' && header.includes(`node bench/${name}.ts`)),
  );
}

function headerOf(name: string): string {
  const lines = readFileSync(join(import.meta.dirname, `${name}.ts`), 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n');
}

/** In a process of its own, with its own arguments. */
function run(name: string, args: readonly string[]): void {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...args], {
    stdio: 'inherit',
  });
  // The child is told too: it ends what it started, and this process with it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
}

// The product as a user has it: `seriatim start` as a process of its own, on free ports, with a state folder that is
// thrown away.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PROJECT = join(import.meta.dirname, '../..');

const COPIED = [
  'cli',
  'container',
  'functions',
  'layers',
  'local',
  'models',
  'packaging',
  'statemachines',
  'package-lock.json',
  'package.json',
  'serverless.yml',
];

export interface Product {
  readonly child: ChildProcess;
  readonly httpUrl: string;
  readonly awsUrl: string;
  /** Everything printed so far. */
  readonly output: () => string;
  readonly stateFolder: string;
  /** What the process has started, by process id. */
  processes(): number[];
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; tookMs: number }>;
}

export async function startProduct({
  command = 'start',
  projectFolder = PROJECT,
  environment = {},
}: {
  command?: string;
  projectFolder?: string;
  /** Added to this process's own. */
  environment?: Readonly<Record<string, string>>;
} = {}): Promise<Product> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'seriatim-product-'));
  const ports = ['--http-port', '0', '--aws-port', '0', '--state-folder', stateFolder];
  const child = runSeriatim([command, ...ports], projectFolder, environment);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exited = once(child, 'exit') as Promise<[number | null]>;
  await untilOutput(() => output, /Read on:/, exited);
  return {
    child,
    httpUrl: /HTTP API\s+(http:\/\/\S+)\n/.exec(output)![1]!,
    awsUrl: /AWS APIs\s+(http:\/\/\S+)\n/.exec(output)![1]!,
    output: () => output,
    stateFolder,
    processes: () => descendants(child.pid!),
    async stop(signal = 'SIGINT') {
      const begunMs = performance.now();
      child.kill(signal);
      const [code] = await exited;
      await rm(stateFolder, { recursive: true, force: true });
      return { code, tookMs: performance.now() - begunMs };
    },
  };
}

/** `npx seriatim …` without npx. */
export function runSeriatim(
  args: readonly string[],
  projectFolder = PROJECT,
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const launcher = join(projectFolder, 'cli/seriatim.mjs');
  return spawn(process.execPath, [launcher, ...args], {
    cwd: projectFolder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits until the pattern stands in what was printed. @throws Error with the output when the process ends first */
export async function untilOutput(
  output: () => string,
  pattern: RegExp,
  exited: Promise<unknown>,
): Promise<void> {
  let hasEnded = false;
  void exited.then(() => {
    hasEnded = true;
  });
  while (!pattern.test(output())) {
    if (hasEnded) throw new Error(`ended before ${pattern} was printed:\n${output()}`);
    await pause(10);
  }
}

/** The project in a folder of its own, for tests that change it. */
export async function copyProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seriatim-project-'));
  await Promise.all(COPIED.map((name) => cp(join(PROJECT, name), join(folder, name), { recursive: true })));
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** @throws Error when the file does not hold what is to be replaced: a test that changes nothing proves nothing */
export async function edit(file: string, from: string, to: string): Promise<void> {
  const before = await readFile(file, 'utf8');
  if (!before.includes(from)) throw new Error(`${file} does not hold ${from}`);
  await writeFile(file, before.replace(from, to));
}

/** A process that has ended and waits to be reaped by a slow init is not alive. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

/** For waiting on another process, whose clock is not ours to turn. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]);
  const childrenOf = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...childrenOf(child)]);
  return childrenOf(pid);
}

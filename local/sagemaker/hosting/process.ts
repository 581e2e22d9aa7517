// One container's process: started by the image table's command with `serve`, its output cut into lines, ended with
// everything it started. Its standard input is a pipe that closes if this process dies, even by SIGKILL.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '../../clock.ts';

export interface ProcessPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Called with whole lines, without their line ends. */
  readonly onLines: (lines: readonly string[]) => void;
}

export interface ContainerProcess {
  readonly pid: number | undefined;
  /** Resolves with the reason once the process has ended; never rejects. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL if it is still there after the grace. Resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
}

export function startProcess(plan: ProcessPlan, clock: Clock): ContainerProcess {
  const child = spawn(plan.command, [...plan.args, 'serve'], {
    env: { ...inherited(), ...plan.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, so that a server's workers end with it and a Ctrl-C at the terminal reaches us alone.
    detached: true,
  });
  child.stdin?.on('error', () => {});
  readLines(child.stdout!, plan.onLines);
  readLines(child.stderr!, plan.onLines);
  const ended = endOf(child, clock);
  return {
    pid: child.pid,
    ended,
    async stop(graceMs) {
      signal(child, 'SIGTERM');
      const cancel = clock.schedule(graceMs, () => signal(child, 'SIGKILL'));
      await ended;
      cancel();
      // A worker that outlived its parent still belongs to the group.
      signal(child, 'SIGKILL');
    },
  };
}

/** How long the last lines of a process that has ended may take to arrive, when a worker holds its output open. */
const LAST_LINES_MS = 100;

function endOf(child: ChildProcess, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signalName) => {
      const reason = signalName === null ? `ended with exit code ${code}` : `was ended by ${signalName}`;
      const cancel = clock.schedule(LAST_LINES_MS, () => resolve(reason));
      child.once('close', () => {
        cancel();
        resolve(reason);
      });
    });
  });
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // The group is gone already.
  }
}

/** What a program needs to run at all; the rest of this process's environment is none of the container's business. */
const INHERITED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'LANG',
  'LC_ALL',
  'TZ',
  'LD_LIBRARY_PATH',
  'MALLOC_ARENA_MAX',
  'SystemRoot',
];

function inherited(): Record<string, string> {
  return Object.fromEntries(
    INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** A line longer than this is passed on in pieces. */
const MAX_LINE = 256 * 1024;

function readLines(stream: Readable, onLines: (lines: readonly string[]) => void): void {
  let pending = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (pending + chunk).split(/\r?\n/);
    pending = lines.pop()!;
    if (pending.length > MAX_LINE) {
      lines.push(pending);
      pending = '';
    }
    if (lines.length > 0) onLines(lines);
  });
  stream.on('error', () => {});
  stream.on('close', () => {
    if (pending !== '') onLines([pending]);
  });
}

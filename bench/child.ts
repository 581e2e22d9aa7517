// A process of the bench: started, spoken to by lines of JSON, ended when its standard input closes.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly pid: number;
  /** The next line of its standard output. @throws when it ends before, or answers `{"error"}` */
  next<Answer>(): Promise<Answer>;
  tell(line: unknown): void;
  /** Ends it, and waits until it has ended. */
  close(): Promise<void>;
}

/** Runs `product.ts` as `npm start` runs the product; `env` becomes the program and keeps its process id. */
export const PRODUCT_COMMAND = [
  'env',
  'MALLOC_ARENA_MAX=2',
  process.execPath,
  '--max-semi-space-size=4',
  '--heap-growing-percent=100',
];

/** Gives up on a child that does not end, so that none is left behind. */
const END_MS = 5000;

/** @param file beside this one @param command what runs it, in place of Node; its mistakes are not shown */
export function startChild(file: string, command?: readonly string[]): Child {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const [program = process.execPath, ...args] = command ?? [];
  const stderr = command === undefined ? 'inherit' : 'ignore';
  const child = spawn(program, [...args, path], { stdio: ['pipe', 'pipe', stderr] });
  child.stdin!.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout! });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    pid: child.pid!,
    next: () => nextLine(lines, child, file),
    tell: (line) => void child.stdin!.write(`${JSON.stringify(line)}\n`),
    async close() {
      child.stdin!.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

function nextLine<Answer>(lines: Interface, child: ChildProcess, file: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`${file} ended with ${child.exitCode ?? child.signalCode}`));
    child.once('exit', ended);
    lines.once('line', (line) => {
      child.off('exit', ended);
      const answer = JSON.parse(line) as Answer & { error?: string };
      if (answer.error === undefined) resolve(answer);
      else reject(new Error(`${file}: ${answer.error}`));
    });
  });
}

// The life of `start` and `dev`: starts, reports, waits for Ctrl-C or a kill, ends within two seconds. A second
// signal ends at once.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostingSettings } from '../../local/boot/hosting-settings.ts';
import type { Running, StartOptions } from '../../local/boot/index.ts';
import type { Report } from '../../local/boot/progress.ts';
import type { StartFlags } from '../commands/start.ts';
import { onOrphaned } from './parent-watch.ts';
import { progressLine, welcome } from './report.ts';

/** Runs beside the system; returns what ends it. */
export type Companion = (running: Running, print: (line: string) => void) => Promise<() => Promise<void>>;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** By then every part has had its time; what is left is ended with the process. */
const LAST_MOMENT_MS = 1_900;

/** One Ctrl-C comes several times: from the terminal, from npm and from the launcher. */
const SAME_SIGNAL_MS = 300;

export async function runUntilStopped(flags: StartFlags, companion?: Companion): Promise<void> {
  const begunMs = performance.now();
  const stopping = stopSignal();
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const onProgress = (report: Report): void => {
    if (!flags.quiet) print(progressLine(report));
  };
  try {
    // Loaded only now: a Ctrl-C finds its listener from the first moment on.
    const { startSeriatim } = await import('../../local/boot/index.ts');
    const running = await startSeriatim({ ...readFlags(flags), onProgress, signal: stopping.signal });
    const endCompanion = await companion?.(running, print);
    print(welcome(running, { quiet: flags.quiet ?? false, readyMs: performance.now() - begunMs }));
    await stopping.stopped;
    await endCompanion?.();
    await running.close();
  } catch (thrown) {
    if (!stopping.signal.aborted) fail(thrown);
  }
  // Not left to the event loop: a worker thread of user code may hold it open.
  process.exit(0);
}

/** One line, whatever the message looks like. */
function fail(thrown: unknown): never {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  process.stderr.write(`seriatim: ${message.split(/\s*\n\s*/).join(' ')}\n`);
  process.exit(1);
}

interface Stopping {
  readonly signal: AbortSignal;
  readonly stopped: Promise<void>;
}

function stopSignal(): Stopping {
  const controller = new AbortController();
  const { promise: stopped, resolve: setStopped } = Promise.withResolvers<void>();
  let firstMs = 0;
  const stop = (): void => {
    if (controller.signal.aborted) {
      if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(0);
      return;
    }
    firstMs = performance.now();
    controller.abort(new Error('stopped'));
    setTimeout(() => process.exit(0), LAST_MOMENT_MS).unref();
    setStopped();
  };
  for (const name of SIGNALS) process.on(name, stop);
  if (process.env.npm_lifecycle_event !== undefined) onOrphaned(process.ppid, stop);
  return { signal: controller.signal, stopped };
}

function readFlags({ fresh, httpPort, awsPort, stateFolder }: StartFlags): StartOptions {
  return {
    projectFolder: fileURLToPath(new URL('../../', import.meta.url)).replace(/[/\\]$/, ''),
    fresh: fresh ?? false,
    ...(stateFolder === undefined ? {} : { stateFolder: resolve(stateFolder) }),
    ...(process.env.SERIATIM_HTTP_HOST ? { httpHost: process.env.SERIATIM_HTTP_HOST } : {}),
    ...(process.env.SERIATIM_TOKEN ? { httpToken: process.env.SERIATIM_TOKEN } : {}),
    httpPort: readPort(httpPort ?? process.env.SERIATIM_HTTP_PORT ?? '3000', 'SERIATIM_HTTP_PORT'),
    hosting: hostingSettings(process.env),
    awsPort: readPort(awsPort ?? process.env.SERIATIM_AWS_PORT ?? '4566', 'SERIATIM_AWS_PORT'),
  };
}

function readPort(text: string, variable: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port < 65_536) return port;
  throw new RangeError(`"${text}" is not a port between 0 and 65535 (${variable} or its option)`);
}

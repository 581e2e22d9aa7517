// Packaging in a process of its own: what esbuild, the compiler and the packing of a thousand models take of memory is
// given back when it ends. `npm start` and `npm run dev` prepare the project so; this file is also the process.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Artefact } from './artefacts.ts';
import type { Packaged } from './package.ts';

export interface Preparing {
  readonly packaged: Promise<Packaged>;
  readonly artefacts: Promise<readonly Artefact[]>;
  /** Calls off what is under way; resolves when no process is left. */
  end(): Promise<void>;
}

interface Results {
  readonly packaged: Packaged;
  readonly artefacts: readonly Artefact[];
}

type Part = keyof Results;

type Message = { readonly [P in Part]: { readonly part: P; readonly result: Results[P] } }[Part] | Failure;

interface Failure {
  readonly part: Part;
  readonly failure: string;
}

/** @param projectFolder absolute */
export function prepareProject(projectFolder: string): Preparing {
  const child = fork(import.meta.filename, [projectFolder]);
  const exited = once(child, 'exit');
  const receive = <P extends Part>(part: P): Promise<Results[P]> =>
    new Promise((resolve, reject) => {
      child.on('message', (message: Message) => {
        if (message.part !== part) return;
        if ('failure' in message) reject(new Error(message.failure));
        else resolve(message.result as Results[P]);
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`Packaging ended with exit code ${code}.`)));
    });
  return {
    packaged: receive('packaged'),
    artefacts: receive('artefacts'),
    async end() {
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await exited;
    },
  };
}

async function prepare(projectFolder: string): Promise<void> {
  const ending = new AbortController();
  process.once('disconnect', () => {
    ending.abort();
    process.exit(0);
  });
  // A Ctrl-C reaches every process of the terminal; this one ends when its parent says so.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  // Imported here: a pipeline's definition that does not parse is a failure to report, like one that does not compile.
  const packaged = import('./package.ts').then(({ packageTemplate }) =>
    packageTemplate({ projectFolder, signal: ending.signal }),
  );
  const artefacts = import('./artefacts.ts').then(({ packArtefacts }) => packArtefacts(projectFolder));
  await Promise.all([report('packaged', packaged), report('artefacts', artefacts)]);
  process.disconnect();
}

async function report<P extends Part>(part: P, work: Promise<Results[P]>): Promise<void> {
  const message = await work.then(
    (result) => ({ part, result }),
    (thrown: unknown) => ({ part, failure: reasonOf(thrown) }),
  );
  await new Promise((resolve) => process.send!(message, resolve));
}

/** A file that does not parse is named with its line, which the message of a SyntaxError leaves to the stack. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (!(thrown instanceof SyntaxError)) return thrown.message;
  const place = /^(?:file:\/\/)?(\/.*:\d+)$/m.exec(thrown.stack ?? '')?.[1];
  return place === undefined ? thrown.message : `${place}: ${thrown.message}`;
}

if (import.meta.main) await prepare(process.argv[2]!);

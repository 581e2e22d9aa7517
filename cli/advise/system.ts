// Pipelines, in placements of theirs, as a system of its own: `seriatim start` on free ports with a state folder that is
// thrown away, so that it disturbs nothing that runs already.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Placement } from '../../statemachines/pipeline.ts';
import { PIPELINES_VARIABLE, PLACEMENTS_VARIABLE } from '../../statemachines/selection.ts';

export interface System {
  readonly httpUrl: string;
  /** Ends it and leaves nothing behind. */
  close(): Promise<void>;
}

/** By the pipeline's name. */
export type Placements = Readonly<Record<string, Placement>>;

export interface SystemOptions {
  readonly projectFolder: string;
  readonly pipelines: readonly string[];
  /** As their definitions say, unless told. */
  readonly placements?: Placements;
  readonly signal: AbortSignal;
}

/** @throws Error with what it printed when it does not start */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { projectFolder, pipelines, placements = {}, signal } = options;
  const stateFolder = await mkdtemp(join(tmpdir(), 'seriatim-advise-'));
  const ports = ['--http-port', '0', '--aws-port', '0', '--state-folder', stateFolder, '--quiet'];
  const child = spawn(process.execPath, [join(projectFolder, 'cli/seriatim.mjs'), 'start', ...ports], {
    cwd: projectFolder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      [PIPELINES_VARIABLE]: pipelines.join(','),
      [PLACEMENTS_VARIABLE]: Object.entries(placements)
        .map(([name, placement]) => `${name}:${placement}`)
        .join(','),
    },
  });
  const exited = once(child, 'exit');
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
    await exited;
    await rm(stateFolder, { recursive: true, force: true });
  };
  const stop = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', stop, { once: true });
  try {
    return { httpUrl: await firstUrl(child), close };
  } catch (thrown) {
    await close();
    throw thrown;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function firstUrl(child: ReturnType<typeof spawn>): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const url = /HTTP API\s+(http:\/\/\S+)\s/.exec(output)?.[1];
        if (url !== undefined) resolve(url);
      });
    }
    child.once('error', reject);
    child.once('exit', () =>
      reject(new Error(output.trim().replace(/^seriatim: /, '') || 'It did not start.')),
    );
  });
}

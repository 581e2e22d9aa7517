// What `dev` does beside the running system: esbuild rebuilds functions and layers as they change, state machines are
// compiled again in a process of their own, the console is built anew, and each change goes into the running system with
// one line printed.
import { execFile } from 'node:child_process';
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Running } from '../../local/boot/index.ts';
import { type Definitions, reloadCode, reloadStateMachines } from '../../local/boot/reload.ts';
import { bundle, type Rebuilt } from '../../packaging/bundle.ts';
import { watchConsole } from './watch-console.ts';
import { watchFolder } from './watch-folder.ts';

type Print = (line: string) => void;

/** @returns what ends watching */
export async function watchProject(running: Running, print: Print): Promise<() => Promise<void>> {
  const { projectFolder } = running.world;
  const onRebuilt = (rebuilt: Rebuilt): void => void codeChanged(running, rebuilt, print);
  const [bundles, machines] = await Promise.all([
    bundle({ projectFolder, watch: true, onRebuilt }),
    watchStateMachines(running, print),
  ]);
  const template = watch(join(projectFolder, 'serverless.yml'), () =>
    print('  serverless.yml changed: start again to take it up'),
  );
  const page = watchConsole(projectFolder, print);
  print('  dev         watching functions/, layers/, statemachines/ and console/');
  return async () => {
    template.close();
    page.close();
    machines.close();
    await bundles.close();
  };
}

async function codeChanged(running: Running, rebuilt: Rebuilt, print: Print): Promise<void> {
  const what = `${rebuilt.kind} ${rebuilt.name}`;
  if (rebuilt.errors.length > 0) {
    for (const error of rebuilt.errors) print(`  ${what}: ${error}`);
    print(`  ${what}: the old code goes on`);
    return;
  }
  const begunMs = performance.now();
  const names = await reloadCode(running.world, rebuilt);
  if (names.length === 0) print(`  ${what}: built; no function of the template uses it`);
  else print(`  ${what}: ${names.join(', ')} reloaded in ${Math.round(performance.now() - begunMs)} ms`);
}

async function watchStateMachines(running: Running, print: Print): Promise<FSWatcher> {
  const { projectFolder } = running.world;
  let current = await compile(projectFolder);
  const update = async (): Promise<void> => {
    const next = await compile(projectFolder);
    const changed = await reloadStateMachines(running, current, next);
    current = next;
    for (const name of changed) print(`  state machine ${name}: running with the new definition`);
  };
  return watchFolder(join(projectFolder, 'statemachines'), {
    fits: (file) => file.endsWith('.ts'),
    update,
    onFailed: (thrown, file) => {
      print(`  statemachines/${file}: ${firstLines(thrown)}`);
      print('  statemachines: the old definitions go on');
    },
  });
}

const run = promisify(execFile);

/** In a new process, because a module that was once imported is never read again. */
async function compile(projectFolder: string): Promise<Definitions> {
  const { stdout } = await run(process.execPath, ['--input-type=module-typescript', '-e', COMPILE], {
    cwd: projectFolder,
    maxBuffer: 64 * 2 ** 20,
  });
  return JSON.parse(stdout) as Definitions;
}

const COMPILE = `
import { compilePipeline } from './statemachines/compile/compile.ts';
import { PIPELINE_DEFINITIONS } from './statemachines/index.ts';
import { selectPipelines } from './statemachines/selection.ts';
const pipelines = selectPipelines(PIPELINE_DEFINITIONS, process.env);
console.log(JSON.stringify(Object.assign({}, ...pipelines.map(compilePipeline))));
`;

/** The error itself, of what Node prints when a module throws. */
function firstLines(thrown: unknown): string {
  const text = (thrown as { stderr?: string }).stderr ?? String(thrown);
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('    at '));
  const error = lines.find((line) => /^\w*Error/.test(line)) ?? lines[0] ?? 'does not compile';
  return error.trim();
}

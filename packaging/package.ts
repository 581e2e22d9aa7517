// Packaging: state machines compiled, functions and layer bundled, `serverless package` run. Skipped when nothing that
// goes into a package has changed. `npm run package` runs it; `npm start` and `npm run dev` boot what it gives.
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PIPELINE_DEFINITIONS } from '../statemachines/index.ts';
import { PIPELINES_VARIABLE, PLACEMENTS_VARIABLE, selectPipelines } from '../statemachines/selection.ts';
import { writeMachines } from '../statemachines/write-asl.ts';
import { bundle } from './bundle.ts';
import { buildConsole, isConsoleBuilt } from './console.ts';
import { BUNDLE_INPUTS, fingerprint } from './fingerprint.ts';
import { inTurn } from './lock.ts';
import { prepareFolder, selectionFolder } from './selection-folder.ts';

export interface PackageOptions {
  /** Absolute. */
  readonly projectFolder: string;
  /** Called with a few words when a step begins. */
  readonly onProgress?: (step: string) => void;
  /** Ends packaging that is under way. */
  readonly signal?: AbortSignal;
}

export interface Packaged {
  /** The CloudFormation template, as it would be deployed. */
  readonly templateFile: string;
  /** True when the last package was still right. */
  readonly fromCache: boolean;
}

/** @throws Error with one line that says what is wrong with the template or the code */
export async function packageTemplate(options: PackageOptions): Promise<Packaged> {
  const { projectFolder, signal } = options;
  const packaged = await packageChanged(options);
  if (!(await isConsoleBuilt(projectFolder)))
    await inTurn(projectFolder, () => buildConsole(projectFolder), signal);
  return packaged;
}

async function packageChanged(options: PackageOptions): Promise<Packaged> {
  const { projectFolder, signal } = options;
  const serviceFolder = join(projectFolder, selectionFolder(process.env));
  const templateFile = join(serviceFolder, '.serverless/cloudformation-template-update-stack.json');
  const markFile = join(serviceFolder, '.build/package.fingerprint');
  const mark = () => markOf(projectFolder, settingsOf(process.env), templateFile);
  const isFresh = async () => isCurrent(markFile, await mark());
  if (await isFresh()) return { templateFile, fromCache: true };
  return inTurn(
    projectFolder,
    async () => {
      // Another process may just have done it.
      if (await isFresh()) return { templateFile, fromCache: true };
      await rm(markFile, { force: true });
      await build(options);
      await mkdir(dirname(markFile), { recursive: true });
      await writeFile(markFile, (await mark()) ?? '');
      return { templateFile, fromCache: false };
    },
    signal,
  );
}

async function build({ projectFolder, onProgress = () => {}, signal }: PackageOptions): Promise<void> {
  const selection = selectionFolder(process.env);
  selectPipelines(PIPELINE_DEFINITIONS, process.env);
  onProgress('compiling state machines, bundling functions');
  await Promise.all([writeMachines(join(projectFolder, 'statemachines')), bundleChanged(projectFolder)]);
  onProgress('packaging the template');
  await prepareFolder(projectFolder, selection);
  // After the bundles, whose end takes esbuild's process with it.
  await Promise.all([runServerless(join(projectFolder, selection), signal), buildConsole(projectFolder)]);
}

/** Variables of the environment that change what the Serverless Framework writes. */
function settingsOf(environment: NodeJS.ProcessEnv): string[] {
  return ['SLS_STAGE', PIPELINES_VARIABLE, PLACEMENTS_VARIABLE].map(
    (name) => `${name}=${environment[name] ?? ''}`,
  );
}

/** Of all that goes in and of the template that came out: `serverless` may have been run by hand since. */
async function markOf(
  projectFolder: string,
  settings: readonly string[],
  templateFile: string,
): Promise<string | undefined> {
  const template = await readFile(templateFile).catch(() => undefined);
  if (template === undefined) return undefined;
  return `${await fingerprint(projectFolder, settings)} ${hash('sha256', template)}\n`;
}

async function isCurrent(markFile: string, current: string | undefined): Promise<boolean> {
  return current !== undefined && (await readFile(markFile, 'utf8').catch(() => '')) === current;
}

/** The bundles are the same whichever pipelines are packaged. */
async function bundleChanged(projectFolder: string): Promise<void> {
  const markFile = join(projectFolder, '.build/bundles.fingerprint');
  const mark = await fingerprint(projectFolder, [], BUNDLE_INPUTS);
  const isThere = existsSync(join(projectFolder, '.build/functions'));
  if (isThere && (await isCurrent(markFile, mark))) return;
  await rm(markFile, { force: true });
  await bundle({ projectFolder });
  await writeFile(markFile, mark);
}

/** In a process of its own: the framework keeps state in its modules and is not loaded when nothing changed. */
async function runServerless(serviceFolder: string, signal?: AbortSignal): Promise<void> {
  const command = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
  const child = spawn(process.execPath, [command, 'package'], {
    cwd: serviceFolder,
    env: { ...process.env, SERIATIM_BUNDLED: '1', SLS_NOTIFICATIONS_MODE: 'off', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`serverless.yml cannot be packaged: ${reasonOf(output)}`);
}

/** What stands after `Error:`, in one line. */
function reasonOf(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const start = lines.findIndex((line) => /^(Error|\w*Exception):?/.test(line));
  const after = lines.slice(start < 0 ? 0 : start).filter((line) => line !== '');
  const end = after.findIndex((line, i) => i > 0 && /^(at |Environment:|Stack Trace|Docs:)/.test(line));
  const text = after.slice(0, end < 0 ? 6 : Math.min(end, 6)).join(' ');
  return text.replace(/^Error:\s*/, '') || 'it gave no reason.';
}

if (import.meta.main) {
  try {
    const { templateFile, fromCache } = await packageTemplate({
      projectFolder: join(import.meta.dirname, '..'),
      onProgress: (step) => console.log(step),
    });
    console.log(fromCache ? `unchanged: ${templateFile}` : templateFile);
  } catch (thrown) {
    console.error((thrown as Error).message);
    process.exitCode = 1;
  }
}

// Packaging: state machines compiled, functions and layer bundled, `serverless package` run. Skipped when nothing that
// goes into a package has changed. `npm run package` runs it; `npm start` and `npm run dev` boot what it gives.
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { writeMachines } from '../statemachines/write-asl.ts';
import { bundle } from './bundle.ts';
import { buildConsole } from './console.ts';
import { fingerprint } from './fingerprint.ts';

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
  const { projectFolder, onProgress = () => {} } = options;
  const templateFile = join(projectFolder, '.serverless/cloudformation-template-update-stack.json');
  const markFile = join(projectFolder, '.build/package.fingerprint');
  const settings = settingsOf(process.env);
  if (await isCurrent(markFile, await markOf(projectFolder, settings, templateFile))) {
    await buildConsole(projectFolder);
    return { templateFile, fromCache: true };
  }
  await rm(markFile, { force: true });
  onProgress('compiling state machines, bundling functions');
  await Promise.all([writeMachines(join(projectFolder, 'statemachines')), bundle({ projectFolder })]);
  onProgress('packaging the template');
  // After the bundles, whose end takes esbuild's process with it.
  await Promise.all([runServerless(projectFolder, options.signal), buildConsole(projectFolder)]);
  await mkdir(join(projectFolder, '.build'), { recursive: true });
  await writeFile(markFile, (await markOf(projectFolder, settings, templateFile)) ?? '');
  return { templateFile, fromCache: false };
}

/** Variables of the environment that change what the Serverless Framework writes. */
function settingsOf(environment: NodeJS.ProcessEnv): string[] {
  return [`SLS_STAGE=${environment.SLS_STAGE ?? ''}`];
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

/** In a process of its own: the framework keeps state in its modules and is not loaded when nothing changed. */
async function runServerless(projectFolder: string, signal?: AbortSignal): Promise<void> {
  const command = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
  const child = spawn(process.execPath, [command, 'package'], {
    cwd: projectFolder,
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

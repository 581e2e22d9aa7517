// The table of container images: ours, and those that the project names in `images.json` by repository, each a command
// that follows SageMaker's container contract or the URL where such a container already runs.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import type { ImageLauncher, ImageTable } from '../sagemaker/api.ts';
import { StartFailure } from './failure.ts';

export const IMAGES_FILE = 'images.json';

const launcher = v.union([
  v.strictObject({ url: v.pipe(v.string(), v.regex(/^https?:\/\/[^/]+\/?$/)) }),
  v.strictObject({
    command: v.pipe(v.string(), v.nonEmpty()),
    args: v.optional(v.array(v.string()), []),
    environment: v.optional(v.record(v.string(), v.string())),
  }),
]);
const table = v.record(v.pipe(v.string(), v.nonEmpty()), launcher);

/** @throws StartFailure for an `images.json` that cannot be read */
export function imageTable(projectFolder: string): ImageTable {
  const named = Object.entries(readImages(projectFolder)).map(([name, one]) => [
    name,
    launch(one, projectFolder),
  ]);
  return { 'seriatim-container': ours(projectFolder), ...Object.fromEntries(named) };
}

/** Started from source (hosting adds `serve`); ends with this process. */
function ours(projectFolder: string): ImageLauncher {
  return {
    kind: 'command',
    command: process.execPath,
    args: [join(projectFolder, 'container', 'main.ts')],
    environment: { SERIATIM_EXIT_WITH_PARENT: '1', NODE_COMPILE_CACHE: compileCache(projectFolder) },
  };
}

/** The launcher's, so that a container starts from it too, with a third less memory. */
function compileCache(projectFolder: string): string {
  return process.env.NODE_COMPILE_CACHE ?? join(projectFolder, '.build', 'compile-cache');
}

function readImages(projectFolder: string): v.InferOutput<typeof table> {
  let text: string;
  try {
    text = readFileSync(join(projectFolder, IMAGES_FILE), 'utf8');
  } catch {
    return {};
  }
  try {
    return v.parse(table, JSON.parse(text));
  } catch (thrown) {
    const issue = v.isValiError(thrown) ? v.getDotPath(thrown.issues[0]!) : undefined;
    const where = issue ? `at "${issue}"` : (thrown as Error).message;
    throw new StartFailure(
      `${IMAGES_FILE} cannot be used (${where}): each repository has "url", or "command" with "args" and "environment".`,
      thrown,
    );
  }
}

function launch(one: v.InferOutput<typeof launcher>, projectFolder: string): ImageLauncher {
  if ('url' in one) return { kind: 'url', url: one.url };
  const { command, args, environment } = one;
  return {
    kind: 'command',
    command: inProject(command, projectFolder),
    args: args.map((argument) => inProject(argument, projectFolder)),
    ...(environment === undefined ? {} : { environment }),
  };
}

/** Paths that begin with `./` are the project's. */
function inProject(text: string, projectFolder: string): string {
  return text.startsWith('./') ? resolve(projectFolder, text) : text;
}

// Layers in an execution environment: what a function imports from under `/opt` comes from the layers' folders. A
// later layer covers an earlier one, as when Lambda unpacks them over each other.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MOUNT = '/opt/';
const MOUNT_URL = 'file:///opt/';
/** Where `require` looks for packages in a layer: Lambda sets NODE_PATH to it. */
const PACKAGE_ROOTS = ['nodejs/', 'nodejs/node24/', 'nodejs/node22/'];

export function mountLayers(layerFolders: readonly string[]): void {
  if (layerFolders.length === 0) return;
  const folders = layerFolders.toReversed();
  registerHooks({
    resolve(specifier, context, next) {
      const path = pathUnderMount(specifier);
      if (path !== undefined) {
        const file = folders.map((folder) => join(folder, path)).find((candidate) => existsSync(candidate));
        return next(file === undefined ? specifier : pathToFileURL(file).href, context);
      }
      if (!context.conditions.includes('require') || !isBare(specifier)) return next(specifier, context);
      return firstResolved([context.parentURL, ...packageParents(folders)], (parentURL) =>
        next(specifier, parentURL === undefined ? context : { ...context, parentURL }),
      );
    },
  });
}

function pathUnderMount(specifier: string): string | undefined {
  if (specifier.startsWith(MOUNT)) return specifier.slice(MOUNT.length);
  if (specifier.startsWith(MOUNT_URL)) return fileURLToPath(specifier).slice(MOUNT.length);
  return undefined;
}

function isBare(specifier: string): boolean {
  return !/^(\.|\/|[a-z]+:)/i.test(specifier);
}

function packageParents(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    PACKAGE_ROOTS.map((root) => pathToFileURL(join(folder, root, 'index.js')).href),
  );
}

/** The first parent from which the specifier resolves; the error of the first when none does. */
function firstResolved<Result>(
  parents: readonly (string | undefined)[],
  resolve: (parent: string | undefined) => Result,
): Result {
  let first: unknown;
  for (const parent of parents) {
    try {
      return resolve(parent);
    } catch (thrown) {
      first ??= thrown;
    }
  }
  throw first;
}

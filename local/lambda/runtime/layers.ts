// Layers in an execution environment: what a function imports from under `/opt` comes from the layers' folders. A
// later layer covers an earlier one, as when Lambda unpacks them over each other. Packages that are required by name
// are found by `NODE_PATH`, which `../launch.ts` sets as Lambda does. Files under `/opt` that a function opens by
// itself are not redirected.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MOUNT = '/opt/';
const MOUNT_URL = 'file:///opt/';

export function mountLayers(layerFolders: readonly string[]): void {
  if (layerFolders.length === 0) return;
  const folders = layerFolders.toReversed();
  registerHooks({
    resolve(specifier, context, next) {
      const path = pathUnderMount(specifier);
      if (path === undefined) return next(specifier, context);
      const file = folders.map((folder) => join(folder, path)).find((candidate) => existsSync(candidate));
      return next(file === undefined ? specifier : pathToFileURL(file).href, context);
    },
  });
}

function pathUnderMount(specifier: string): string | undefined {
  if (specifier.startsWith(MOUNT)) return specifier.slice(MOUNT.length);
  if (specifier.startsWith(MOUNT_URL)) return fileURLToPath(specifier).slice(MOUNT.length);
  return undefined;
}

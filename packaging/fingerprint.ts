// Whether anything that goes into a package has changed since the last one: a digest over the contents of the files.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a package is made of, in the project folder. The lock file stands for the npm packages. */
const INPUTS = ['serverless.yml', 'package-lock.json', 'functions', 'layers', 'packaging', 'statemachines'];

/** What the bundles are made of. */
export const BUNDLE_INPUTS = ['package-lock.json', 'functions', 'layers', 'packaging'] as const;

/** @param settings what else decides: stage, parameters; @param inputs files and folders of the project */
export async function fingerprint(
  projectFolder: string,
  settings: readonly string[],
  inputs: readonly string[] = INPUTS,
): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify([...settings, process.version]));
  for (const input of inputs) {
    for (const file of await filesUnder(projectFolder, input)) {
      digest.update(`\0${file}\0`).update(await readFile(join(projectFolder, file)));
    }
  }
  return digest.digest('hex');
}

/** The file itself, or every file below the folder, in an order that is always the same. */
async function filesUnder(projectFolder: string, path: string): Promise<string[]> {
  const entries = await readdir(join(projectFolder, path), { recursive: true, withFileTypes: true }).catch(
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOTDIR') return undefined;
      throw new Error(`${path} is missing from ${projectFolder}.`, { cause: thrown });
    },
  );
  if (entries === undefined) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(projectFolder.length + 1))
    .sort();
}

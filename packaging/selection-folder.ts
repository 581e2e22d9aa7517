// Where the Serverless Framework runs: in the project folder, which leaves `.serverless/` there for deploying; or, for a
// selection of pipelines, in a folder of its own under `.build/packages/` that holds the same by links. So a selection
// that is started beside the whole project takes nothing away from it.
import { hash } from 'node:crypto';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isWholeProject, PIPELINES_VARIABLE, PLACEMENTS_VARIABLE } from '../statemachines/selection.ts';

const LINKED = [
  'functions',
  'layers',
  'node_modules',
  'packaging',
  'statemachines',
  '.build/functions',
  '.build/layers',
];
/** The framework takes no link for its own file. */
const COPIED = ['package.json', 'serverless.yml'];

/** Relative to the project folder; empty for the project itself. */
export function selectionFolder(environment: NodeJS.ProcessEnv): string {
  if (isWholeProject(environment)) return '';
  const { [PIPELINES_VARIABLE]: pipelines, [PLACEMENTS_VARIABLE]: placements } = environment;
  return `.build/packages/${hash('sha256', JSON.stringify([pipelines, placements])).slice(0, 16)}`;
}

/** Does nothing for the project itself. */
export async function prepareFolder(projectFolder: string, selection: string): Promise<void> {
  if (selection === '') return;
  const folder = join(projectFolder, selection);
  await mkdir(join(folder, '.build'), { recursive: true });
  for (const name of COPIED) await copyFile(join(projectFolder, name), join(folder, name));
  for (const name of LINKED) {
    await symlink(join(projectFolder, name), join(folder, name), 'junction').catch(
      (thrown: NodeJS.ErrnoException) => {
        if (thrown.code !== 'EEXIST') throw thrown;
      },
    );
  }
}

// Makes a new pipeline known in the three files that list them: a line each, put where the others stand. Everything
// else (state machines, functions, roles, endpoints, notifications) follows from the definition.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pascal } from '../../statemachines/names.ts';
import { CommandError } from '../http-api.ts';
import { entryName, variable } from './skeleton.ts';

interface Insertion {
  readonly file: string;
  /** Each new text goes before the first match of its pattern. */
  readonly before: readonly (readonly [pattern: RegExp, text: string])[];
}

function insertions(name: string): Insertion[] {
  const contract = `./contracts/${name}.ts`;
  return [
    {
      file: 'layers/seriatim/index.ts',
      before: [[/export \* from ['"]\.\/endpoint\.ts['"];/, `export * from '${contract}';\n`]],
    },
    {
      file: 'layers/seriatim/pipelines.ts',
      before: [
        [/import \{ PipelineNotFound \}/, `import { ${entryName(name)} } from '${contract}';\n`],
        [/^\};\n\n(?=const deployed)/m, `  '${name}': ${entryName(name)},\n`],
      ],
    },
    {
      file: 'statemachines/index.ts',
      before: [
        [/import type \{ Pipeline \}/, `import { ${variable(name)} } from './${name}.ts';\n`],
        [/^\];/m, `  ${variable(name)},\n`],
      ],
    },
  ];
}

/**
 * The changed files, not yet written.
 * @throws CommandError when a file no longer has the place for it
 */
export async function registrations(projectFolder: string, name: string): Promise<Record<string, string>> {
  const changed: Record<string, string> = {};
  for (const { file, before } of insertions(name)) {
    let text = await readFile(join(projectFolder, file), 'utf8');
    for (const [pattern, line] of before) {
      const at = text.search(pattern);
      if (at < 0)
        throw new CommandError(
          `${file} does not look as expected: there is no ${pattern} before which ${pascal(name)} could stand`,
        );
      text = text.slice(0, at) + line + text.slice(at);
    }
    changed[file] = text;
  }
  return changed;
}

export async function writeAll(
  projectFolder: string,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<void> {
  for (const [file, content] of Object.entries(files)) await writeFile(join(projectFolder, file), content);
}

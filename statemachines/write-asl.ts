// `npm run compile`: writes the state machine definitions of every pipeline beside them.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compilePipeline, definitionProblem, formatMachine } from './compile/compile.ts';
import { PipelineDefinitionError } from './compile/errors.ts';
import { PIPELINE_DEFINITIONS } from './index.ts';
import type { Pipeline } from './pipeline.ts';

/** The files that changed. @throws DefinitionProblem before any is written */
export async function writeMachines(
  folder: string,
  definitions: readonly Pipeline[] = PIPELINE_DEFINITIONS,
): Promise<string[]> {
  const changed: string[] = [];
  for (const [name, machine] of definitions.flatMap((p) => Object.entries(compiled(p)))) {
    const file = join(folder, `${name}.asl.json`);
    const text = formatMachine(machine);
    if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue;
    await writeFile(file, text);
    changed.push(file);
  }
  return changed;
}

/** One line for the person at the keyboard, as `seriatim check` prints it. */
class DefinitionProblem extends Error {}

function compiled(pipeline: Pipeline): ReturnType<typeof compilePipeline> {
  try {
    return compilePipeline(pipeline);
  } catch (thrown) {
    if (!(thrown instanceof PipelineDefinitionError)) throw thrown;
    throw new DefinitionProblem(definitionProblem(pipeline.name, thrown, join(import.meta.dirname, '..')));
  }
}

if (import.meta.main) {
  try {
    const changed = await writeMachines(import.meta.dirname);
    console.log(changed.length === 0 ? 'Every state machine is as compiled.' : `Wrote ${changed.join(', ')}`);
  } catch (thrown) {
    if (!(thrown instanceof DefinitionProblem)) throw thrown;
    console.error(`seriatim: ${thrown.message}`);
    process.exitCode = 1;
  }
}

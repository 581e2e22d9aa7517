// `npm run compile`: writes the state machine definitions of every pipeline beside them.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compilePipeline, formatMachine } from './compile/compile.ts';
import { PIPELINE_DEFINITIONS } from './index.ts';

/** The files that changed. */
export async function writeMachines(folder: string): Promise<string[]> {
  const changed: string[] = [];
  for (const [name, machine] of PIPELINE_DEFINITIONS.flatMap((p) => Object.entries(compilePipeline(p)))) {
    const file = join(folder, `${name}.asl.json`);
    const text = formatMachine(machine);
    if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue;
    await writeFile(file, text);
    changed.push(file);
  }
  return changed;
}

if (import.meta.main) {
  const changed = await writeMachines(import.meta.dirname);
  console.log(changed.length === 0 ? 'Every state machine is as compiled.' : `Wrote ${changed.join(', ')}`);
}

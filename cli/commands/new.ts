// `seriatim new <name> --pattern <1-4>`: a working skeleton of a pipeline, from a model's own signature.
import { join } from 'node:path';
import type { Command } from 'commander';
import { usageError, withExitCodes } from '../exit.ts';
import type { Pattern } from '../new/skeleton.ts';

interface Flags {
  readonly pattern?: string;
  readonly model?: string;
  readonly sample?: string;
}

const PATTERNS: readonly string[] = ['1', '2', '3', '4'];

export function register(program: Command): void {
  const command = withExitCodes(program.command('new'))
    .description(
      'Write a working skeleton of a pipeline: definition, functions, model folder, sample request, test',
    )
    .argument('<name>', 'its name, such as wine-quality')
    .option(
      '--pattern <number>',
      '1 one container, 2 inference pipeline, 3 serial ensemble, 4 target model out of a group',
    )
    .option('--model <file>', 'an .onnx file, whose inputs and outputs become the contract')
    .option('--sample <json>', 'one record to try it with, in place of one made up')
    .addHelpText(
      'after',
      '\nWrites nothing over what is there. Exit codes: 0 written, 1 refused, 2 wrong usage.',
    );
  command.action(async (name: string, flags: Flags) => {
    if (flags.pattern === undefined || !PATTERNS.includes(flags.pattern))
      usageError(
        command,
        `give the pattern by --pattern 1, 2, 3 or 4${flags.pattern === undefined ? '' : `, not ${flags.pattern}`}`,
      );
    await create(name, { ...flags, pattern: Number(flags.pattern) as Pattern });
  });
}

async function create(
  name: string,
  { pattern, model, sample }: Omit<Flags, 'pattern'> & { pattern: Pattern },
): Promise<void> {
  const { newPipeline } = await import('../new/new.ts');
  const { created, changed } = await newPipeline({
    projectFolder: join(import.meta.dirname, '../..'),
    name,
    pattern,
    ...(model === undefined ? {} : { model }),
    ...(sample === undefined ? {} : { sample }),
  });
  for (const file of created) console.log(`  wrote    ${file}`);
  for (const file of changed) console.log(`  changed  ${file}`);
  console.log(nextSteps(name));
}

function nextSteps(name: string): string {
  return `
Check it, test it, run it:
  npx seriatim check
  npx vitest run test/product/${name}.test.ts
  SERIATIM_PIPELINES=${name} npm start
  npx seriatim invoke ${name} models/${name}/requests.ndjson`;
}

// `seriatim export <id>`: an execution's record as a file that `--history` reads offline.
import type { Command } from 'commander';
import type { ExportedExecution } from '../../layers/seriatim/inspection/exported.ts';
import { withExitCodes } from '../exit.ts';
import { executionPath } from '../inspect/api.ts';
import { openSource, type SourceFlags, withSource } from '../inspect/source.ts';

interface Flags extends SourceFlags {
  readonly output?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = withExitCodes(program.command('export'))
    .description('Write an execution to a file that show, events, payload and compare read with --history')
    .argument('<id>', "the execution's id, or its ARN")
    .option('-o, --output <file>', '<id>.execution.json unless told; - for standard output')
    .option('--json', 'to standard output')
    .addHelpText(
      'after',
      '\nExit codes: 0 written, 1 not reached, 2 wrong usage, 3 no such execution, 4 not allowed.',
    );
  withSource(command, { offline: true }).action(run);
}

async function run(id: string, flags: Flags): Promise<void> {
  const api = await openSource(flags);
  const record = await api.get<ExportedExecution>(executionPath('payloads', id, '/history'));
  const file = flags.json ? '-' : (flags.output ?? `${record.description.id}.execution.json`);
  if (file === '-') console.log(JSON.stringify(record));
  else {
    const { writeFile } = await import('node:fs/promises');
    await writeFile(file, `${JSON.stringify(record)}\n`);
    console.error(`${file}: ${record.events.length} events`);
  }
}

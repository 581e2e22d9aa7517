// `seriatim redrive <id>` and `seriatim stop <id>`, through `POST /executions/{id}/redrive` and `…/stop`.
import type { Command } from 'commander';
import type { OperationAnswer } from '../../layers/seriatim/inspection/api.ts';
import { withExitCodes } from '../exit.ts';
import { executionPath } from '../inspect/api.ts';
import { openSource, type SourceFlags, withSource } from '../inspect/source.ts';

interface Flags extends SourceFlags {
  readonly json?: boolean;
}

export function register(program: Command): void {
  operation(program, 'redrive', 'Go on with a failed Standard execution from where it failed');
  operation(program, 'stop', 'End a running Standard execution');
}

function operation(program: Command, name: 'redrive' | 'stop', description: string): void {
  const command = withExitCodes(program.command(name))
    .description(description)
    .argument('<id>', "the execution's id, or its ARN")
    .option('--json', 'one JSON object: {"id","arn","operation"}')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 not possible, 2 wrong usage, 3 no such execution, 4 not allowed.',
    );
  withSource(command).action(async (id: string, flags: Flags) => {
    const api = await openSource(flags);
    const done = await api.post<OperationAnswer>(executionPath('executions', id, `/${name}`));
    console.log(flags.json ? JSON.stringify(done) : `seriatim show ${done.id}`);
  });
}

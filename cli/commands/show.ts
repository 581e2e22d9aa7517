// `seriatim show <id>`: one execution with its stages and attempts, with payloads where they may be read.
import type { Command } from 'commander';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { withExitCodes } from '../exit.ts';
import { type Api, executionPath } from '../inspect/api.ts';
import { idOf, openSource, type SourceFlags, withSource } from '../inspect/source.ts';

interface Flags extends SourceFlags {
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly payloads: boolean;
  readonly allAttempts?: boolean;
}

const WATCH_MS = 1000;

export function register(program: Command): void {
  const command = withExitCodes(program.command('show'))
    .description('Show one execution: its stages, attempts, times, costs, inputs and outputs')
    .argument('[id]', "the execution's id, as the list has it, or its ARN")
    .option('--json', 'the whole view as one JSON object')
    .option('--no-payloads', 'without inputs and outputs')
    .option('--all-attempts', 'each attempt, also where a stage has more than 12')
    .option('--watch', 'draw it again as it goes on, until it has ended')
    .addHelpText(
      'after',
      '\nExit codes: 0 shown, 1 not reached, 2 wrong usage, 3 no such execution, 4 not allowed.',
    );
  withSource(command, { offline: true }).action(show);
}

async function show(id: string | undefined, flags: Flags): Promise<void> {
  const [api, { waterfall }] = await Promise.all([openSource(flags), import('../format/waterfall.ts')]);
  const print = (view: ExecutionView): void =>
    console.log(
      flags.json ? JSON.stringify(view) : waterfall(view, { allAttempts: flags.allAttempts === true }),
    );
  let view = await read(api, idOf(id, flags), flags.payloads);
  print(view);
  while (flags.watch && view.status === 'RUNNING') {
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const next = await read(api, view.arn, flags.payloads);
    if (next.eventCount !== view.eventCount || next.status !== view.status) print(next);
    view = next;
  }
}

/** Who may look but not read sees the view without payloads. */
async function read(api: Api, id: string, wantsPayloads: boolean): Promise<ExecutionView> {
  if (!wantsPayloads) return api.get(executionPath('executions', id));
  try {
    return await api.get(executionPath('payloads', id));
  } catch (thrown) {
    if ((thrown as { exitCode?: number }).exitCode !== 4) throw thrown;
    return api.get(executionPath('executions', id));
  }
}

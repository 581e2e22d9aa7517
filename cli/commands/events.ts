// `seriatim events <id>`: an execution's history, a line per event.
import type { Command } from 'commander';
import type { EventsPage, EventView } from '../../layers/seriatim/inspection/api.ts';
import { usageError, withExitCodes } from '../exit.ts';
import { type Api, executionPath } from '../inspect/api.ts';
import { idOf, openSource, type SourceFlags, withSource } from '../inspect/source.ts';

interface Flags extends SourceFlags {
  readonly json?: boolean;
  readonly type?: string;
  readonly stage?: string;
  readonly payloads?: boolean;
}

export function register(program: Command): void {
  const command = withExitCodes(program.command('events'))
    .description("Print an execution's history, a line per event")
    .argument('[id]', "the execution's id, or its ARN")
    .option('--type <text>', 'only events whose type has this in it, such as Failed')
    .option('--stage <name>', 'only events of this state')
    .option('--payloads', 'with inputs and outputs')
    .option('--json', 'one JSON object per line')
    .addHelpText(
      'after',
      '\nExit codes: 0 printed, 1 not reached, 2 wrong usage, 3 no such execution, 4 not allowed.',
    );
  withSource(command, { offline: true }).action((id: string | undefined, flags: Flags) =>
    print(command, id, flags),
  );
}

async function print(command: Command, id: string | undefined, flags: Flags): Promise<void> {
  const api = await openSource(flags);
  const { eventLine } = await import('../format/events.ts');
  const stages = new Set<string>();
  for await (const event of readEvents(api, idOf(id, flags), flags.payloads === true)) {
    if (event.stage !== undefined) stages.add(event.stage);
    const isWanted =
      (flags.type === undefined || event.type.includes(flags.type)) && isOf(event, flags.stage);
    if (isWanted) console.log(flags.json ? JSON.stringify(event) : eventLine(event));
  }
  if (flags.stage !== undefined && !stages.has(flags.stage)) {
    usageError(command, `no stage "${flags.stage}" in this execution: there are ${[...stages].join(', ')}`);
  }
}

function isOf(event: EventView, stage: string | undefined): boolean {
  return stage === undefined || event.stage === stage;
}

/** Page by page, so that a long history begins to print at once. */
async function* readEvents(api: Api, id: string, wantsPayloads: boolean): AsyncGenerator<EventView> {
  const root = wantsPayloads ? 'payloads' : 'executions';
  let token: string | undefined;
  do {
    const page: EventsPage = await api.get(executionPath(root, id, '/events'), { limit: '25000', token });
    yield* page.events;
    token = page.nextToken;
  } while (token !== undefined);
}

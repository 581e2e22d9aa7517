// `seriatim show <id>`: one execution with its stages and attempts, through `GET /executions/{id}`.
import type { Command } from 'commander';
import { withExitCodes } from '../exit.ts';

interface Flags {
  readonly json?: boolean;
  readonly url?: string;
}

export function register(program: Command): void {
  withExitCodes(program.command('show'))
    .description('Show one execution: its stages, attempts, times, inputs and outputs')
    .argument('<id>', "the execution's id, as the list has it, or its ARN")
    .option('--json', 'the whole view as one JSON object')
    .option('--url <url>', 'the HTTP API (http://127.0.0.1:$SERIATIM_HTTP_PORT, else port 3000)')
    .addHelpText('after', '\nExit codes: 0 shown, 1 no such execution or no API, 2 wrong usage.')
    .action(show);
}

async function show(id: string, flags: Flags): Promise<void> {
  const [{ apiUrl, getJson }, { waterfall }] = await Promise.all([
    import('../http-api.ts'),
    import('../format/waterfall.ts'),
  ]);
  type View = import('../../layers/seriatim/inspection/view.ts').ExecutionView;
  const view = await getJson<View>({ url: apiUrl(flags.url), path: `/executions/${encodeURIComponent(id)}` });
  console.log(flags.json ? JSON.stringify(view) : waterfall(view));
}

// `seriatim executions`: the newest executions of all pipelines, through `GET /executions`.
import { type Command, Option } from 'commander';
import { usageError, withExitCodes } from '../exit.ts';

interface Flags {
  readonly pipeline?: string;
  readonly status?: string;
  readonly limit: string;
  readonly since?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly url?: string;
}

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'UNKNOWN'];
const WATCH_MS = 1000;

export function register(program: Command): void {
  const command = withExitCodes(program.command('executions'))
    .description('List executions, newest first')
    .option('--pipeline <name>', 'of this pipeline only')
    .addOption(new Option('--status <status>', 'of this status only').choices(STATUSES))
    .option('--limit <count>', 'at most this many, up to 1000', '20')
    .option('--since <when>', 'started since this time, or this long ago: 15m, 2h, 7d')
    .option('--json', 'one JSON object: {"executions":[…],"nextToken"?}')
    .option('--watch', 'follow: print new ones, and those that end, as they come')
    .option('--url <url>', 'the HTTP API (http://127.0.0.1:$SERIATIM_HTTP_PORT, else port 3000)')
    .addHelpText('after', '\nExit codes: 0 listed, 1 the API cannot be reached or refuses, 2 wrong usage.');
  command.action((flags: Flags) => run(command, flags));
}

async function run(command: Command, flags: Flags): Promise<void> {
  if (!/^[1-9]\d{0,3}$/.test(flags.limit) || Number(flags.limit) > 1000) {
    usageError(command, '--limit takes a whole number from 1 to 1000');
  }
  const { apiUrl } = await import('../http-api.ts');
  const url = apiUrl(flags.url);
  if (flags.watch) await watch(url, flags);
  else await printOnce(url, flags);
}

async function printOnce(url: string, flags: Flags): Promise<void> {
  const page = await list(url, flags);
  if (flags.json) console.log(JSON.stringify(page));
  else {
    const { executionsTable } = await import('../format/executions.ts');
    console.log(executionsTable(page.executions));
  }
}

/** A line per execution when it appears and when its status changes, oldest first; until interrupted. */
async function watch(url: string, flags: Flags): Promise<void> {
  const { executionsTable } = await import('../format/executions.ts');
  const statuses = new Map<string, string>();
  for (;;) {
    const { executions } = await list(url, flags);
    const news = executions.filter(({ arn, status }) => statuses.get(arn) !== status).reverse();
    for (const execution of news) {
      const isFirst = statuses.size === 0;
      statuses.set(execution.arn, execution.status);
      const lines = executionsTable([execution]).split('\n');
      console.log(flags.json ? JSON.stringify(execution) : lines.slice(isFirst ? 0 : 1).join('\n'));
    }
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}

async function list(url: string, flags: Flags) {
  const { getJson } = await import('../http-api.ts');
  const query = new URLSearchParams({ limit: flags.limit });
  for (const name of ['pipeline', 'status', 'since'] as const) {
    const value = flags[name];
    if (value !== undefined) query.set(name, value);
  }
  type Page = import('../../layers/seriatim/inspection/api.ts').ExecutionsPage;
  return getJson<Page>({ url, path: `/executions?${query}` });
}

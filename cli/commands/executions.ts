// `seriatim executions`: the newest executions of all pipelines, through `GET /executions`.
import { type Command, Option } from 'commander';
import type { ExecutionsPage } from '../../layers/seriatim/inspection/api.ts';
import { usageError, withExitCodes } from '../exit.ts';
import type { Api } from '../inspect/api.ts';
import { openSource, type SourceFlags, withSource } from '../inspect/source.ts';

interface Flags extends SourceFlags {
  readonly pipeline?: string;
  readonly status?: string;
  readonly error?: string;
  readonly stage?: string;
  readonly limit: string;
  readonly since?: string;
  readonly until?: string;
  readonly token?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE', 'UNKNOWN'];
const WATCH_MS = 1000;

export function register(program: Command): void {
  const command = withExitCodes(program.command('executions'))
    .description('List executions, newest first')
    .option('--pipeline <name>', 'of this pipeline only')
    .addOption(new Option('--status <status>', 'of this status only').choices(STATUSES))
    .option('--error <code>', 'that failed with this error: a code or a reported name')
    .option('--stage <name>', 'that failed in this stage')
    .option('--limit <count>', 'at most this many, up to 1000', '20')
    .option('--since <when>', 'started since this time, or this long ago: 15m, 2h, 7d')
    .option('--until <when>', 'started until then')
    .option('--token <token>', 'go on with a list: the nextToken of --json')
    .option('--json', 'one JSON object: {"executions":[…],"nextToken"?}; with --watch one execution per line')
    .option('--watch', 'follow: print new ones, and those that end, as they come')
    .addHelpText('after', '\nExit codes: 0 listed, 1 it cannot be reached or refuses, 2 wrong usage, 3, 4.');
  withSource(command).action((flags: Flags) => run(command, flags));
}

async function run(command: Command, flags: Flags): Promise<void> {
  if (!/^[1-9]\d{0,3}$/.test(flags.limit) || Number(flags.limit) > 1000) {
    usageError(command, '--limit takes a whole number from 1 to 1000');
  }
  await checkTimes(command, flags);
  const api = await openSource(flags);
  if (flags.watch) await watch(api, flags);
  else await printOnce(api, flags);
}

/** A time that cannot be read is a mistake in what was typed, whoever would be asked. */
async function checkTimes(command: Command, { since, until }: Flags): Promise<void> {
  if (since === undefined && until === undefined) return;
  const { readTime } = await import('../../layers/seriatim/inspection/http/list-query.ts');
  for (const [name, text] of Object.entries({ since, until })) {
    if (text === undefined) continue;
    try {
      readTime(name, text, Date.now());
    } catch (thrown) {
      usageError(command, `--${(thrown as Error).message}`);
    }
  }
}

async function printOnce(api: Api, flags: Flags): Promise<void> {
  const page = await list(api, flags);
  if (page.executions.length === 0 && flags.stage !== undefined) {
    console.error(`No execution listed here failed in a stage "${flags.stage}": see that the name is right.`);
  }
  if (flags.json) console.log(JSON.stringify(page));
  else {
    const { executionsTable } = await import('../format/executions.ts');
    console.log(executionsTable(page.executions));
  }
}

/** A line per execution when it appears and when its status changes, oldest first; until interrupted. */
async function watch(api: Api, flags: Flags): Promise<void> {
  const { executionsTable } = await import('../format/executions.ts');
  const statuses = new Map<string, string>();
  for (;;) {
    const { executions } = await list(api, flags);
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

function list(api: Api, flags: Flags): Promise<ExecutionsPage> {
  const { limit, pipeline, status, error, stage, since, until, token } = flags;
  return api.get('/executions', { limit, pipeline, status, error, stage, since, until, token });
}

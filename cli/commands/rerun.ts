// `seriatim rerun <id>`: the same again, whole or from a stage, with what was changed.
import type { Command } from 'commander';
import type { RerunAnswer, RerunRequest } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { withExitCodes } from '../exit.ts';
import { type Api, executionPath } from '../inspect/api.ts';
import { openSource, type SourceFlags, withSource } from '../inspect/source.ts';

interface Flags extends SourceFlags {
  readonly from?: string;
  readonly input?: string;
  readonly targetModel?: string;
  readonly variant?: string;
  readonly endpoint?: string;
  readonly name?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const POLL_MS = 300;
const FAILED_EXIT = 5;

export function register(program: Command): void {
  const command = withExitCodes(program.command('rerun'))
    .description('Run an execution again, whole or from a stage')
    .argument('<id>', "the execution's id, or its ARN")
    .option('--from <stage>', 'begin at this stage, with what it was given')
    .option('--input <file>', 'JSON in place of what was given; - for standard input')
    .option('--target-model <name>', 'call this target model, such as Dallas_TX.tar.gz')
    .option('--variant <name>', 'call this variant of the endpoint')
    .option('--endpoint <name>', 'call this endpoint')
    .option('--name <name>', 'of the new execution')
    .option('--wait', 'until it has ended, then show it')
    .option('--json', 'one JSON object: {"id","arn","rerunOf"}, with --wait the whole view')
    .addHelpText(
      'after',
      '\nExit codes: 0 started, 1 not possible, 2 wrong usage, 3 no such execution, 4 not allowed, 5 it failed (--wait).',
    );
  withSource(command).action(run);
}

async function run(id: string, flags: Flags): Promise<void> {
  const { from, targetModel, variant, endpoint, name } = flags;
  const input = flags.input === undefined ? {} : { input: await readInput(flags.input) };
  const api = await openSource(flags);
  const request: RerunRequest = { from, targetModel, variant, endpoint, name, ...input } as RerunRequest;
  const started = await api.post<RerunAnswer>(executionPath('executions', id, '/rerun'), request);
  if (flags.wait) await showEnd(api, started, flags);
  else console.log(flags.json ? JSON.stringify(started) : `${started.id}\nseriatim show ${started.id}`);
}

async function showEnd(api: Api, { arn }: RerunAnswer, { json }: Flags): Promise<void> {
  let view: ExecutionView | undefined;
  while (view === undefined || view.status === 'RUNNING') {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    view = await api
      .get<ExecutionView>(executionPath('payloads', arn))
      .catch((thrown: { exitCode?: number }) => {
        // An Express execution is there with its first log line.
        if (thrown.exitCode === 3) return undefined;
        throw thrown;
      });
  }
  const { waterfall } = await import('../format/waterfall.ts');
  console.log(json ? JSON.stringify(view) : waterfall(view));
  if (view.status !== 'SUCCEEDED') process.exitCode = FAILED_EXIT;
}

async function readInput(file: string): Promise<unknown> {
  const { readJsonFile } = await import('../inspect/files.ts');
  return readJsonFile(file);
}

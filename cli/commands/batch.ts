// `seriatim batch <pipeline> <file>`: uploads a file, runs it, shows how far it is and downloads what came of it.
// `seriatim batch list | show | errors | download | resume | stop` for the runs there are. All through the HTTP API.
import type { Command } from 'commander';
import { EXIT_FAILURE, usageError, withExitCodes } from '../exit.ts';
import type { RunFlags } from '../run/batch-run.ts';

const URL_OPTION = [
  '--url <url>',
  'the HTTP API (http://127.0.0.1:$SERIATIM_HTTP_PORT, else port 3000)',
] as const;
const EXIT_CODES =
  '\nExit codes: 0 the run went through, 1 it failed or no API, 2 wrong usage, 130 interrupted: the run goes on.';

interface ReadFlags {
  readonly url?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const batch = withExitCodes(program.command('batch'))
    .description('Run a file of records through a pipeline')
    .argument('<pipeline>', 'its name, such as house-prices')
    .argument('<file>', '.csv, .tsv, .jsonl, .ndjson or .json, all also as .gz, or .parquet')
    .option('--out <path>', 'where the results go (<file>.out)')
    .option('--to <format>', 'csv, jsonl or parquet; as the file unless told')
    .option('--columns <names>', 'fields of the results, by commas')
    .option('--join', 'the fields of each record before those of its result')
    .option('--tolerate <failures>', 'failed records that the run bears: a number, or a share such as 5%')
    .option('--records-per-batch <count>', 'records handed to one child at most')
    .option('--concurrency <count>', 'children at once')
    .option('--options <json>', 'further options, as _run.json has them')
    .option('--again', 'run it once more, though the same file was run with the same options before')
    .option('--no-wait', 'start it and return')
    .option('--json', 'print the manifest instead of a summary')
    .option(...URL_OPTION)
    .addHelpText('after', EXIT_CODES);
  batch.action((pipeline: string, file: string, flags: RunFlags) => run(batch, { pipeline, file }, flags));
  list(batch);
  show(batch);
  errors(batch);
  download(batch);
  control(batch, 'resume', 'Go on with a run that failed or was stopped; what it has done is kept')
    .option('--tolerate <failures>', 'failed records that it bears from now on, those before counted')
    .option('--concurrency <count>', 'children at once');
  control(batch, 'stop', 'Stop a run; what it has done is kept');
}

async function run(
  command: Command,
  asked: { readonly pipeline: string; readonly file: string },
  flags: RunFlags,
): Promise<void> {
  const { optionsOf, runBatch } = await import('../run/batch-run.ts');
  const options = optionsOf(flags);
  if (typeof options === 'string') usageError(command, options);
  if (!(await runBatch(asked, options, flags))) process.exitCode = EXIT_FAILURE;
}

function list(batch: Command): void {
  withExitCodes(batch.command('list'))
    .description('List runs, newest first')
    .option('--pipeline <name>', 'of this pipeline only')
    .option('--limit <count>', 'at most this many, up to 100', '20')
    .option('--json', 'one JSON object')
    .option(...URL_OPTION)
    .action(async (_flags: ReadFlags, command: Command) => {
      const flags = command.optsWithGlobals<ReadFlags & { pipeline?: string; limit: string }>();
      const { listBatches } = await import('../run/batch-read.ts');
      await listBatches(flags);
    });
}

function show(batch: Command): void {
  withExitCodes(batch.command('show'))
    .description('One run: how far it is, or what came of it')
    .argument('<id>', 'its id')
    .option('--json', 'as the API tells it')
    .option(...URL_OPTION)
    .action(async (id: string, _flags: ReadFlags, command: Command) => {
      const { showBatch } = await import('../run/batch-read.ts');
      await showBatch(id, command.optsWithGlobals<ReadFlags>());
    });
}

function errors(batch: Command): void {
  withExitCodes(batch.command('errors'))
    .description('The error records of a run that is over, a line of JSON each')
    .argument('<id>', 'its id')
    .option(...URL_OPTION)
    .action(async (id: string, _flags: ReadFlags, command: Command) => {
      const { printErrors } = await import('../run/batch-read.ts');
      await printErrors(id, command.optsWithGlobals<ReadFlags>());
    });
}

function download(batch: Command): void {
  withExitCodes(batch.command('download'))
    .description('The results of a run that is over, and its error records')
    .argument('<id>', 'its id')
    .option('--out <path>', 'where the results go (<name>.out)')
    .option('--json', 'print the manifest instead of a summary')
    .option(...URL_OPTION)
    .action(async (id: string, _flags: ReadFlags, command: Command) => {
      const { downloadBatch } = await import('../run/batch-read.ts');
      const isHere = await downloadBatch(id, command.optsWithGlobals<ReadFlags & { out?: string }>());
      if (!isHere) process.exitCode = EXIT_FAILURE;
    });
}

function control(batch: Command, name: 'resume' | 'stop', description: string): Command {
  return withExitCodes(batch.command(name))
    .description(description)
    .argument('<id>', 'its id')
    .option('--json', 'one JSON object')
    .option(...URL_OPTION)
    .action(async (id: string, _flags: ReadFlags, command: Command) => {
      const { controlBatch } = await import('../run/batch-read.ts');
      await controlBatch(name, id, command.optsWithGlobals<ReadFlags>());
    });
}

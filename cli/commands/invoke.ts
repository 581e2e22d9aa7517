// `seriatim invoke <pipeline>`: sends a request through `POST /pipelines/{pipeline}/invocations`.
import type { Command } from 'commander';
import { EXIT_FAILURE, usageError, withExitCodes } from '../exit.ts';

interface Flags {
  readonly data?: string;
  readonly file?: string;
  readonly json?: boolean;
  readonly url?: string;
}

export function register(program: Command): void {
  const command = withExitCodes(program.command('invoke'))
    .description('Send one record, or {"instances":[…]}, through a pipeline')
    .argument('<pipeline>', 'its name, such as house-prices')
    .option('--data <json>', 'the request')
    .option('--file <path>', 'a file with the request; - for standard input')
    .option('--json', 'print the answer only, as it came')
    .option('--url <url>', 'the HTTP API (http://127.0.0.1:$SERIATIM_HTTP_PORT, else port 3000)')
    .addHelpText('after', '\nExit codes: 0 answered, 1 the pipeline failed or no API, 2 wrong usage.');
  command.action(async (pipeline: string, flags: Flags) => {
    if ((flags.data === undefined) === (flags.file === undefined)) {
      usageError(command, 'give the request by --data or by --file');
    }
    await invoke(pipeline, flags);
  });
}

async function invoke(pipeline: string, flags: Flags): Promise<void> {
  const { apiUrl, callApi, errorText } = await import('../http-api.ts');
  const body = flags.data ?? (await readRequest(flags.file!));
  const startMs = performance.now();
  const path = `/pipelines/${encodeURIComponent(pipeline)}/invocations`;
  const answer = await callApi({ url: apiUrl(flags.url), path, body });
  const tookMs = performance.now() - startMs;
  if (answer.statusCode !== 200) {
    console.error(`seriatim: ${errorText(answer)}`);
    process.exitCode = EXIT_FAILURE;
  } else console.log(answer.text);
  if (flags.json !== true) console.error(await timing(answer, tookMs));
}

async function readRequest(file: string): Promise<string> {
  const [{ readFile }, { text }, { CommandError }] = await Promise.all([
    import('node:fs/promises'),
    import('node:stream/consumers'),
    import('../http-api.ts'),
  ]);
  if (file === '-') return text(process.stdin);
  return readFile(file, 'utf8').catch((thrown: Error) => {
    throw new CommandError(`${file} cannot be read: ${thrown.message}`);
  });
}

/** `200 in 3.1 ms (Preprocess 1 ms, Estimate 1 ms, …)` and where to look, on standard error. */
async function timing(answer: import('../http-api.ts').ApiAnswer, tookMs: number): Promise<string> {
  const [{ formatMs }, { stageTimes }] = await Promise.all([
    import('../format/text.ts'),
    import('../format/server-timing.ts'),
  ]);
  const stages = stageTimes(String(answer.headers['server-timing'] ?? ''))
    .map(({ name, durationMs }) => `${name} ${formatMs(durationMs)}`)
    .join(', ');
  const arn = String(answer.headers['x-seriatim-execution-arn'] ?? '');
  const id = arn.split(':')[7];
  return [
    `${answer.statusCode} in ${formatMs(tookMs)}${stages === '' ? '' : ` (${stages})`}`,
    ...(id === undefined ? [] : [`seriatim show ${id}`]),
  ].join('\n');
}

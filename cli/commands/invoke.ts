// `seriatim invoke <pipeline> [files…]`: sends requests through `POST /pipelines/{pipeline}/invocations`, one after the
// other, and prints an answer a line in their order.
import type { Command } from 'commander';
import { EXIT_FAILURE, usageError, withExitCodes } from '../exit.ts';
import type { ApiAnswer } from '../http-api.ts';
import type { Request } from '../run/requests.ts';

interface Flags {
  readonly data?: string;
  readonly file?: string;
  readonly include?: string[];
  readonly json?: boolean;
  readonly url?: string;
}

const MORE = `
Files: .json is one request (a record, or {"instances":[…]}); .ndjson and .jsonl are one a line; .png, .jpg and .jpeg go
as their bytes to a pipeline that takes photos; - is standard input, which may be any of these. For CSV and Parquet, and
for many records: seriatim batch.

Each answer is a line on standard output, in the order of the requests. Of several requests, one that fails has its
error there, {"error":{…}}, and the others go on.

  seriatim invoke house-prices --data '{"city":"Houston_TX",…}'
  seriatim invoke photo-themes beach.png --include Recognise
  seriatim invoke tumour-screening requests.ndjson > answers.ndjson

Exit codes: 0 all answered, 1 a request failed or no API, 2 wrong usage.`;

export function register(program: Command): void {
  const command = withExitCodes(program.command('invoke'))
    .description('Send requests through a pipeline: records as JSON, a file with one a line, or photos')
    .argument('<pipeline>', 'its name, such as house-prices')
    .argument('[files...]', '.json, .ndjson, .jsonl, .png, .jpg, or - for standard input')
    .option('--data <json>', 'the request')
    .option('--file <path>', 'the same as a file after the pipeline')
    .option(
      '--include <stages>',
      'what these stages gave beside the answer; by commas, or several times',
      also,
    )
    .option('--json', 'print the answers only, as they came')
    .option('--url <url>', 'the HTTP API (http://127.0.0.1:$SERIATIM_HTTP_PORT, else port 3000)')
    .addHelpText('after', MORE);
  command.action(async (pipeline: string, files: string[], flags: Flags) => {
    const all = flags.file === undefined ? files : [...files, flags.file];
    if ((flags.data === undefined) === (all.length === 0))
      usageError(command, 'give the request by --data or as a file');
    const { requestOf, requestsOf } = await import('../run/requests.ts');
    const requests: Request[] = flags.data === undefined ? [] : [requestOf(flags.data)];
    for (const file of all) requests.push(...(await requestsOf(file)));
    await invoke(pipeline, requests, flags);
  });
}

function also(stages: string, before: string[] = []): string[] {
  return [...before, stages];
}

async function invoke(pipeline: string, requests: readonly Request[], flags: Flags): Promise<void> {
  const { apiUrl, callApi, errorText } = await import('../http-api.ts');
  const query = flags.include === undefined ? '' : `?include=${encodeURIComponent(flags.include.join(','))}`;
  const path = `/pipelines/${encodeURIComponent(pipeline)}/invocations${query}`;
  const url = apiUrl(flags.url);
  const isOne = requests.length === 1;
  const startMs = performance.now();
  let failed = 0;
  for (const { from, body, contentType } of requests) {
    const answer = await callApi({ url, path, body, contentType });
    if (answer.statusCode === 200) console.log(answer.text);
    else {
      failed += 1;
      console.error(`seriatim: ${isOne ? '' : `${from}: `}${errorText(answer)}`);
      if (!isOne) console.log(errorLine(answer));
    }
    if (isOne && flags.json !== true) console.error(await timing(answer, performance.now() - startMs));
  }
  if (!isOne && flags.json !== true)
    console.error(await summary(requests.length, failed, performance.now() - startMs));
  if (failed > 0) process.exitCode = EXIT_FAILURE;
}

/** The API's own error where it is JSON: a line of the output is always JSON. */
function errorLine({ statusCode, text }: ApiAnswer): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return JSON.stringify({ error: { code: String(statusCode), message: text } });
  }
}

async function summary(count: number, failed: number, tookMs: number): Promise<string> {
  const { formatMs } = await import('../format/text.ts');
  return `${count - failed} of ${count} requests answered in ${formatMs(tookMs)}`;
}

/** `200 in 3.1 ms (Preprocess 1 ms, Estimate 1 ms, …)` and where to look, on standard error. */
async function timing(answer: ApiAnswer, tookMs: number): Promise<string> {
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

// `seriatim advise <pipeline>`: which of the placements to choose, from running them all here.
import { join } from 'node:path';
import type { Command } from 'commander';
import { usageError, withExitCodes } from '../exit.ts';

interface Flags {
  readonly json?: boolean;
  readonly requests: string;
  readonly rate: string;
}

export function register(program: Command): void {
  const command = withExitCodes(program.command('advise'))
    .description('Run a pipeline’s placements here and say what each gives and costs')
    .argument('<pipeline>', 'its name, such as tumour-screening')
    .option('--requests <n>', 'requests for latency, and as many again for throughput', '200')
    .option('--rate <list>', 'requests per second that endpoint hours are reckoned at', '1,10,100')
    .option('--json', 'the whole advice as one JSON object')
    .addHelpText(
      'after',
      '\nStarts and ends what it needs, on free ports. Exit codes: 0 done, 1 failed, 2 wrong usage.',
    );
  command.action(async (name: string, flags: Flags) => {
    const [{ PIPELINE_DEFINITIONS }, { advise }, { reportAdvice }] = await Promise.all([
      import('../../statemachines/index.ts'),
      import('../advise/advise.ts'),
      import('../advise/report.ts'),
    ]);
    const known = PIPELINE_DEFINITIONS.map((one) => one.name);
    const pipeline = PIPELINE_DEFINITIONS.find((one) => one.name === name);
    if (pipeline === undefined)
      usageError(command, `there is no pipeline "${name}"; there are ${known.join(', ')}`);
    const requests = numbersOf(flags.requests);
    const rates = numbersOf(flags.rate);
    if (requests.length !== 1 || !Number.isInteger(requests[0]))
      usageError(command, `--requests takes a whole number from 1, not "${flags.requests}"`);
    if (rates.length === 0) usageError(command, `--rate takes numbers over 0, not "${flags.rate}"`);
    const stopping = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => stopping.abort(new Error('stopped')));
    const advice = await advise({
      projectFolder: join(import.meta.dirname, '../..'),
      pipeline,
      requests: requests[0]!,
      rates,
      signal: stopping.signal,
      onProgress: (line) => console.error(`  ${line}`),
    });
    console.log(flags.json ? JSON.stringify(advice, null, 2) : reportAdvice(advice));
  });
}

/** Empty where one of them is no number over 0. */
function numbersOf(text: string): number[] {
  const numbers = text.split(',').map((item) => Number(item.trim() || Number.NaN));
  return numbers.every((one) => Number.isFinite(one) && one > 0) ? numbers : [];
}

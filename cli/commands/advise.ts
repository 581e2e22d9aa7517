// `seriatim advise [pipelines…]`: which of the placements to choose, from running them all here.
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Pipeline } from '../../statemachines/pipeline.ts';
import type { Advice } from '../advise/advise.ts';
import { usageError, withExitCodes } from '../exit.ts';

interface Flags {
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly requests: string;
  readonly rate: string;
}

export function register(program: Command): void {
  const command = withExitCodes(program.command('advise'))
    .description('Run a pipeline’s placements here and say what each gives and costs')
    .argument('[pipelines...]', 'such as tumour-screening; all unless told')
    .option('--requests <n>', 'requests for latency, and as many again for throughput', '200')
    .option('--rate <list>', 'requests per second that endpoint hours are reckoned at', '1,10,100')
    .option('--json', 'the whole advice as one JSON object, of several pipelines a list')
    .option('--markdown', 'times and costs alone, as the tables of docs/pipelines-patterns.md')
    .addHelpText(
      'after',
      '\nStarts and ends what it needs, on free ports. Exit codes: 0 done, 1 failed, 2 wrong usage.',
    );
  command.action(async (names: string[], flags: Flags) => {
    const { PIPELINE_DEFINITIONS } = await import('../../statemachines/index.ts');
    const known = PIPELINE_DEFINITIONS.map(({ name }) => name);
    const strange = names.find((name) => !known.includes(name));
    if (strange !== undefined)
      usageError(command, `there is no pipeline "${strange}"; there are ${known.join(', ')}`);
    const requests = numbersOf(flags.requests);
    const rates = numbersOf(flags.rate);
    if (requests.length !== 1 || !Number.isInteger(requests[0]))
      usageError(command, `--requests takes a whole number from 1, not "${flags.requests}"`);
    if (rates.length === 0) usageError(command, `--rate takes numbers over 0, not "${flags.rate}"`);
    const asked = PIPELINE_DEFINITIONS.filter(({ name }) => names.length === 0 || names.includes(name));
    await adviseAll(asked, { requests: requests[0]!, rates }, flags);
  });
}

async function adviseAll(
  pipelines: readonly Pipeline[],
  measuring: { readonly requests: number; readonly rates: readonly number[] },
  flags: Flags,
): Promise<void> {
  const [{ advise }, { reportAdvice }, { markdownTables }] = await Promise.all([
    import('../advise/advise.ts'),
    import('../advise/report.ts'),
    import('../advise/markdown.ts'),
  ]);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopping.abort(new Error('stopped')));
  const advices: Advice[] = [];
  for (const pipeline of pipelines) {
    const advice = await advise({
      projectFolder: join(import.meta.dirname, '../..'),
      pipeline,
      ...measuring,
      signal: stopping.signal,
      onProgress: (line) => console.error(`  ${pipelines.length > 1 ? `${pipeline.name}, ` : ''}${line}`),
    });
    advices.push(advice);
    if (!flags.json && !flags.markdown) console.log(`${reportAdvice(advice)}\n`);
  }
  if (flags.json) console.log(JSON.stringify(advices.length === 1 ? advices[0] : advices, null, 2));
  if (flags.markdown) console.log(markdownTables(advices));
}

/** Empty where one of them is no number over 0. */
function numbersOf(text: string): number[] {
  const numbers = text.split(',').map((item) => Number(item.trim() || Number.NaN));
  return numbers.every((one) => Number.isFinite(one) && one > 0) ? numbers : [];
}

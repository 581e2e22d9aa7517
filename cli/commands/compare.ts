// `seriatim compare <a> <b>`: two executions stage by stage, or two result files record by record.
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Comparison } from '../../layers/seriatim/inspection/api.ts';
import { withExitCodes } from '../exit.ts';
import { openSource, type SourceFlags, withSource } from '../inspect/source.ts';

interface Flags extends SourceFlags {
  readonly json?: boolean;
  readonly exitCode?: boolean;
}

const DIFFERENT_EXIT = 5;

export function register(program: Command): void {
  const command = withExitCodes(program.command('compare'))
    .description('Compare two executions stage by stage, or two result files with a histogram of differences')
    .argument('<a>', "an execution's id or ARN, an exported history, or a result file (.csv, .jsonl, .out)")
    .argument('<b>', 'another of the same kind')
    .option('--exit-code', 'end with 5 when what went in or came out differs')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 compared, 1 not reached, 2 wrong usage, 3 no such execution, 4 not allowed, 5 different (--exit-code).',
    );
  withSource(command).action(run);
}

async function run(a: string, b: string, flags: Flags): Promise<void> {
  const isDifferent =
    existsSync(a) && existsSync(b) ? await compareFiles(a, b, flags) : await compareBoth(a, b, flags);
  if (isDifferent && flags.exitCode) process.exitCode = DIFFERENT_EXIT;
}

async function compareBoth(a: string, b: string, flags: Flags): Promise<boolean> {
  const api = await openSource(flags);
  const comparison = await api.get<Comparison>('/payloads/compare', { a, b });
  return printComparison(comparison, flags);
}

async function printComparison(comparison: Comparison, { json }: Flags): Promise<boolean> {
  const { comparisonText, differs } = await import('../format/compare.ts');
  console.log(json ? JSON.stringify(comparison) : comparisonText(comparison));
  return differs(comparison);
}

/** Exported histories are executions; anything else holds results. */
async function compareFiles(a: string, b: string, flags: Flags): Promise<boolean> {
  const { readTextFile } = await import('../inspect/files.ts');
  const [left, right] = await Promise.all([readTextFile(a), readTextFile(b)]);
  const { compareHistories } = await import('../inspect/compare-histories.ts');
  const histories = await compareHistories(left, right);
  if (histories !== undefined) return printComparison(histories, flags);
  const [{ compareResults }, { resultsText }] = await Promise.all([
    import('../../layers/seriatim/inspection/compare/results.ts'),
    import('../format/compare.ts'),
  ]);
  const results = compareResults(left, right);
  console.log(flags.json ? JSON.stringify(results) : resultsText(results));
  return results.differing > 0;
}

// The advice for several pipelines as the two tables of docs/pipelines-patterns.md, Time and Cost. Pure.
import { formatMs } from '../format/text.ts';
import type { Advice } from './advise.ts';

export function markdownTables(advices: readonly Advice[]): string {
  const rates = advices[0]?.tried[0]?.cost.endpoints.map(({ requestsPerSecond }) => requestsPerSecond) ?? [];
  const hours = rates.map((rate, i) => (i === 0 ? `endpoint hours at ${rate}/s` : `at ${rate}/s`));
  return [
    ...tableOf(['Pipeline', 'Placement', 'p50', 'p99', 'requests/s', 'first call'], timeRows(advices)),
    '',
    ...tableOf(
      ['Pipeline', 'Placement', 'HTTP API', 'Lambda', 'Express', 'S3', 'sum', ...hours],
      costRows(advices),
    ),
    '',
    loadLine(advices),
  ].join('\n');
}

function timeRows(advices: readonly Advice[]): string[][] {
  return advices.flatMap((advice) =>
    advice.tried.map((tried) => [
      ...nameOf(advice, tried),
      formatMs(tried.measured.latency.p50Ms),
      formatMs(tried.measured.latency.p99Ms),
      String(Math.round(tried.measured.requestsPerSecond)),
      formatMs(tried.measured.firstMs),
    ]),
  );
}

function costRows(advices: readonly Advice[]): string[][] {
  const usd = (value: number): string => `$${value.toFixed(2)}`;
  return advices.flatMap((advice) =>
    advice.tried.map((tried) => {
      const { httpApi, lambda, stepFunctions, s3, perMillion, endpoints } = tried.cost;
      const sums = [httpApi, lambda, stepFunctions, s3, perMillion];
      return [
        ...nameOf(advice, tried),
        ...[...sums, ...endpoints.map((endpoint) => endpoint.perMillion)].map(usd),
      ];
    }),
  );
}

function nameOf({ pipeline }: Advice, { placement, isWritten }: Advice['tried'][number]): string[] {
  return [`\`${pipeline}\``, `${placement}${isWritten ? ' *' : ''}`];
}

/** What the figures are worth. */
function loadLine(advices: readonly Advice[]): string {
  const loads = advices.flatMap(({ tried }) => tried.map(({ measured }) => measured.load));
  const [least, most] = [Math.min, Math.max].map((pick) => pick(...loads.map(({ processes }) => processes)));
  return `On ${loads[0]?.cores} cores under a load of ${least!.toFixed(0)} to ${most!.toFixed(0)}. \`*\`: as the definition says.`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)];
}

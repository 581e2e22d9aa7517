// Two executions, or two result files, side by side within 100 columns.
import type {
  BatchResults,
  Comparison,
  Difference,
  StageComparison,
} from '../../layers/seriatim/inspection/api.ts';
import type { FieldComparison, ResultsComparison } from '../../layers/seriatim/inspection/compare/results.ts';
import { formatDollars, formatMs, shortValue, WIDTH } from './text.ts';

const BAR = 40;

export function comparisonText({ a, b, input, output, stages, results }: Comparison): string {
  const lines = [
    `a  ${a.id}   ${a.pipeline}   ${a.status}   ${formatMs(a.durationMs)}   ${formatDollars(a.dollars)}`,
    `b  ${b.id}   ${b.pipeline}   ${b.status}   ${formatMs(b.durationMs)}   ${formatDollars(b.dollars)}`,
    ...(a.definition === b.definition
      ? []
      : [`   definition ${a.definition ?? '–'} → ${b.definition ?? '–'}`]),
    '',
    ...differenceLines('input ', input),
    ...differenceLines('output', output),
    ...stages.flatMap((stage) => ['', ...stageLines(stage)]),
    ...(results === undefined ? [] : ['', ...batchLines(results)]),
  ];
  return lines.map(fit).join('\n');
}

/** Whether anything that went in or came out differs. */
export function differs({
  input,
  output,
  results,
}: Pick<Comparison, 'input' | 'output' | 'results'>): boolean {
  // What a batch's states hand on names the run and its objects.
  if (results !== undefined) return results.differing > 0;
  return !input.same || !output.same;
}

function stageLines(stage: StageComparison): string[] {
  const name = stage.visit === 1 ? stage.name : `${stage.name} (${stage.visit})`;
  if (stage.in !== 'both') return [`${name}   only in ${stage.in}`];
  const [statusA, statusB] = stage.status!;
  const status = statusA === statusB ? statusA : `${statusA} → ${statusB}`;
  const [msA, msB] = stage.durationMs!;
  const took = `${formatMs(msA ?? undefined)} → ${formatMs(msB ?? undefined)}${change(msA, msB)}`;
  return [
    `${name}   ${status}   ${took}${costChange(stage)}`,
    ...versionLines(stage),
    ...differenceLines('  in  ', stage.input),
    ...differenceLines('  out ', stage.output),
  ];
}

function change(a: number | null, b: number | null): string {
  if (!a || b === null) return '';
  const percent = Math.round((b / a - 1) * 100);
  return ` (${percent >= 0 ? '+' : ''}${percent} %)`;
}

function costChange({ dollars: pair }: StageComparison): string {
  const [a = null, b = null] = pair ?? [];
  return a === null && b === null ? '' : `   ${formatDollars(a)} → ${formatDollars(b)}${change(a, b)}`;
}

function versionLines({ targetModels, checksums, endpoints }: StageComparison): string[] {
  const shown = ([a, b]: readonly [string | null, string | null], what: string): string[] =>
    a === b ? [] : [`  ${what} ${a || '–'} → ${b || '–'}`];
  return [
    ...(endpoints === undefined ? [] : shown(endpoints, 'endpoint')),
    ...(targetModels === undefined
      ? []
      : shown([targetModels[0].join(', '), targetModels[1].join(', ')], 'model')),
    ...(checksums === undefined ? [] : shown([checksums[0].join(', '), checksums[1].join(', ')], 'sha256')),
  ];
}

function differenceLines(label: string, difference: Difference | undefined): string[] {
  if (difference === undefined) return [];
  if (difference.same) return [`${label}  = same`];
  const { numbers, flips, onlyInA = [], onlyInB = [], images = [] } = difference;
  return [
    `${label}  ≠ different`,
    ...(numbers === undefined || numbers.largestAbsolute === 0
      ? []
      : [
          `${label}    ${numbers.count} numbers: largest ${numbers.largestAbsolute} at ${numbers.at}, mean ${short(numbers.meanAbsolute)}, cosine ${numbers.cosine === null ? '–' : numbers.cosine.toFixed(6)}`,
        ]),
    ...(flips === undefined || flips.flipped === 0
      ? []
      : [`${label}    ${flips.flipped} of ${flips.compared} labels flipped`]),
    ...(flips?.first ?? []).map(
      ({ path, a, b }) => `${label}      ${path}: ${shortValue(a, 30)} → ${shortValue(b, 30)}`,
    ),
    ...images.map(
      ({ path, ssim, a, b }) =>
        `${label}    ${path}: ${a} and ${b}, similarity ${ssim === null ? '–' : ssim.toFixed(4)}`,
    ),
    ...(onlyInA.length === 0 ? [] : [`${label}    only in a: ${onlyInA.join(', ')}`]),
    ...(onlyInB.length === 0 ? [] : [`${label}    only in b: ${onlyInB.join(', ')}`]),
  ];
}

function batchLines(results: BatchResults): string[] {
  const cut = results.isCut ? ['The beginning of both: they are longer.'] : [];
  return [
    `results  ${results.objects[0]}`,
    `         ${results.objects[1]}`,
    ...cut,
    ...resultsText(results).split('\n'),
  ];
}

export function resultsText({ records, differing, fields }: ResultsComparison): string {
  const head = `${records[0]} and ${records[1]} records, ${differing} differ`;
  return [head, ...fields.flatMap(fieldLines)].map(fit).join('\n');
}

function fieldLines({
  field,
  count,
  meanAbsolute,
  largestAbsolute,
  at,
  cosine,
  histogram,
  flips,
}: FieldComparison): string[] {
  const most = Math.max(...histogram.map((bin) => bin.count), 1);
  const bins = histogram.map(
    ({ from, to, count: found }) =>
      `  ${`${short(from)} – ${short(to)}`.padEnd(26)} ${'█'.repeat(Math.ceil((found / most) * BAR)).padEnd(BAR)} ${found}`,
  );
  const numbers =
    count === 0
      ? []
      : [
          `  ${count} numbers: largest ${largestAbsolute} at record ${at}, mean ${short(meanAbsolute)}, cosine ${cosine === null ? '–' : cosine.toFixed(6)}`,
          ...bins,
        ];
  const labels = flips === undefined ? [] : [`  ${flips.flipped} of ${flips.compared} labels flipped`];
  const first = (flips?.first ?? []).map(
    ({ path, a, b }) => `    ${path}: ${shortValue(a, 30)} → ${shortValue(b, 30)}`,
  );
  return ['', field, ...numbers, ...labels, ...first];
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function fit(line: string): string {
  const characters = [...line.trimEnd()];
  return characters.length <= WIDTH ? characters.join('') : `${characters.slice(0, WIDTH - 1).join('')}…`;
}

// One execution as a waterfall in plain text: a line per stage with its bar, its attempts where there was more than
// one or the call is to an endpoint, and what went in and out. Every line fits 100 columns.
import type {
  AttemptView,
  ContainerMark,
  CostView,
  ExecutionView,
  PolicyView,
  RecordCounts,
  RerunView,
  StageView,
  TimeSplit,
} from '../../layers/seriatim/inspection/view.ts';
import {
  formatBytes,
  formatDollars,
  formatMs,
  formatTime,
  recordsText,
  shorten,
  shortValue,
  WIDTH,
  wrap,
} from './text.ts';

const BAR_COLUMNS = 30;
const NAME_COLUMNS = 22;
/** More attempts than this of one stage are counted, not listed. */
const MAX_ATTEMPTS = 12;

const SYMBOLS: Readonly<Record<string, string>> = {
  SUCCEEDED: '✓',
  FAILED: '✗',
  TIMED_OUT: '✗',
  ABORTED: '–',
  RUNNING: '…',
};

export interface WaterfallOptions {
  /** Each attempt has its line, however many there are. */
  readonly allAttempts?: boolean;
}

export function waterfall(view: ExecutionView, { allAttempts = false }: WaterfallOptions = {}): string {
  const span = timeSpan(view);
  const lines = [
    ...heading(view),
    ...(view.error === undefined ? [] : ['', ...errorLines(view)]),
    '',
    ...payloadLines('in ', view.input, view.inputBytes),
    ...payloadLines('out', view.output, view.outputBytes),
    '',
    ...view.stages.flatMap((stage) =>
      stageLines(stage, span, allAttempts ? Number.POSITIVE_INFINITY : MAX_ATTEMPTS),
    ),
  ];
  return lines.map((line) => line.trimEnd()).join('\n');
}

function heading(view: ExecutionView): string[] {
  const use = view.type === 'EXPRESS' ? 'request' : 'batch';
  const took = view.durationMs === undefined ? '' : ` in ${formatMs(view.durationMs)}`;
  const facts = [
    `${formatTime(view.start)} UTC`,
    ...(view.cost === undefined ? [] : [costText(view.cost)]),
    ...(view.version?.definition === undefined ? [] : [`definition ${view.version.definition}`]),
    ...(view.redriveCount === undefined ? [] : [`redriven ${view.redriveCount} times`]),
    ...(view.links.traceId === undefined ? [] : [`trace ${view.links.traceId}`]),
  ];
  const logs = view.links.logGroup === undefined ? [] : [`logs ${view.links.logGroup}`];
  const rerun = view.rerun === undefined ? [] : [rerunText(view.rerun)];
  const parent =
    view.parent === undefined ? [] : [`child of ${view.parent.stateMachineName}/${view.parent.mapRunLabel}`];
  const outcome = `${view.pipeline} (${use})   ${symbolOf(view)} ${view.status}${took}${failedRecords(view.records)}`;
  // The name of a batch is long; what became of it is never cut off for that.
  const title = [view.id, outcome];
  return [
    ...(title.join('   ').length > WIDTH ? title : [title.join('   ')]),
    facts.join('   '),
    ...logs,
    ...rerun,
    ...parent,
  ].map((line) => shorten2(line));
}

/** A batch that went through with records that failed is no plain success. */
function symbolOf({ status, records }: ExecutionView): string {
  return status === 'SUCCEEDED' && records && records.failed > 0 ? '!' : (SYMBOLS[status] ?? '?');
}

function failedRecords(records: RecordCounts | undefined): string {
  return records === undefined || records.failed === 0 ? '' : `   ${recordsText(records)}`;
}

function costText({ dollars, basis, without }: CostView): string {
  const rest = without === undefined ? '' : ` without ${without}`;
  return `${basis === 'estimated' ? 'about ' : ''}${formatDollars(dollars)}${rest}`;
}

function rerunText({ of, from, changed }: RerunView): string {
  const begin = from === undefined ? '' : ` from ${from}`;
  const changes = Object.entries(changed).map(([what, value]) => `${what} ${value}`);
  return `rerun of ${of.split(':')[7] ?? of}${begin}${changes.length === 0 ? '' : `, ${changes.join(', ')}`}`;
}

function errorLines({ error }: ExecutionView): string[] {
  const { stage, code, message, advice, reported } = error!;
  const { container, model, endpoint } = error!;
  const where = stage === undefined ? '' : ` in the stage ${stage}`;
  const places = Object.entries({ endpoint, container, model }).filter(([, name]) => name !== undefined);
  return [
    `✗ ${code}${reported === undefined ? '' : ` (${reported})`}${where}`,
    ...(places.length === 0 ? [] : [`    ${places.map(([what, name]) => `${what} ${name}`).join(' · ')}`]),
    ...wrap(message, WIDTH - 4).map((line) => `    ${line}`),
    ...(advice === undefined
      ? []
      : wrap(advice, WIDTH - 6).map((line, at) => `${at === 0 ? '  → ' : '    '}${line}`)),
  ].map((line) => shorten2(line));
}

/** Cut without touching the indentation. */
function shorten2(line: string): string {
  return [...line].length <= WIDTH ? line : `${[...line].slice(0, WIDTH - 1).join('')}…`;
}

function payloadLines(label: string, value: unknown, bytes: number | undefined): string[] {
  if (value === undefined) return [];
  const size = bytes === undefined ? '' : `${formatBytes(bytes)}  `;
  return [`  ${label}  ${size}${shortValue(value, WIDTH - 9 - size.length)}`];
}

interface Span {
  readonly startMs: number;
  readonly lengthMs: number;
}

function timeSpan(view: ExecutionView): Span {
  const times = view.stages.flatMap((stage) => [stage.start, stage.end ?? stage.start]).map(Date.parse);
  const startMs = Math.min(...times.concat(view.start === undefined ? [] : Date.parse(view.start)));
  const endMs = Math.max(...times.concat(view.end === undefined ? [] : Date.parse(view.end)));
  return { startMs, lengthMs: Math.max(1, endMs - startMs) };
}

function stageLines(stage: StageView, span: Span, mostAttempts: number): string[] {
  const symbol = SYMBOLS[stage.status] ?? '?';
  const name = shorten(stage.name, NAME_COLUMNS).padEnd(NAME_COLUMNS);
  const kind = stage.kind.padEnd(9);
  const head = `${symbol} ${name} ${kind} ${bar(stage, span)} ${formatMs(stage.durationMs).padStart(9)}`;
  const details = [
    ...inferenceLine(stage),
    ...timeLine(stage),
    ...mapRunLine(stage),
    ...wayLines(stage),
    ...attemptLines(stage, mostAttempts),
    ...payloadLines('in ', stage.input, stage.inputBytes),
    ...payloadLines('out', stage.output, stage.outputBytes),
    ...stageError(stage),
  ];
  return [`${head}  ${noteOf(stage)}`, ...details.map((line) => `  ${line}`)].map(shorten2);
}

function noteOf({ inference, caught, breaker }: StageView): string {
  if (inference === undefined) return breaker ?? (caught ? 'caught' : '');
  if (inference.evicted > 0) return 'evicted';
  if (inference.cold > 0) return 'cold';
  if (inference.pinned > 0) return 'pinned';
  return inference.warm > 0 ? 'warm' : '';
}

/** Where in the execution's time the stage lies: at least one column, so that a quick stage is still seen. */
function bar({ start, durationMs }: StageView, { startMs, lengthMs }: Span): string {
  const from = Math.min(
    BAR_COLUMNS - 1,
    Math.floor(((Date.parse(start) - startMs) / lengthMs) * BAR_COLUMNS),
  );
  const until =
    durationMs === undefined ? BAR_COLUMNS : from + Math.round((durationMs / lengthMs) * BAR_COLUMNS);
  const length = Math.max(1, Math.min(BAR_COLUMNS, until) - from);
  return `${'·'.repeat(from)}${'█'.repeat(length)}`.padEnd(BAR_COLUMNS, '·');
}

function inferenceLine({ inference, cost }: StageView): string[] {
  if (inference === undefined) return [];
  const { endpoint = '–', variants, targetModels, cold, warm, evicted, batch = 1 } = inference;
  const parts = [
    `endpoint ${endpoint}${variants.length === 0 ? '' : `/${variants.join(',')}`}`,
    ...(targetModels.length === 0 ? [] : [`model ${targetModels.join(', ')}`]),
    ...(cold + warm === 0
      ? []
      : [`${cold} cold, ${warm} warm${evicted === 0 ? '' : `, ${evicted} evicted before`}`]),
    ...(batch === 1 ? [] : [`batch ${batch}`]),
    ...(cost === undefined ? [] : [costText(cost)]),
  ];
  return gather(parts, '   ');
}

/** Parts in as few lines as they fit into, with what does not fit on the next. */
function gather(parts: readonly string[], between: string): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const joined = last === undefined ? `  ${part}` : `${last}${between}${part}`;
    if (last === undefined || [...joined].length <= WIDTH - 2)
      lines.splice(-1, last === undefined ? 0 : 1, joined);
    else lines.push(`    ${part}`);
  }
  return lines;
}

const TIMES: readonly [name: string, member: keyof TimeSplit][] = [
  ['queue', 'queueMs'],
  ['batch wait', 'batchWaitMs'],
  ['load', 'loadMs'],
  ['decode', 'decodeMs'],
  ['compute', 'computeMs'],
  ['encode', 'encodeMs'],
  ['network', 'networkMs'],
];

function timeLine({ time }: StageView): string[] {
  if (time === undefined) return [];
  const parts = TIMES.filter(([, member]) => time[member] !== undefined);
  const told = parts.map(([name, member]) => `${name} ${formatMs(time[member])}`);
  return gather([`time ${told[0]}`, ...told.slice(1)], ' · ');
}

function mapRunLine({ mapRun }: StageView): string[] {
  if (mapRun === undefined) return [];
  const { items } = mapRun;
  const counts =
    items === undefined
      ? ''
      : `: ${items.succeeded} of ${items.total} items went through, ${items.failed} failed, ${items.running + items.pending} to go`;
  return [`  Map Run ${mapRun.status ?? ''}${counts}`];
}

/** `Route: ScoreGold 3, ScorePlain 2`: the ways that the records took. */
function wayLines({ ways = {} }: StageView): string[] {
  return Object.entries(ways).flatMap(([choice, counts]) => {
    const told = Object.entries(counts).map(([next, count]) => `${next} ${count}`);
    return gather([`${choice}: ${told[0]}`, ...told.slice(1)], ', ');
  });
}

function attemptLines({ attempts }: StageView, most: number): string[] {
  const isPlain =
    attempts.length === 1 &&
    attempts[0]!.status === 'SUCCEEDED' &&
    attempts[0]!.inference === undefined &&
    attempts[0]!.shadow === undefined &&
    nestedText(attempts[0]!) === undefined;
  if (isPlain) return [];
  const shown = attempts.slice(0, most).flatMap((attempt) => [attemptLine(attempt), ...shadowLines(attempt)]);
  const rest = Math.max(0, attempts.length - most);
  return rest === 0 ? shown : [...shown, `  … and ${rest} more attempts (--all-attempts)`];
}

function attemptLine(attempt: AttemptView): string {
  const { iteration, number, status, durationMs, waitMs, policy, error, inference, target } = attempt;
  const where = [
    ...(iteration === undefined ? [] : [`[${iteration}] `]),
    ...(attempt.state === undefined ? [] : [`${attempt.state} `]),
  ].join('');
  const model = inference?.targetModel ?? target ?? '';
  const parts = [
    `${SYMBOLS[status] ?? '?'} ${where}attempt ${number}`,
    formatMs(durationMs),
    nestedText(attempt) ?? model,
    ...(inference?.marks ?? []).map(markText),
    ...(attempt.breaker === undefined ? [] : [attempt.breaker]),
    ...(error === undefined ? [] : [`${error.code}: ${shorten(error.message, 50)}`]),
    ...(waitMs === undefined ? [] : [`then waited ${formatMs(waitMs)}`]),
    ...(policy === undefined ? [] : [policyText(policy)]),
  ];
  return `  ${parts.filter((part) => part !== '').join('  ')}`;
}

/** What the shadow came to, and the key of the comparison, whole, on as many lines as it takes. */
function shadowLines({ shadow }: AttemptView): string[] {
  if (shadow === undefined) return [];
  const { agrees, record } = shadow;
  const outcome = agrees === undefined ? 'not compared yet' : agrees ? 'agrees' : 'differs';
  const parts = record.match(new RegExp(`.{1,${WIDTH - 8}}`, 'g')) ?? [];
  return [`    shadow ${outcome}; in the batch bucket:`, ...parts.map((part) => `      ${part}`)];
}

/** `execution 771198f6-…`, which `show` takes: of a nested pipeline. */
function nestedText({ output }: AttemptView): string | undefined {
  const arn = (output as { ExecutionArn?: unknown } | null | undefined)?.ExecutionArn;
  return typeof arn === 'string' ? `execution ${arn.split(':')[7] ?? arn}` : undefined;
}

/** `by policy 1 s × 2, at most 3`: the first wait, its growth, and how many. */
function policyText({ intervalSeconds, backoffRate, maxAttempts, jitter, decision }: PolicyView): string {
  const growth = `${intervalSeconds} s × ${backoffRate}${jitter ? ' with jitter' : ''}, at most ${maxAttempts}`;
  return decision === 'retried' ? `(policy ${growth})` : `(no more: ${growth})`;
}

function markText(mark: ContainerMark): string {
  const parts = [
    mark.load ?? '',
    mark.checksum === undefined ? '' : `sha256 ${mark.checksum.slice(0, 8)}`,
    mark.loadMs === undefined ? '' : `load ${formatMs(mark.loadMs)}`,
    mark.queueMs === undefined ? '' : `queue ${formatMs(mark.queueMs)}`,
    mark.computeMs === undefined ? '' : `compute ${formatMs(mark.computeMs)}`,
    mark.batch === undefined || mark.batch === 1 ? '' : `batch ${mark.batch}`,
  ];
  return `(${parts.filter((part) => part !== '').join(', ')})`;
}

function stageError({ error }: StageView): string[] {
  return error === undefined ? [] : [`  ✗ ${error.code}: ${shorten(error.message, WIDTH)}`];
}

// One execution as a waterfall in plain text: a line per stage with its bar, its attempts where there was more than
// one or the call is to an endpoint, and what went in and out. Every line fits 100 columns.
import type { AttemptView, ExecutionView, StageView } from '../../layers/seriatim/inspection/view.ts';
import { formatBytes, formatMs, formatTime, shorten, shortValue, WIDTH, wrap } from './text.ts';

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

export function waterfall(view: ExecutionView): string {
  const span = timeSpan(view);
  const lines = [
    ...heading(view),
    ...(view.error === undefined ? [] : ['', ...errorLines(view)]),
    '',
    ...payloadLines('in ', view.input, view.inputBytes),
    ...payloadLines('out', view.output, view.outputBytes),
    '',
    ...view.stages.flatMap((stage) => stageLines(stage, span)),
  ];
  return lines.map((line) => line.trimEnd()).join('\n');
}

function heading(view: ExecutionView): string[] {
  const use = view.type === 'EXPRESS' ? 'request' : 'batch';
  const took = view.durationMs === undefined ? '' : ` in ${formatMs(view.durationMs)}`;
  return [
    shorten(
      `${view.id}   ${view.pipeline} (${use})   ${SYMBOLS[view.status] ?? '?'} ${view.status}${took}`,
      WIDTH,
    ),
    `${formatTime(view.start)} UTC`,
  ];
}

function errorLines({ error }: ExecutionView): string[] {
  const { stage, code, message, advice, reported } = error!;
  const where = stage === undefined ? '' : ` in the stage ${stage}`;
  return [
    `✗ ${code}${reported === undefined ? '' : ` (${reported})`}${where}`,
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

function stageLines(stage: StageView, span: Span): string[] {
  const symbol = SYMBOLS[stage.status] ?? '?';
  const name = shorten(stage.name, NAME_COLUMNS).padEnd(NAME_COLUMNS);
  const kind = stage.kind.padEnd(9);
  const head = `${symbol} ${name} ${kind} ${bar(stage, span)} ${formatMs(stage.durationMs).padStart(9)}`;
  const details = [
    ...inferenceLine(stage),
    ...mapRunLine(stage),
    ...attemptLines(stage),
    ...payloadLines('in ', stage.input, stage.inputBytes),
    ...payloadLines('out', stage.output, stage.outputBytes),
    ...stageError(stage),
  ];
  return [`${head}  ${noteOf(stage)}`, ...details.map((line) => `  ${line}`)].map(shorten2);
}

function noteOf(stage: StageView): string {
  if (stage.inference !== undefined)
    return stage.inference.cold > 0 ? 'cold' : stage.inference.warm > 0 ? 'warm' : '';
  return stage.caught ? 'caught' : '';
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

function inferenceLine({ inference }: StageView): string[] {
  if (inference === undefined) return [];
  const models = inference.targetModels.length === 0 ? '' : `   model ${inference.targetModels.join(', ')}`;
  const met =
    inference.cold + inference.warm === 0 ? '' : `   ${inference.cold} cold, ${inference.warm} warm`;
  return [`  endpoint ${inference.endpoint ?? '–'}${models}${met}`];
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

function attemptLines({ attempts }: StageView): string[] {
  const isPlain =
    attempts.length === 1 && attempts[0]!.status === 'SUCCEEDED' && attempts[0]!.inference === undefined;
  if (isPlain) return [];
  const shown = attempts.slice(0, MAX_ATTEMPTS).map(attemptLine);
  const rest = attempts.length - shown.length;
  return rest === 0 ? shown : [...shown, `  … and ${rest} more attempts`];
}

function attemptLine(attempt: AttemptView): string {
  const { iteration, number, status, durationMs, waitMs, error, inference, target } = attempt;
  const where = iteration === undefined ? '' : `[${iteration}] `;
  const model = inference?.targetModel ?? target ?? '';
  const parts = [
    `${SYMBOLS[status] ?? '?'} ${where}attempt ${number}`,
    formatMs(durationMs),
    model,
    ...(inference?.marks ?? []).map(markText),
    ...(error === undefined ? [] : [`${error.code}: ${shorten(error.message, 50)}`]),
    ...(waitMs === undefined ? [] : [`then waited ${formatMs(waitMs)}`]),
  ];
  return `  ${parts.filter((part) => part !== '').join('  ')}`;
}

function markText(mark: {
  load?: string;
  loadMs?: number;
  queueMs?: number;
  computeMs?: number;
  batch?: number;
}): string {
  const parts = [
    mark.load ?? '',
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

// A list of executions as a table of 100 columns: what does not fit beside an id stands below it.
import type { ExecutionSummary } from '../../layers/seriatim/inspection/view.ts';
import { formatMs, formatTime, recordsText, shorten, WIDTH } from './text.ts';

const HEAD = ['ID', 'PIPELINE', 'USE', 'STATUS', 'START (UTC)', 'TOOK'];
const WHY = 'FAILED WITH';
const BETWEEN = '  ';

export function executionsTable(executions: readonly ExecutionSummary[]): string {
  if (executions.length === 0) return 'No executions.';
  const rows = executions.map((execution) => ({ cells: cellsOf(execution), why: whyText(execution) }));
  const widths = widthsOf(rows.map(({ cells }) => cells));
  // What a column would not hold is told below each, and needs no title.
  const head = HEAD.map((title, column) => title.padEnd(widths[column]!)).join(BETWEEN);
  const isRoomy = head.length + BETWEEN.length + WHY.length <= WIDTH;
  return [
    (isRoomy ? `${head}${BETWEEN}${WHY}` : head).slice(0, WIDTH).trimEnd(),
    ...rows.flatMap(({ cells, why }) => line(cells, { why, widths })),
  ].join('\n');
}

/** A long id, such as a batch's, stands alone, and does not widen the column for all others. */
const LONGEST_ID = 36;

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return HEAD.map((title, column) => {
    const widest = Math.max(title.length, ...rows.map((row) => row[column]!.length));
    return column === 0 ? Math.min(LONGEST_ID, widest) : widest;
  });
}

interface Rest {
  readonly why: string;
  readonly widths: readonly number[];
}

function line(cells: readonly string[], { why, widths }: Rest): string[] {
  const padded = cells.map((cell, column) => cell.padEnd(widths[column]!));
  const [id = '', ...others] = padded;
  const rest = others.join(BETWEEN);
  const isAlone = id.length + BETWEEN.length + rest.trimEnd().length > WIDTH;
  const lines = isAlone ? [id, `${BETWEEN}${BETWEEN}${rest}`] : [`${id}${BETWEEN}${rest}`];
  const last = `${lines.pop()}${BETWEEN}${why}`;
  const fits = last.trimEnd().length <= WIDTH;
  const below = fits
    ? [last]
    : [last.slice(0, -why.length), `${BETWEEN}${BETWEEN}${shorten(why, WIDTH - 4)}`];
  return [...lines, ...below].map((each) => each.trimEnd());
}

/** By the state machine in its ARN, as the page tells it. */
function purposeOf(arn: string): 'request' | 'batch' | 'rerun' {
  const machine = (arn.split(':')[6] ?? '').split('/', 1)[0]!;
  if (/-rerun-[0-9a-f]+$/.test(machine)) return 'rerun';
  return machine.endsWith('-batch') ? 'batch' : 'request';
}

function cellsOf({ id, arn, pipeline, status, start, end, durationMs }: ExecutionSummary): string[] {
  const took = status === 'RUNNING' ? 'running' : formatMs(durationMs);
  // Executions of the last 14 days are listed, which the year says nothing of.
  return [id, pipeline, purposeOf(arn), status, formatTime(start ?? end).slice(5, 19), took];
}

function whyText({ failure, records }: Pick<ExecutionSummary, 'failure' | 'records'>): string {
  if (failure !== undefined) {
    return `${failure.code}${failure.stage === undefined ? '' : ` in ${failure.stage}`}`;
  }
  return records === undefined || records.failed === 0 ? '' : recordsText(records);
}

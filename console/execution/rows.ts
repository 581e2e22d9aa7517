// The rows of the waterfall: each stage, and below it its attempts where there is more to tell than the stage does.
// Pure.
import type {
  AttemptView,
  ExecutionView,
  StageStatus,
  StageView,
  TimeSplit,
} from '../../layers/seriatim/inspection/view.ts';
import type { StageAddress } from '../route.ts';
import { tookMs } from '../ui/format.ts';

export interface WaterfallRow {
  readonly key: string;
  readonly address: StageAddress;
  readonly title: string;
  readonly status: StageStatus;
  readonly startMs: number;
  readonly endMs: number;
  readonly durationMs: number | undefined;
  readonly time: TimeSplit | undefined;
  /** In short: what was called, what it met. */
  readonly note: string;
  readonly isAttempt: boolean;
}

export interface Waterfall {
  readonly rows: readonly WaterfallRow[];
  readonly startMs: number;
  /** At least a millisecond. */
  readonly totalMs: number;
}

/** @param presentMs the end of what still runs; of an execution that has ended, its end is that of all its stages */
export function waterfallOf(execution: ExecutionView, presentMs: number): Waterfall {
  const nowMs = execution.end === undefined ? presentMs : Date.parse(execution.end);
  const startMs = Date.parse(execution.start ?? execution.stages[0]?.start ?? new Date(nowMs).toISOString());
  const rows = execution.stages.flatMap((stage) => [
    stageRow(stage, nowMs),
    ...(hasMoreToTell(stage)
      ? stage.attempts.map((attempt, at) => attemptRow(stage, attempt, { at, nowMs }))
      : []),
  ]);
  const ends = rows.map(({ endMs }) => endMs);
  const latest = execution.status === 'RUNNING' ? nowMs : startMs;
  const endMs = execution.end === undefined ? Math.max(startMs, latest, ...lastFew(ends)) : nowMs;
  return { rows, startMs, totalMs: Math.max(1, endMs - startMs) };
}

/** A spread of very many arguments would overflow the stack, and the latest end stands among the last. */
function lastFew(ends: readonly number[]): readonly number[] {
  return ends.slice(-10_000);
}

function hasMoreToTell({ attempts }: StageView): boolean {
  return attempts.length > 1;
}

function stageRow(stage: StageView, nowMs: number): WaterfallRow {
  const { name, visit, status, time, attempts, iterations } = stage;
  const retries = attempts.filter(({ number }) => number > 1).length;
  return {
    key: `${name} ${visit}`,
    address: { name, visit },
    title: visit === 1 ? name : `${name} (${visit})`,
    status,
    ...spanOf(stage, nowMs),
    durationMs: tookMs(stage, nowMs),
    time,
    note: [
      cacheNote(stage),
      iterations !== undefined && iterations > 1 && `${iterations} iterations`,
      retries > 0 && `${retries} ${retries === 1 ? 'retry' : 'retries'}`,
      stage.caught && 'caught',
    ]
      .filter(Boolean)
      .join(', '),
    isAttempt: false,
  };
}

function attemptRow(
  { name, visit }: StageView,
  attempt: AttemptView,
  { at, nowMs }: { readonly at: number; readonly nowMs: number },
): WaterfallRow {
  const { number, iteration, inference, status, time, waitMs, error } = attempt;
  const target = inference?.targetModel ?? inference?.endpoint;
  return {
    key: `${name} ${visit} ${at + 1}`,
    address: { name, visit, attempt: at + 1 },
    title: iteration === undefined ? `attempt ${number}` : `${iteration + 1}, attempt ${number}`,
    status,
    ...spanOf(attempt, nowMs),
    durationMs: tookMs(attempt, nowMs),
    time,
    note: [
      target,
      inference?.cache,
      error?.code,
      waitMs !== undefined && `then waits ${Math.round(waitMs)} ms`,
    ]
      .filter(Boolean)
      .join(', '),
    isAttempt: true,
  };
}

function spanOf(
  { start, end }: { readonly start: string; readonly end?: string },
  nowMs: number,
): { readonly startMs: number; readonly endMs: number } {
  return { startMs: Date.parse(start), endMs: end === undefined ? nowMs : Date.parse(end) };
}

function cacheNote({ inference }: StageView): string | undefined {
  if (inference === undefined) return undefined;
  const { cold, evicted, pinned, warm } = inference;
  if (cold > 0) return evicted > 0 ? `${cold} cold, ${evicted} of them evicted before` : `${cold} cold`;
  return warm > 0 ? (pinned === warm ? 'pinned' : 'warm') : undefined;
}

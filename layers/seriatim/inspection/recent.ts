// The newest executions of a pipeline, whole: for metrics. All lines of its requests' log group, the newest first, up to
// a budget; executions whose beginning was not reached are left out.
import { parseExecutionArn } from './arn.ts';
import { expressStatus } from './express-list.ts';
import { foldExecution } from './fold.ts';
import type { LoggedEvent } from './history.ts';
import { newestFirst, type ReadLogPage } from './log-scan.ts';
import type { StateMachine } from './machines.ts';
import type { ExecutionView } from './view.ts';

export interface Recent {
  readonly views: readonly ExecutionView[];
  /** There were more than the budget allowed. */
  readonly isSample: boolean;
}

const LINE_BUDGET = 20_000;

export async function readRecent(
  read: ReadLogPage,
  machine: Pick<StateMachine, 'pipeline' | 'logGroup'>,
  { sinceMs, nowMs }: { readonly sinceMs: number; readonly nowMs: number },
): Promise<Recent> {
  const byArn = new Map<string, LoggedEvent[]>();
  let lines = 0;
  const scan = { group: machine.logGroup, pattern: '"execution_arn"', fromMs: sinceMs, beforeMs: nowMs + 1 };
  for await (const { events } of newestFirst(read, { ...scan, lineBudget: LINE_BUDGET })) {
    lines += events.length;
    for (const event of events) {
      const known = byArn.get(event.executionArn);
      if (known === undefined) byArn.set(event.executionArn, [event]);
      else known.push(event);
    }
  }
  const whole = [...byArn.values()].filter((all) => all.some(({ type }) => type === 'ExecutionStarted'));
  return {
    views: whole.map((events) => viewOf(events, machine.pipeline, nowMs)),
    isSample: lines >= LINE_BUDGET,
  };
}

function viewOf(events: readonly LoggedEvent[], pipeline: string, nowMs: number): ExecutionView {
  const arn = parseExecutionArn(events[0]!.executionArn);
  const started = events.find(({ type }) => type === 'ExecutionStarted');
  const ended = events.find(({ type }) => /^Execution(?!Started|Redriven)/.test(type));
  return foldExecution(events, {
    id: arn?.id ?? '',
    arn: arn?.arn ?? '',
    type: arn?.type ?? 'EXPRESS',
    stateMachineName: arn?.stateMachineName ?? '',
    pipeline,
    status: expressStatus(ended, started?.timeMs, nowMs),
  });
}

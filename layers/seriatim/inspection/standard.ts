// Standard executions: Step Functions lists and describes them itself, keeps their history, and counts the children
// of their Map Runs.
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  DescribeMapRunCommand,
  type ExecutionListItem,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  type MapRunExecutionCounts,
  type SFNClient,
  type ExecutionStatus as SfnStatus,
} from '@aws-sdk/client-sfn';
import { stateMachineName } from './arn.ts';
import type { ListQuery } from './express-list.ts';
import { foldExecution } from './fold.ts';
import { fromSfn, type HistoryEvent } from './history.ts';
import { iso, span } from './stages.ts';
import type { Counts, ExecutionSummary, ExecutionView, MapRunView, StageView } from './view.ts';

export interface StandardSource {
  readonly sfn: SFNClient;
  readonly pipeline: string;
  readonly stateMachineArn: string;
}

/** Newest start first, as ListExecutions has them. */
export async function* listStandard(
  source: StandardSource,
  query: ListQuery,
): AsyncGenerator<ExecutionSummary> {
  if (query.status === 'UNKNOWN') return;
  const asked = { stateMachineArn: source.stateMachineArn, maxResults: 100 };
  const filter = query.status === undefined ? {} : { statusFilter: query.status as SfnStatus };
  let nextToken: string | undefined;
  do {
    const page = await source.sfn.send(new ListExecutionsCommand({ ...asked, ...filter, nextToken }));
    for (const item of page.executions ?? []) {
      const startMs = item.startDate?.getTime() ?? 0;
      if (startMs < query.sinceMs) return;
      if (startMs <= (query.untilMs ?? Number.POSITIVE_INFINITY)) yield summarise(source, item);
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
}

function summarise({ pipeline }: StandardSource, item: ExecutionListItem): ExecutionSummary {
  const startMs = item.startDate?.getTime() ?? 0;
  return {
    id: item.name ?? '',
    arn: item.executionArn ?? '',
    pipeline,
    type: 'STANDARD',
    status: item.status ?? 'RUNNING',
    start: iso(startMs),
    ...span(startMs, item.stopDate?.getTime()),
  };
}

/** @returns `undefined` when there is no such execution */
export async function readStandard(
  { sfn, pipeline }: Pick<StandardSource, 'sfn' | 'pipeline'>,
  executionArn: string,
): Promise<ExecutionView | undefined> {
  const described = await describe(sfn, executionArn);
  if (described === undefined) return;
  const events = await readHistory(sfn, executionArn);
  const view = foldExecution(events, {
    id: described.name ?? executionArn,
    arn: executionArn,
    type: 'STANDARD',
    stateMachineName: stateMachineName(described.stateMachineArn ?? ''),
    pipeline,
    ...known(described),
  });
  return { ...view, stages: await Promise.all(view.stages.map((stage) => withMapRun(sfn, stage))) };
}

function known(described: DescribeExecutionOutput): object {
  const { status, startDate, stopDate, input, output, error, cause, traceHeader } = described;
  const members = { status, startMs: startDate?.getTime(), endMs: stopDate?.getTime(), input, output };
  return Object.fromEntries(
    Object.entries({ ...members, error, cause, traceHeader }).filter(([, value]) => value !== undefined),
  );
}

async function describe(sfn: SFNClient, executionArn: string): Promise<DescribeExecutionOutput | undefined> {
  try {
    return await sfn.send(new DescribeExecutionCommand({ executionArn }));
  } catch (thrown) {
    if (thrown instanceof Error && ['ExecutionDoesNotExist', 'InvalidArn'].includes(thrown.name)) return;
    throw thrown;
  }
}

async function readHistory(sfn: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, nextToken }),
    );
    for (const event of page.events ?? []) events.push(fromSfn(event));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return events;
}

/** Adds the counts of a Map Run's items and child executions. */
async function withMapRun(sfn: SFNClient, stage: StageView): Promise<StageView> {
  if (stage.mapRun === undefined) return stage;
  const run = await sfn.send(new DescribeMapRunCommand({ mapRunArn: stage.mapRun.arn }));
  const mapRun: MapRunView = {
    arn: stage.mapRun.arn,
    ...(run.status === undefined ? {} : { status: run.status }),
    ...(run.itemCounts === undefined ? {} : { items: countsOf(run.itemCounts) }),
    ...(run.executionCounts === undefined ? {} : { executions: countsOf(run.executionCounts) }),
  };
  return { ...stage, mapRun };
}

function countsOf(counts: Partial<MapRunExecutionCounts>): Counts {
  return {
    total: counts.total ?? 0,
    pending: counts.pending ?? 0,
    running: counts.running ?? 0,
    succeeded: counts.succeeded ?? 0,
    failed: counts.failed ?? 0,
    timedOut: counts.timedOut ?? 0,
    aborted: counts.aborted ?? 0,
  };
}

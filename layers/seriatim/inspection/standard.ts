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
import { parseExecutionArn, stateMachineName } from './arn.ts';
import type { Definitions } from './definitions.ts';
import type { ListQuery } from './express-list.ts';
import { readFailure, stoppedFailure } from './failure.ts';
import { summaryOf } from './fold.ts';
import { fromSfn, type HistoryEvent, textOf } from './history.ts';
import { parseJson } from './payload.ts';
import type { ExecutionRecord } from './record.ts';
import { recordCountsOf } from './record-counts.ts';
import { iso, span } from './stages.ts';
import type { Counts, ExecutionSummary, MapRunView } from './view.ts';

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
  const isBatch = stateMachineName(source.stateMachineArn).endsWith('-batch');
  let described = 0;
  let nextToken: string | undefined;
  do {
    const page = await source.sfn.send(new ListExecutionsCommand({ ...asked, ...filter, nextToken }));
    for (const item of page.executions ?? []) {
      const startMs = item.startDate?.getTime() ?? 0;
      if (startMs < query.sinceMs) return;
      if (startMs > (query.untilMs ?? Number.POSITIVE_INFINITY)) continue;
      const summary = summarise(source, item);
      if (query.wantsFailures) yield await withFailure(source.sfn, summary);
      else yield isBatch && described++ < MOST_DESCRIBED ? await withRecords(source.sfn, summary) : summary;
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

/** Each costs a request: a long list does without. */
const MOST_DESCRIBED = 100;

/** ListExecutions does not say what a batch gave, so a plain success may hide records that failed. */
async function withRecords(sfn: SFNClient, summary: ExecutionSummary): Promise<ExecutionSummary> {
  if (summary.status !== 'SUCCEEDED') return summary;
  const { output } = (await describe(sfn, summary.arn)) ?? {};
  return { ...summary, ...recordCountsOf(parseJson(output ?? '')) };
}

/** ListExecutions does not say why one failed. */
async function withFailure(sfn: SFNClient, summary: ExecutionSummary): Promise<ExecutionSummary> {
  if (!['FAILED', 'TIMED_OUT', 'ABORTED'].includes(summary.status)) return summary;
  const described = await describe(sfn, summary.arn);
  if (summary.status === 'ABORTED') {
    const isChild = parseExecutionArn(summary.arn)?.mapRunLabel !== undefined;
    return {
      ...summary,
      failure: summaryOf(stoppedFailure(described?.error ?? 'ExecutionAborted', { isChild })),
    };
  }
  const error = described?.error ?? (summary.status === 'TIMED_OUT' ? 'States.Timeout' : undefined);
  if (error === undefined) return summary;
  return { ...summary, failure: summaryOf(readFailure(error, described?.cause)) };
}

/** @returns `undefined` when there is no such execution */
export async function readStandard(
  { sfn, pipeline, definitions, logGroup }: StandardReader,
  executionArn: string,
): Promise<ExecutionRecord | undefined> {
  const described = await describe(sfn, executionArn);
  if (described === undefined) return;
  const [events, defined] = await Promise.all([
    readHistory(sfn, executionArn),
    definitions.ofExecution(executionArn),
  ]);
  const mapRunArns = new Set(events.map((event) => textOf(event.details, 'mapRunArn')));
  return {
    events,
    description: {
      id: described.name ?? executionArn,
      arn: executionArn,
      type: 'STANDARD',
      stateMachineName: stateMachineName(described.stateMachineArn ?? ''),
      pipeline,
      logGroup,
      ...known(described),
      ...defined,
      version: { ...versionOf(described), ...defined.version },
    },
    mapRuns: await Promise.all(
      [...mapRunArns].filter((arn) => arn !== undefined).map((arn) => readMapRun(sfn, arn)),
    ),
  };
}

export interface StandardReader extends Pick<StandardSource, 'sfn' | 'pipeline'> {
  readonly definitions: Definitions;
  readonly logGroup: string;
}

function versionOf({ stateMachineVersionArn, stateMachineAliasArn }: DescribeExecutionOutput) {
  return {
    ...(stateMachineVersionArn === undefined ? {} : { versionArn: stateMachineVersionArn }),
    ...(stateMachineAliasArn === undefined ? {} : { aliasArn: stateMachineAliasArn }),
  };
}

function known(described: DescribeExecutionOutput): object {
  const { status, startDate, stopDate, input, output, error, cause, traceHeader, stateMachineArn } =
    described;
  const times = { startMs: startDate?.getTime(), endMs: stopDate?.getTime() };
  const members = { status, ...times, input, output, error, cause, traceHeader, stateMachineArn };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
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

/** A Map Run with the counts of its items and child executions. */
export async function readMapRun(sfn: SFNClient, mapRunArn: string): Promise<MapRunView> {
  const run = await sfn.send(new DescribeMapRunCommand({ mapRunArn }));
  return {
    arn: mapRunArn,
    ...(run.status === undefined ? {} : { status: run.status }),
    ...(run.itemCounts === undefined ? {} : { items: countsOf(run.itemCounts) }),
    ...(run.executionCounts === undefined ? {} : { executions: countsOf(run.executionCounts) }),
  };
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

// Standard executions: Step Functions lists and describes them itself, keeps their history, and counts the children
// of their Map Runs.
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  DescribeMapRunCommand,
  type ExecutionListItem,
  ListExecutionsCommand,
  type MapRunExecutionCounts,
  type SFNClient,
  type ExecutionStatus as SfnStatus,
} from '@aws-sdk/client-sfn';
import { parseExecutionArn, stateMachineName } from './arn.ts';
import type { BoundedMap } from './bounded-map.ts';
import type { Defined, Definitions } from './definitions.ts';
import type { ListQuery } from './express-list.ts';
import { readFailure, stoppedFailure } from './failure.ts';
import { isTooManyFailed, summaryOf } from './fold.ts';
import { textOf } from './history.ts';
import { parseJson } from './payload.ts';
import type { ExecutionRecord } from './record.ts';
import { recordCountsOf } from './record-counts.ts';
import { iso, span } from './stages.ts';
import { readHistory, readOn } from './standard-history.ts';
import type { Counts, ExecutionSummary, FailureSummary, MapRunView } from './view.ts';

export interface StandardSource {
  readonly sfn: SFNClient;
  readonly pipeline: string;
  readonly stateMachineArn: string;
  /** What executions that ended were found to say beyond ListExecutions, by ARN and end: it is asked for once. */
  readonly ends: BoundedMap<End>;
  /** Why one ended whose children failed, as the execution itself tells it. */
  readonly failureOf?: (executionArn: string) => Promise<FailureSummary | undefined>;
}

export type End = Pick<ExecutionSummary, 'records' | 'failure'>;

/** Newest start first, as ListExecutions has them. */
export async function* listStandard(
  source: StandardSource,
  query: ListQuery,
): AsyncGenerator<ExecutionSummary> {
  if (query.status === 'UNKNOWN') return;
  const asked = { stateMachineArn: source.stateMachineArn, maxResults: 100 };
  const filter = query.status === undefined ? {} : { statusFilter: query.status as SfnStatus };
  const isBatch = /-batch(-rerun-[0-9a-f]{8})?$/.test(stateMachineName(source.stateMachineArn));
  let described = 0;
  let nextToken: string | undefined;
  do {
    const page = await source.sfn.send(new ListExecutionsCommand({ ...asked, ...filter, nextToken }));
    const items = (page.executions ?? []).map((item) => summarise(source, item));
    for (let at = 0; at < items.length; at += AT_ONCE) {
      const some = items.slice(at, at + AT_ONCE).filter((one) => !startedAfter(one, query.untilMs));
      const isAsked = query.wantsFailures || (isBatch && described < MOST_DESCRIBED);
      described += some.length;
      for (const summary of isAsked ? await withEnds(source, some) : some) {
        if (Date.parse(summary.start!) < query.sinceMs) return;
        yield summary;
      }
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

/** Each that is not known yet costs a request: a long list does without. */
const MOST_DESCRIBED = 100;
const AT_ONCE = 8;

function startedAfter({ start }: ExecutionSummary, untilMs = Number.POSITIVE_INFINITY): boolean {
  return Date.parse(start!) > untilMs;
}

/** ListExecutions says neither why one failed nor what a batch gave, so a plain success may hide records that failed. */
function withEnds(source: StandardSource, some: readonly ExecutionSummary[]): Promise<ExecutionSummary[]> {
  const asked = some.map(async (summary) => {
    const { arn, status, end } = summary;
    if (!ENDED.has(status)) return summary;
    const key = `${arn} ${end}`;
    const known = source.ends.get(key) ?? (await readEnd(source, summary));
    source.ends.set(key, known);
    return { ...summary, ...known };
  });
  return Promise.all(asked);
}

const ENDED = new Set<ExecutionSummary['status']>(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']);

async function readEnd({ sfn, failureOf }: StandardSource, { arn, status }: ExecutionSummary): Promise<End> {
  const described = await describe(sfn, arn);
  if (status === 'SUCCEEDED') return recordCountsOf(parseJson(described?.output ?? ''));
  if (status === 'ABORTED') {
    const isChild = parseExecutionArn(arn)?.mapRunLabel !== undefined;
    return { failure: summaryOf(stoppedFailure(described?.error ?? 'ExecutionAborted', { isChild })) };
  }
  const error = described?.error ?? (status === 'TIMED_OUT' ? 'States.Timeout' : undefined);
  if (error === undefined) return {};
  const failure = readFailure(error, described?.cause);
  const told = isTooManyFailed(failure) ? await failureOf?.(arn) : undefined;
  return { failure: told ?? summaryOf(failure) };
}

/**
 * @param before what was known of it: only what has come since is read
 * @returns `undefined` when there is no such execution, `before` when nothing has changed
 */
export async function readStandard(
  reader: StandardReader,
  executionArn: string,
  before?: ExecutionRecord,
): Promise<ExecutionRecord | undefined> {
  const described = await describe(reader.sfn, executionArn);
  if (described === undefined) return;
  const isAsBefore = before !== undefined && hasSameState(described, before);
  if (isAsBefore && described.status !== 'RUNNING') return before;
  const record = await readWhole(reader, described, { executionArn, before });
  const isUnchanged =
    isAsBefore &&
    record.events === before.events &&
    JSON.stringify(record.mapRuns) === JSON.stringify(before.mapRuns);
  return isUnchanged ? before : record;
}

/** A redrive takes the end away, and gives another one. */
function hasSameState(
  { status, stopDate }: DescribeExecutionOutput,
  { description }: ExecutionRecord,
): boolean {
  return description.status === status && description.endMs === stopDate?.getTime();
}

interface Asked {
  readonly executionArn: string;
  readonly before: ExecutionRecord | undefined;
}

async function readWhole(
  { sfn, pipeline, definitions, logGroup }: StandardReader,
  described: DescribeExecutionOutput,
  { executionArn, before }: Asked,
): Promise<ExecutionRecord> {
  const [events, defined] = await Promise.all([
    before === undefined ? readHistory(sfn, executionArn) : readOn(sfn, executionArn, before.events),
    before?.description.definition === undefined ? definitions.ofExecution(executionArn) : definedOf(before),
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

function definedOf({ description: { definition, version } }: ExecutionRecord): Defined {
  return {
    ...(definition === undefined ? {} : { definition }),
    ...(version === undefined ? {} : { version }),
  };
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

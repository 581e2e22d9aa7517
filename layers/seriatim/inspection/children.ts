// The children of an execution's Map Runs: Standard ones as Step Functions lists them, Express ones from the log
// group, the failed ones first of all since these are what is looked for. Failures are gathered by their error.
import {
  ListExecutionsCommand,
  type SFNClient,
  type ExecutionStatus as SfnStatus,
} from '@aws-sdk/client-sfn';
import type { ChildrenPage, ChildSummary, ErrorClass } from './api.ts';
import { parseExecutionArn } from './arn.ts';
import { MAX_EXPRESS_MS, SLACK_MS } from './express-list.ts';
import { readFailure, stoppedFailure } from './failure.ts';
import { statusOf } from './fold.ts';
import { type LoggedEvent, textOf } from './history.ts';
import { newestFirst, type ReadLogPage } from './log-scan.ts';
import { type ExecutionRecord, viewOf } from './record.ts';
import { iso } from './stages.ts';
import type { Counts, ErrorView, ExecutionStatus, ExecutionView, MapRunView, StageView } from './view.ts';

export interface ChildrenQuery {
  /** `FAILED` and the like; all that ended unless told. */
  readonly status?: ExecutionStatus;
  readonly limit: number;
  /** What may be told of why a child failed, read whole: of the first few that failed. */
  readonly errorOf?: (child: ExecutionView) => ErrorView | undefined;
}

export interface ChildrenSource {
  readonly sfn: SFNClient;
  readonly read: ReadLogPage;
  readonly nowMs: number;
  /** A child read whole. */
  readonly readChild: (child: ChildSummary) => Promise<ExecutionRecord | undefined>;
}

export async function readChildren(
  source: ChildrenSource,
  record: ExecutionRecord,
  query: ChildrenQuery,
): Promise<ChildrenPage> {
  const stages = viewOf(record).stages.filter((stage) => stage.mapRun !== undefined);
  const lists = await Promise.all(
    stages.map(async (stage) => {
      const listed = await listStandardChildren(source, stage.mapRun!.arn, query);
      return listed.length > 0 ? listed : listExpressChildren(source, record, { stage, query });
    }),
  );
  const children = await tellErrors(source, lists.flat().slice(0, query.limit), query);
  return {
    mapRuns: stages.map(({ name, mapRun }) => summarise(name, mapRun!)),
    children,
    errors: errorClasses(children),
  };
}

/** How many failed children are read whole, and how many at once. */
const TOLD = { most: 50, atOnce: 8 };
const UNREAD = 'Its execution says why.';

/** A list of children says neither what they got nor, of Standard ones, why they failed. */
async function tellErrors(
  { readChild }: ChildrenSource,
  children: readonly ChildSummary[],
  { errorOf }: ChildrenQuery,
): Promise<ChildSummary[]> {
  if (errorOf === undefined) return [...children];
  const failed = children.filter(({ status }) => status !== 'SUCCEEDED' && status !== 'RUNNING');
  const told = new Map<string, ErrorView | undefined>();
  for (let at = 0; at < Math.min(failed.length, TOLD.most); at += TOLD.atOnce) {
    const some = failed.slice(at, at + TOLD.atOnce);
    const records = await Promise.all(some.map(readChild));
    for (const [n, record] of records.entries()) {
      if (record !== undefined) told.set(some[n]!.arn, errorOf(viewOf(record)));
    }
  }
  return children.map((child) => withError(child, told.get(child.arn)));
}

/** What a line says of a child that was not read whole may quote what that got. */
function withError({ error: said, ...child }: ChildSummary, told: ErrorView | undefined): ChildSummary {
  const { cause: _cause, ...known } = said ?? {};
  const error = told ?? (said === undefined ? undefined : { ...known, code: said.code, message: UNREAD });
  return error === undefined ? child : { ...child, error };
}

const NONE: Counts = { total: 0, pending: 0, running: 0, succeeded: 0, failed: 0, timedOut: 0, aborted: 0 };

function summarise(stage: string, { arn, status = 'RUNNING', items = NONE, executions = NONE }: MapRunView) {
  const open = items.pending + items.running;
  return { arn, stage, status, items, executions, progress: items.total === 0 ? 0 : 1 - open / items.total };
}

/** Step Functions lists no Express children: it answers with none of them, or refuses. */
async function listStandardChildren(
  { sfn }: ChildrenSource,
  mapRunArn: string,
  { status, limit }: ChildrenQuery,
): Promise<ChildSummary[]> {
  const filter = status === undefined ? {} : { statusFilter: status as SfnStatus };
  try {
    const command = new ListExecutionsCommand({ mapRunArn, maxResults: Math.min(limit, 1000), ...filter });
    const { executions = [] } = await sfn.send(command);
    return executions.map(({ name = '', executionArn = '', status = 'RUNNING', startDate, stopDate }) => ({
      id: name,
      arn: executionArn,
      status,
      ...(startDate === undefined ? {} : { start: iso(startDate.getTime()) }),
      ...(stopDate === undefined ? {} : { end: iso(stopDate.getTime()) }),
      ...(startDate === undefined || stopDate === undefined
        ? {}
        : { durationMs: stopDate.getTime() - startDate.getTime() }),
    }));
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'StateMachineTypeNotSupported') return [];
    throw thrown;
  }
}

const ENDS = ['ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted'];

/** By the lines that end them, within the time of the stage. */
async function listExpressChildren(
  { read, nowMs }: ChildrenSource,
  { description }: ExecutionRecord,
  { stage, query }: { readonly stage: StageView; readonly query: ChildrenQuery },
): Promise<ChildSummary[]> {
  const group = description.logGroup ?? '';
  if (group === '') return [];
  const isOwn = childOf(stage.mapRun!.arn);
  const endMs = stage.end === undefined ? nowMs : Date.parse(stage.end);
  const scan = {
    group,
    pattern: patternFor(query.status),
    fromMs: Date.parse(stage.start),
    beforeMs: Math.min(nowMs, endMs + MAX_EXPRESS_MS) + SLACK_MS,
    wantedLines: query.limit,
  };
  const found: ChildSummary[] = [];
  for await (const { events } of newestFirst(read, scan)) {
    for (const event of events) {
      const isWanted = query.status === undefined || statusOf(event) === query.status;
      if (isOwn(event) && isWanted) found.push(childFrom(event));
    }
    if (found.length >= query.limit) break;
  }
  return found.slice(0, query.limit);
}

function patternFor(status: ExecutionStatus | undefined): string {
  const types =
    status === undefined
      ? [...ENDS, 'ExecutionSucceeded']
      : [...ENDS, 'ExecutionSucceeded'].filter((type) => statusOf({ type }) === status);
  return types.length === 0 ? '"no such line"' : types.map((type) => `?${type}`).join(' ');
}

/** A child's ARN has its Map Run's state machine and label. */
function childOf(mapRunArn: string): (event: LoggedEvent) => boolean {
  const [, machine = '', label = ''] = /:mapRun:([^/]+)\/([^:]+)/.exec(mapRunArn) ?? [];
  return ({ executionArn, type }) => {
    const arn = parseExecutionArn(executionArn);
    return (
      arn?.stateMachineName === machine && arn.mapRunLabel === label && /^Execution(?!Started)/.test(type)
    );
  };
}

function childFrom(end: LoggedEvent): ChildSummary {
  const arn = parseExecutionArn(end.executionArn)!;
  const status = statusOf(end);
  const code = textOf(end.details, 'error') ?? 'States.Timeout';
  return {
    id: arn.id,
    arn: arn.arn,
    status,
    end: iso(end.timeMs),
    ...(status === 'SUCCEEDED' ? {} : { error: errorOf(status, code, textOf(end.details, 'cause')) }),
  };
}

function errorOf(status: ExecutionStatus, code: string, cause: string | undefined): ErrorView {
  if (status === 'ABORTED') return stoppedFailure('ExecutionAborted', { cause, isChild: true });
  return readFailure(code, cause);
}

const FIRST = 5;

export function errorClasses(
  failed: readonly {
    readonly arn: string;
    readonly error?: { readonly code: string; readonly stage?: string };
  }[],
): ErrorClass[] {
  const withError = failed.filter((each) => each.error !== undefined);
  const groups = Map.groupBy(withError, ({ error }) => JSON.stringify([error!.code, error!.stage]));
  return [...groups.values()]
    .map((all) => ({
      code: all[0]!.error!.code,
      ...(all[0]!.error!.stage === undefined ? {} : { stage: all[0]!.error!.stage }),
      count: all.length,
      first: all.slice(0, FIRST).map(({ arn }) => arn),
    }))
    .sort((a, b) => b.count - a.count);
}

// `createInspection`: lists and reads the executions of all pipelines, Standard and Express, on AWS and on one machine
// alike. The functions behind the HTTP API and the command line's own look at AWS are wiring around it.
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { ChildrenPage, ChildSummary, ExecutionsPage } from './api.ts';
import { parseExecutionArn, stateMachineName } from './arn.ts';
import { type BoundedMap, createBoundedMap } from './bounded-map.ts';
import { type ChildrenQuery, type ChildrenSource, readChildren } from './children.ts';
import type { CostSettings } from './cost/prices.ts';
import { createDefinitions, type Definitions } from './definitions.ts';
import { listExpress, MAX_EXPRESS_MS, SLACK_MS } from './express-list.ts';
import { type ExpressLog, readExpress } from './express-read.ts';
import { isTooManyFailed } from './fold.ts';
import type { LoggedEvent } from './history.ts';
import { createKeptRecords } from './kept-records.ts';
import { logPageReader, type ReadLogPage } from './log-scan.ts';
import { createMachineBook, type MachineBook } from './machine-book.ts';
import type { StateMachine, StateMachines } from './machines.ts';
import { mergeNewest } from './merge.ts';
import { type PageMark, readToken, writeToken } from './page-token.ts';
import { findParent } from './parent.ts';
import { inputsOf } from './payloads/readings.ts';
import { type Recent, readRecent } from './recent.ts';
import { type ExecutionRecord, viewOf } from './record.ts';
import { type End, listStandard, readStandard } from './standard.ts';
import type { ErrorView, ExecutionStatus, ExecutionSummary, ExecutionView } from './view.ts';

export interface InspectionOptions {
  readonly sfn: SFNClient;
  readonly logs: CloudWatchLogsClient;
  readonly machines: StateMachines;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly cost?: CostSettings;
  /** Views then link to the AWS console. */
  readonly isOnAws?: boolean;
}

export interface ExecutionsQuery {
  readonly pipeline?: string;
  readonly status?: ExecutionStatus;
  /** A code of the error registry: only failed executions that ended with it. */
  readonly error?: string;
  /** Only executions that failed in this stage. */
  readonly stage?: string;
  /** 1 to 1,000; 50 unless told. */
  readonly limit?: number;
  /** Only executions that started at or after this time; the last 14 days unless told. */
  readonly sinceMs?: number;
  /** Only executions that started at or before this time. */
  readonly untilMs?: number;
  /** `nextToken` of the page before. */
  readonly token?: string;
}

export interface Inspection {
  /** @throws RangeError when the token is not one of this API's */
  listExecutions(query?: ExecutionsQuery): Promise<ExecutionsPage>;
  /** @param id an execution's name, or its ARN. @returns `undefined` when there is none such */
  readRecord(id: string): Promise<ExecutionRecord | undefined>;
  /** What the record says, as everything draws it. */
  readExecution(id: string): Promise<ExecutionView | undefined>;
  /** Children of the execution's Map Runs. */
  listChildren(record: ExecutionRecord, query: ChildrenQuery): Promise<ChildrenPage>;
  /** The newest requests of a pipeline, whole, for metrics. */
  readRecent(pipeline: string, sinceMs: number): Promise<Recent>;
}

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 1000;
/** Of ended executions, what lists found of each beyond the list itself. */
const MOST_KEPT = 5000;
const LOOK_BACK_MS = 14 * 24 * 3600_000;

export function createInspection(options: InspectionOptions): Inspection {
  const { sfn, machines, now } = options;
  const reader: Reader = {
    ...options,
    read: logPageReader(options.logs),
    book: createMachineBook(sfn, machines, now),
    definitions: createDefinitions(sfn, now),
    ends: createBoundedMap(MOST_KEPT),
    starts: createBoundedMap(MOST_KEPT),
  };
  const kept = createKeptRecords(now);
  const readRecord = (id: string): Promise<ExecutionRecord | undefined> =>
    kept.get(id, (before) => findRecord(reader, id, before));
  return {
    listExecutions: (query = {}) => listExecutions(reader, query),
    readRecord,
    readExecution: async (id) => {
      const record = await readRecord(id);
      return record && viewOf(record);
    },
    listChildren: (record, query) => readChildren(childrenSource(reader), record, query),
    readRecent: (pipeline, sinceMs) => readRequests(reader, pipeline, sinceMs),
  };
}

async function readRequests(
  { machines, read, now }: Reader,
  pipeline: string,
  sinceMs: number,
): Promise<Recent> {
  const machine = machines.find((each) => each.pipeline === pipeline && each.type === 'EXPRESS');
  if (machine === undefined || machine.logGroup === '') return { views: [], isSample: false };
  return readRecent(read, machine, { sinceMs, nowMs: now() });
}

interface Reader extends InspectionOptions {
  readonly read: ReadLogPage;
  readonly book: MachineBook;
  readonly definitions: Definitions;
  readonly ends: BoundedMap<End>;
  readonly starts: BoundedMap<LoggedEvent>;
}

async function listExecutions(reader: Reader, query: ExecutionsQuery): Promise<ExecutionsPage> {
  const mark = query.token === undefined ? undefined : readToken(query.token);
  const limit = query.limit ?? DEFAULT_LIMIT;
  const newest = mergeNewest(sources(reader, await reader.book.all(), { query, mark }));
  const executions: ExecutionSummary[] = [];
  for await (const summary of newest) {
    if (mark?.seen.includes(summary.arn) || !isWanted(summary, query)) continue;
    executions.push(summary);
    if (executions.length > limit) break;
  }
  const page = executions.slice(0, limit);
  return executions.length > limit
    ? { executions: page, nextToken: writeToken(page, mark) }
    : { executions: page };
}

function isWanted({ failure }: ExecutionSummary, { error, stage }: ExecutionsQuery): boolean {
  if (error !== undefined && failure?.code !== error && failure?.reported !== error) return false;
  return stage === undefined || failure?.stage === stage;
}

/** What an error or a failed stage is looked for among. */
const FAILED: readonly ExecutionStatus[] = ['FAILED', 'TIMED_OUT', 'ABORTED'];

function sources(
  reader: Reader,
  machines: StateMachines,
  { query, mark }: { query: ExecutionsQuery; mark: PageMark | undefined },
): AsyncGenerator<ExecutionSummary>[] {
  const { sfn, read, now, ends, starts } = reader;
  const nowMs = now();
  const failureOf = async (arn: string) => {
    const record = await findRecord(reader, arn, undefined);
    return record && viewOf(record).failure;
  };
  const { sinceMs = nowMs - LOOK_BACK_MS, limit = DEFAULT_LIMIT } = query;
  const untilMs = mark?.untilMs ?? query.untilMs;
  const wantsFailures = query.error !== undefined || query.stage !== undefined;
  const isAnyFailure = wantsFailures && query.status === undefined;
  const asked = { sinceMs, untilMs, limit, wantsFailures };
  return machines
    .filter(({ pipeline }) => query.pipeline === undefined || query.pipeline === pipeline)
    .flatMap(({ pipeline, arn, type, logGroup }) => {
      const { status } = query;
      if (type === 'EXPRESS') {
        const source = { read, pipeline, stateMachineName: stateMachineName(arn), logGroup, nowMs, starts };
        return [listExpress(source, { ...asked, status })];
      }
      return (isAnyFailure ? FAILED : [status]).map((each) =>
        listStandard({ sfn, pipeline, stateMachineArn: arn, ends, failureOf }, { ...asked, status: each }),
      );
    });
}

/** @param before what was found before, which may be handed back */
async function findRecord(
  reader: Reader,
  id: string,
  before: ExecutionRecord | undefined,
): Promise<ExecutionRecord | undefined> {
  if (before?.description.type === 'STANDARD') return findAgain(reader, before);
  const arn = parseExecutionArn(id);
  // For an ARN only the state machine that it names, so that nothing else can be read through this.
  const named = arn === undefined ? undefined : reader.book.named(arn.stateMachineName);
  const machines = arn === undefined ? await reader.book.all() : named === undefined ? [] : [named];
  const [standard, express] = await Promise.all([
    arn?.type === 'EXPRESS' ? undefined : findStandard(reader, machines, id),
    arn?.type === 'STANDARD' ? undefined : findExpress(reader, machines, id),
  ]);
  const found = standard ?? express ?? (arn === undefined ? await findDerived(reader, id) : undefined);
  return found && withSettings(reader, found);
}

/** A Standard execution is read on from where it was left. */
async function findAgain(reader: Reader, before: ExecutionRecord): Promise<ExecutionRecord | undefined> {
  const { pipeline = '', logGroup = '', arn } = before.description;
  const found = await readStandard({ ...reader, pipeline, logGroup }, arn, before);
  return found === undefined || found === before ? found : withSettings(reader, found);
}

async function withSettings(reader: Reader, found: ExecutionRecord): Promise<ExecutionRecord> {
  const { childError, childInputs } = (await childErrorOf(reader, found)) ?? {};
  const parentArn = await parentOf(reader, found);
  const known = {
    ...settingsOf(reader),
    ...(childError === undefined ? {} : { childError }),
    ...(parentArn === undefined ? {} : { parentArn }),
  };
  return {
    ...found,
    description: { ...found.description, ...known },
    ...(childInputs === undefined ? {} : { childInputs }),
  };
}

async function parentOf({ sfn, book }: Reader, record: ExecutionRecord): Promise<string | undefined> {
  const { mapRunLabel, stateMachineName = '' } = parseExecutionArn(record.description.arn) ?? {};
  const machine = mapRunLabel === undefined ? undefined : book.named(stateMachineName);
  return machine && findParent(sfn, record, machine.arn);
}

interface ChildFailure {
  readonly childError: ErrorView;
  /** What the child got: its error's message may quote that. */
  readonly childInputs: readonly unknown[];
}

/** Of an execution whose Map Run ended because its children failed: why the first of them did. */
async function childErrorOf(reader: Reader, record: ExecutionRecord): Promise<ChildFailure | undefined> {
  if (record.description.error === undefined || !isTooManyFailed(viewOf(record).error)) return;
  const { children } = await readChildren(childrenSource(reader), record, { status: 'FAILED', limit: 1 });
  const whole = children[0] && (await readChild(reader, children[0]));
  const view = whole && viewOf(whole);
  return view?.error && { childError: view.error, childInputs: inputsOf(view) };
}

function childrenSource(reader: Reader): ChildrenSource {
  return { ...reader, nowMs: reader.now(), readChild: (child) => readChild(reader, child) };
}

/** An Express child is looked for only when it ran. */
async function readChild(reader: Reader, child: ChildSummary): Promise<ExecutionRecord | undefined> {
  const { arn, start, end } = child;
  const parsed = parseExecutionArn(arn);
  const machine = parsed && reader.book.named(parsed.stateMachineName);
  if (machine === undefined) return;
  if (parsed?.type === 'STANDARD') return findStandard(reader, [machine], arn);
  const endMs = end === undefined ? reader.now() : Date.parse(end);
  const startMs = start === undefined ? endMs - MAX_EXPRESS_MS : Date.parse(start);
  return findExpress(reader, [machine], arn, { sinceMs: startMs - SLACK_MS, nowMs: endMs });
}

/** A state machine that a rerun made a moment ago. */
async function findDerived(reader: Reader, id: string): Promise<ExecutionRecord | undefined> {
  return findStandard(reader, await reader.book.fresh(), id);
}

function settingsOf({ cost, isOnAws }: Reader): Pick<InspectionOptions, 'cost' | 'isOnAws'> {
  return { ...(cost === undefined ? {} : { cost }), ...(isOnAws === undefined ? {} : { isOnAws }) };
}

async function findStandard(
  { sfn, definitions }: Reader,
  machines: StateMachines,
  id: string,
): Promise<ExecutionRecord | undefined> {
  const found = machines
    .filter(({ type }) => type === 'STANDARD')
    .map(({ pipeline, arn, logGroup }) =>
      readStandard({ sfn, pipeline, definitions, logGroup }, executionArn(arn, id)),
    );
  return (await Promise.all(found)).find((record) => record !== undefined);
}

async function findExpress(
  { read, now, definitions, book }: Reader,
  machines: StateMachines,
  id: string,
  { nowMs, sinceMs }: Pick<ExpressLog, 'nowMs' | 'sinceMs'> = { nowMs: now(), sinceMs: now() - LOOK_BACK_MS },
): Promise<ExecutionRecord | undefined> {
  const groups = new Map<string, StateMachine>(machines.map((machine) => [machine.logGroup, machine]));
  const found = [...groups.values()].map(({ pipeline, logGroup }) =>
    logGroup === '' ? undefined : readExpress({ read, nowMs, sinceMs, pipeline, logGroup }, id),
  );
  const record = (await Promise.all(found)).find((each) => each !== undefined);
  const machine = record && book.named(record.description.stateMachineName);
  if (machine === undefined) return record;
  // A child of a Map Run runs the inside of one state of it: its definition is the whole's.
  const defined = await definitions.present(machine.arn);
  return { ...record!, description: { ...record!.description, stateMachineArn: machine.arn, ...defined } };
}

function executionArn(stateMachineArn: string, id: string): string {
  if (id.startsWith('arn:')) return id;
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${id}`;
}

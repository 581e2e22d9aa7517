// `createInspection`: lists and reads the executions of all pipelines, Standard and Express, on AWS and on one machine
// alike. The two Lambda functions behind `GET /executions` and `GET /executions/{id}` are wiring around it.
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { ExecutionsPage } from './api.ts';
import { parseExecutionArn, stateMachineName } from './arn.ts';
import { listExpress } from './express-list.ts';
import { readExpress } from './express-read.ts';
import { logPageReader, type ReadLogPage } from './log-scan.ts';
import type { StateMachines } from './machines.ts';
import { mergeNewest } from './merge.ts';
import { type PageMark, readToken, writeToken } from './page-token.ts';
import { listStandard, readStandard } from './standard.ts';
import type { ExecutionStatus, ExecutionSummary, ExecutionView } from './view.ts';

export interface InspectionOptions {
  readonly sfn: SFNClient;
  readonly logs: CloudWatchLogsClient;
  readonly machines: StateMachines;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface ExecutionsQuery {
  readonly pipeline?: string;
  readonly status?: ExecutionStatus;
  /** 1 to 1,000; 50 unless told. */
  readonly limit?: number;
  /** Only executions that started at or after this time; the last 14 days unless told. */
  readonly sinceMs?: number;
  /** `nextToken` of the page before. */
  readonly token?: string;
}

export interface Inspection {
  /** @throws RangeError when the token is not one of this API's */
  listExecutions(query?: ExecutionsQuery): Promise<ExecutionsPage>;
  /** @param id an execution's name, or its ARN. @returns `undefined` when there is none such */
  readExecution(id: string): Promise<ExecutionView | undefined>;
}

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 1000;
const LOOK_BACK_MS = 14 * 24 * 3600_000;

export function createInspection(options: InspectionOptions): Inspection {
  const read = logPageReader(options.logs);
  return {
    listExecutions: (query = {}) => listExecutions(options, read, query),
    readExecution: (id) => readExecution(options, read, id),
  };
}

async function listExecutions(
  options: InspectionOptions,
  read: ReadLogPage,
  query: ExecutionsQuery,
): Promise<ExecutionsPage> {
  const mark = query.token === undefined ? undefined : readToken(query.token);
  const limit = query.limit ?? DEFAULT_LIMIT;
  const newest = mergeNewest(sources(options, read, { query, mark }));
  const executions: ExecutionSummary[] = [];
  for await (const summary of newest) {
    if (mark?.seen.includes(summary.arn)) continue;
    executions.push(summary);
    if (executions.length > limit) break;
  }
  const page = executions.slice(0, limit);
  return executions.length > limit
    ? { executions: page, nextToken: writeToken(page, mark) }
    : { executions: page };
}

function sources(
  { sfn, machines, now }: InspectionOptions,
  read: ReadLogPage,
  { query, mark }: { query: ExecutionsQuery; mark: PageMark | undefined },
): AsyncGenerator<ExecutionSummary>[] {
  const nowMs = now();
  const sinceMs = query.sinceMs ?? nowMs - LOOK_BACK_MS;
  const limit = query.limit ?? DEFAULT_LIMIT;
  const asked = { status: query.status, sinceMs, untilMs: mark?.untilMs, limit };
  return machines
    .filter(({ pipeline }) => query.pipeline === undefined || query.pipeline === pipeline)
    .map(({ pipeline, arn, type, logGroup }) =>
      type === 'STANDARD'
        ? listStandard({ sfn, pipeline, stateMachineArn: arn }, asked)
        : listExpress({ read, pipeline, stateMachineName: stateMachineName(arn), logGroup, nowMs }, asked),
    );
}

async function readExecution(
  options: InspectionOptions,
  read: ReadLogPage,
  id: string,
): Promise<ExecutionView | undefined> {
  const machines = machinesFor(options.machines, id);
  const nowMs = options.now();
  const log = { read, nowMs, sinceMs: nowMs - LOOK_BACK_MS };
  const standard = machines
    .filter((machine) => machine.type === 'STANDARD' && parseExecutionArn(id)?.type !== 'EXPRESS')
    .map(({ pipeline, arn }) => readStandard({ sfn: options.sfn, pipeline }, executionArn(arn, id)));
  const found = (await Promise.all(standard)).find((view) => view !== undefined);
  if (found !== undefined || parseExecutionArn(id)?.type === 'STANDARD') return found;
  const groups = new Map(machines.map((machine) => [machine.logGroup, machine]));
  const express = [...groups.values()].map(({ pipeline, logGroup }) =>
    logGroup === '' ? undefined : readExpress({ ...log, pipeline, logGroup }, id),
  );
  return (await Promise.all(express)).find((view) => view !== undefined);
}

/** All of them for a name; for an ARN only the one that it names, so that nothing else can be read through this. */
function machinesFor(machines: StateMachines, id: string): StateMachines {
  const arn = parseExecutionArn(id);
  if (arn === undefined) return machines;
  return machines.filter((machine) => stateMachineName(machine.arn) === arn.stateMachineName);
}

function executionArn(stateMachineArn: string, id: string): string {
  if (id.startsWith('arn:')) return id;
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${id}`;
}

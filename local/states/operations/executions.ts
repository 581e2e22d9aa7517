// StartExecution, StartSyncExecution, StopExecution, DescribeExecution, ListExecutions.
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { jacksonError } from '../json/jackson.ts';
import { exceedsBytes, textOf } from '../json/text.ts';
import type { Execution } from '../run/execution.ts';
import { MAX_PAYLOAD_BYTES } from '../run/limits.ts';
import {
  type ExecutionMore,
  type ExecutionQuery,
  type ExecutionRow,
  listExecutions,
} from '../store/execution-rows.ts';
import { constraint, executionDoesNotExist, invalidArn, typeNotSupported, validation } from './api-errors.ts';
import {
  boundedText,
  decodeToken,
  encodeToken,
  MAX_CAUSE,
  MAX_ERROR,
  optionalChoice,
  optionalText,
  readIncluded,
  readPage,
  requiredArn,
  requiredText,
} from './input.ts';
import { checkName, madeUpName } from './names.ts';
import { findTarget, type Target } from './targets.ts';
import type { World } from './world.ts';

export function executionOperations(world: World): SdkOperations {
  return {
    startExecution: async (input) => startExecution(world, input),
    startSyncExecution: (input) => startSyncExecution(world, input),
    stopExecution: (input) => stopExecution(world, input),
    describeExecution: async (input) => {
      const arn = requiredText(input, 'executionArn');
      const running = world.executor.running.get(arn);
      if (running !== undefined) await world.journal.whenStill(running);
      await world.journal.whenSafe(arn);
      return describeExecution(world, input, readIncluded(input));
    },
    listExecutions: (input) => list(world, input),
  };
}

function executionName(world: World, input: SdkValues): string {
  const name = optionalText(input, 'name');
  if (name === undefined) return madeUpName(world.clock.now());
  checkName(name);
  return name;
}

function executionInput(input: SdkValues): string {
  const text = optionalText(input, 'input') ?? '{}';
  if (exceedsBytes(text, MAX_PAYLOAD_BYTES)) {
    throw constraint(text, 'input', `have length less than or equal to ${MAX_PAYLOAD_BYTES}`);
  }
  const problem = jacksonError(text);
  if (problem === undefined) return text;
  throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${problem}'`);
}

async function startExecution(world: World, input: SdkValues): Promise<SdkValues> {
  const arn = requiredArn(input, 'stateMachineArn');
  const target = findTarget(world, arn);
  const name = executionName(world, input);
  const inputText = executionInput(input);
  // A name that was just made up cannot be taken.
  if (target.machine.type === 'STANDARD' && input.name !== undefined) {
    const existing = findByName(world, target, name);
    if (existing !== undefined) return sameExecution(world, existing, inputText);
  }
  const { execution } = world.executor.start(target.machine, {
    ...startOptions(target, input),
    name,
    inputText,
  });
  if (target.machine.type === 'STANDARD') await world.journal.whenFlushed();
  return { executionArn: execution.arn, startDate: new Date(execution.startMs) };
}

function startOptions(
  target: Target,
  input: SdkValues,
): { traceHeader?: string; versionArn?: string; aliasArn?: string } {
  const traceHeader = boundedText(input, 'traceHeader', MAX_TRACE_HEADER);
  return {
    ...(traceHeader === undefined ? {} : { traceHeader }),
    ...(target.versionArn === undefined ? {} : { versionArn: target.versionArn }),
    ...(target.aliasArn === undefined ? {} : { aliasArn: target.aliasArn }),
  };
}

function findByName(world: World, target: Target, name: string): ExecutionRow | undefined {
  const arn = target.machine.arn.replace(':stateMachine:', ':execution:');
  return world.executor.row(`${arn}:${name}`);
}

/** The same name and input give the same execution while it runs; else the name is taken. */
async function sameExecution(world: World, row: ExecutionRow, inputText: string): Promise<SdkValues> {
  if (row.input === inputText && row.status === 'RUNNING') {
    await world.journal.whenSafe(row.arn);
    return { executionArn: row.arn, startDate: new Date(row.start_ms) };
  }
  throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${row.arn}'`);
}

async function startSyncExecution(world: World, input: SdkValues): Promise<SdkValues> {
  const hasData = readIncluded(input);
  const execution = await runSync(world, input);
  const stopMs = execution.stopMs ?? execution.startMs;
  return {
    executionArn: execution.arn,
    stateMachineArn: execution.machine.arn,
    name: execution.name,
    startDate: new Date(execution.startMs),
    stopDate: new Date(stopMs),
    status: execution.status,
    ...(hasData ? { input: execution.inputText } : {}),
    inputDetails: { included: hasData },
    ...outcome(execution, hasData),
    billingDetails: {
      billedMemoryUsedInMB: 64,
      billedDurationInMilliseconds: Math.max(1, Math.ceil((stopMs - execution.startMs) / 100)) * 100,
    },
  };
}

/** Runs an Express execution to its end: what the wire answers from without the detour of `SdkValues`. */
export async function runSync(world: World, input: SdkValues): Promise<Execution> {
  const target = findTarget(world, requiredArn(input, 'stateMachineArn'));
  if (target.machine.type !== 'EXPRESS') throw typeNotSupported();
  const { execution, ended } = world.executor.start(target.machine, {
    ...startOptions(target, input),
    name: executionName(world, input),
    inputText: executionInput(input),
  });
  await ended;
  return execution;
}

/** How an execution ended, as the API shows it. */
export function outcome(execution: Execution, hasData = true): SdkValues {
  return {
    ...(execution.output === undefined || !hasData ? {} : { output: textOf(execution.output) }),
    outputDetails: { included: hasData },
    ...(execution.error === undefined ? {} : { error: execution.error }),
    ...(execution.failureCause === undefined ? {} : { cause: execution.failureCause }),
  };
}

/** @throws AwsError InvalidArn, ExecutionDoesNotExist */
export function findRow(world: World, input: SdkValues): ExecutionRow {
  const arn = requiredText(input, 'executionArn');
  if (arn.split(':')[5] === 'express') throw invalidArn('Resource type not valid in this context: express');
  if (!arn.startsWith('arn:')) throw invalidArn(`Invalid ARN prefix: ${arn}`);
  const row = world.executor.row(arn);
  if (row === undefined) throw executionDoesNotExist(arn);
  return row;
}

async function stopExecution(world: World, input: SdkValues): Promise<SdkValues> {
  const error = boundedText(input, 'error', MAX_ERROR);
  const cause = boundedText(input, 'cause', MAX_CAUSE);
  const row = findRow(world, input);
  const execution = await runnerOf(world, row);
  if (execution === undefined) return { stopDate: new Date(row.stop_ms ?? world.clock.now()) };
  world.executor.stop(execution, { error, cause });
  await world.executor.running.whenEnded(execution);
  await world.journal.whenFlushed();
  return { stopDate: new Date(execution.stopMs ?? world.clock.now()) };
}

/** After a restart the children of a Map Run are taken up one after the other: what is asked of one waits for its turn. */
async function runnerOf({ executor, shelves }: World, row: ExecutionRow): Promise<Execution | undefined> {
  const running = executor.running.get(row.arn);
  if (running !== undefined || row.status !== 'RUNNING' || row.map_run_arn === null) return running;
  const parentArn = shelves.mapRuns.get(row.map_run_arn)?.executionArn ?? '';
  return executor.running.has(parentArn) ? executor.running.whenOwned(row.arn) : undefined;
}

const REDRIVE_DAYS = 14;

function describeExecution(world: World, input: SdkValues, hasData: boolean): SdkValues {
  const row = findRow(world, input);
  const described: Record<string, unknown> = {
    executionArn: row.arn,
    stateMachineArn: row.machine_arn,
    name: row.name,
    status: row.status,
    startDate: new Date(row.start_ms),
    inputDetails: { included: hasData },
    redriveCount: 0,
  };
  if (hasData) described.input = row.input;
  if (row.stop_ms !== null) describeEnd(described, row, hasData);
  if (row.map_run_arn !== null) described.mapRunArn = row.map_run_arn;
  if (row.version_arn !== null) described.stateMachineVersionArn = row.version_arn;
  if (row.alias_arn !== null) described.stateMachineAliasArn = row.alias_arn;
  if (row.more !== '{}') describeMore(described, JSON.parse(row.more) as ExecutionMore);
  return Object.assign(described, redriveStatus(row, world.clock.now()));
}

function describeEnd(described: Record<string, unknown>, row: ExecutionRow, hasData: boolean): void {
  described.stopDate = new Date(row.stop_ms!);
  if (row.output !== null) {
    if (hasData) described.output = row.output;
    described.outputDetails = { included: hasData };
  }
  if (row.error !== null) described.error = row.error;
  if (row.cause !== null) described.cause = row.cause;
}

function describeMore(described: Record<string, unknown>, more: ExecutionMore): void {
  described.redriveCount = more.redriveCount ?? 0;
  if (more.traceHeader !== undefined) described.traceHeader = more.traceHeader;
  if (more.redriveMs !== undefined) described.redriveDate = new Date(more.redriveMs);
  if (more.rerunOf !== undefined) described.rerunOf = more.rerunOf;
}

/** Whether an execution can be redriven, and why not. */
export function redriveStatus(
  row: ExecutionRow,
  nowMs: number,
): { redriveStatus: string; redriveStatusReason?: string } {
  const isOver = row.stop_ms !== null && nowMs - row.stop_ms > REDRIVE_DAYS * 86_400_000;
  if (row.status === 'RUNNING' || row.status === 'SUCCEEDED') {
    return {
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: `Execution is ${row.status} and cannot be redriven`,
    };
  }
  if (row.map_run_arn !== null) return { redriveStatus: 'REDRIVABLE_BY_MAP_RUN' };
  const { eventCount } = JSON.parse(row.more) as ExecutionMore;
  if (!isOver && eventCount === undefined) return { redriveStatus: 'REDRIVABLE' };
  return {
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason: isOver
      ? 'Execution redrivable period exceeded'
      : 'Execution history event limit exceeded',
  };
}

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'] as const;

/** Characters. */
const MAX_TRACE_HEADER = 256;

/** Where a page of executions ended. */
type Before = NonNullable<ExecutionQuery['before']>;

async function list(world: World, input: SdkValues): Promise<SdkValues> {
  const page = readPage(input, 3096);
  const mapRunArn = optionalText(input, 'mapRunArn');
  if (mapRunArn !== undefined && input.stateMachineArn !== undefined) {
    throw validation('Only one of stateMachineArn and mapRunArn can be specified');
  }
  const of =
    mapRunArn === undefined ? listedBy(world, input) : ({ column: 'map_run_arn', sinceMs: 0 } as const);
  const arn = mapRunArn ?? requiredArn(input, 'stateMachineArn');
  const status = optionalChoice(input, 'statusFilter', STATUSES);
  const redrive = optionalChoice(input, 'redriveFilter', ['REDRIVEN', 'NOT_REDRIVEN']);
  const listing = `executions ${arn} ${status} ${redrive}`;
  const before = page.token === undefined ? undefined : decodeToken<Before>(page.token, listing);
  await world.journal.whenReadable();
  const rows = listExecutions(world.database, {
    ...of,
    arn,
    status,
    redrive,
    limit: page.limit + 1,
    before,
  });
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    executions: shown.map(listed),
    ...(rows.length > page.limit && last !== undefined
      ? { nextToken: encodeToken<Before>({ startMs: last.start_ms, seq: last.seq }, listing) }
      : {}),
  };
}

function listedBy(world: World, input: SdkValues): Pick<ExecutionQuery, 'column' | 'sinceMs'> {
  const arn = requiredArn(input, 'stateMachineArn');
  const target = findTarget(world, arn);
  if (target.machine.type === 'EXPRESS') throw typeNotSupported();
  const sinceMs = target.record.createdMs;
  if (target.aliasArn === arn) return { column: 'alias_arn', sinceMs };
  return { column: target.versionArn === arn ? 'version_arn' : 'machine_arn', sinceMs };
}

function listed(row: ExecutionRow): SdkValues {
  const more = JSON.parse(row.more) as ExecutionMore;
  return {
    executionArn: row.arn,
    stateMachineArn: row.machine_arn,
    name: row.name,
    status: row.status,
    startDate: new Date(row.start_ms),
    ...(row.stop_ms === null ? {} : { stopDate: new Date(row.stop_ms) }),
    ...(row.map_run_arn === null ? {} : { mapRunArn: row.map_run_arn, itemCount: more.itemCount ?? 1 }),
    ...(row.version_arn === null ? {} : { stateMachineVersionArn: row.version_arn }),
    ...(row.alias_arn === null ? {} : { stateMachineAliasArn: row.alias_arn }),
    redriveCount: more.redriveCount ?? 0,
    ...(more.redriveMs === undefined ? {} : { redriveDate: new Date(more.redriveMs) }),
  };
}

// RerunExecution, beyond AWS: a new execution from any state that a finished one entered. A Standard execution is read
// from its history, an Express one from its log group. Documented in `docs/states.md`.
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { type Json, parseJson } from '../json/text.ts';
import type { MachineRevision } from '../run/engine.ts';
import { executionDoesNotExist, validation } from './api-errors.ts';
import { findRow, outcome } from './executions.ts';
import { eventsOf } from './history.ts';
import { optionalText, requiredArn } from './input.ts';
import { checkName, madeUpName } from './names.ts';
import type { KeptEvent, World } from './world.ts';

export function rerunOperations(world: World): SdkOperations {
  return { rerunExecution: (input) => rerun(world, input) };
}

/** What a rerun needs of the execution that it repeats. */
interface Former {
  readonly arn: string;
  readonly machine: MachineRevision;
  readonly inputText: string;
  readonly events: readonly KeptEvent[];
}

async function rerun(world: World, input: SdkValues): Promise<SdkValues> {
  const arn = requiredArn(input, 'executionArn');
  const former =
    arn.split(':')[5] === 'express' ? await expressFormer(world, arn) : await standardFormer(world, input);
  const entry = entryOf(former, input);
  const given = optionalText(input, 'input');
  const name = optionalText(input, 'name') ?? madeUpName(world.clock.now());
  checkName(name);
  refuseTaken(world, former, name);
  const { execution, ended } = world.executor.start(former.machine, {
    name,
    inputText: former.inputText,
    rerunOf: arn,
    startAt: {
      state: String(entry.details?.name),
      input: given === undefined ? parseJson(String(entry.details?.input)) : parseGiven(given),
      variables: variablesBefore(former, entry),
    },
  });
  const answer = { executionArn: execution.arn, startDate: new Date(execution.startMs) };
  if (former.machine.type === 'STANDARD') {
    await world.journal.whenFlushed();
    return answer;
  }
  await ended;
  const stopDate = new Date(execution.stopMs ?? execution.startMs);
  return { ...answer, stopDate, status: execution.status, ...outcome(execution) };
}

/** @throws AwsError ExecutionAlreadyExists */
function refuseTaken(world: World, { arn, machine }: Former, name: string): void {
  if (machine.type === 'EXPRESS') return;
  const taken = world.executor.row(`${arn.slice(0, arn.lastIndexOf(':'))}:${name}`);
  if (taken === undefined) return;
  throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${taken.arn}'`);
}

async function standardFormer(world: World, input: SdkValues): Promise<Former> {
  const row = findRow(world, input);
  if (row.status === 'RUNNING') throw validation('A running execution cannot be rerun');
  const revision = world.shelves.revisions.get(row.revision);
  if (revision === undefined) throw validation('The definition of the execution is gone');
  await world.journal.whenReadable();
  const machine = world.executor.revision(revision);
  return { arn: row.arn, machine, inputText: row.input, events: eventsOf(world, row.seq) };
}

async function expressFormer(world: World, arn: string): Promise<Former> {
  if (world.executor.running.has(arn)) throw validation('A running execution cannot be rerun');
  const machineArn = arn.split(':').with(5, 'stateMachine').slice(0, 7).join(':');
  const record = world.shelves.machines.get(machineArn);
  const revision = record === undefined ? undefined : world.shelves.revisions.get(record.revisionId);
  if (revision === undefined) throw executionDoesNotExist(arn);
  const events = await world.loggedEvents(revision.logging, arn);
  if (events.length === 0) throw executionDoesNotExist(arn);
  const started = events.find(({ type }) => type === 'ExecutionStarted');
  if (typeof started?.details?.input !== 'string') throw notLogged();
  const machine = world.executor.revision(revision);
  return { arn, machine, inputText: started.details.input, events };
}

function notLogged(): AwsError {
  return validation(
    "The execution's events are not in the log group: a rerun needs logging at level ALL with includeExecutionData",
  );
}

/** The entry asked for by its event's id, or the last one of the state. */
function entryOf({ events }: Former, input: SdkValues): KeptEvent {
  const id = input.eventId === undefined ? undefined : Number(input.eventId);
  const name = optionalText(input, 'stateName');
  if (id === undefined && name === undefined) throw validation('Either stateName or eventId must be given');
  const entry = events.findLast(
    (event) =>
      event.type.endsWith('StateEntered') &&
      (id === undefined || event.id === id) &&
      (name === undefined || event.details?.name === name),
  );
  if (entry === undefined) throw validation(`The execution never entered ${asked(name, id)}`);
  if (typeof entry.details?.input !== 'string') throw notLogged();
  return entry;
}

function asked(name: string | undefined, id: number | undefined): string {
  const state = name === undefined ? 'a state' : `a state '${name}'`;
  return id === undefined ? state : `${state} with the event ${id}`;
}

/** Variables of the top level: those of branches and iterations end with them. */
function variablesBefore({ events, machine }: Former, entry: KeptEvent): Record<string, Json> {
  const variables: Record<string, Json> = {};
  for (const { id, details } of events) {
    if (id >= entry.id) break;
    if (!machine.compiled.states.has(String(details?.name))) continue;
    const assigned = (details?.assignedVariables ?? {}) as Record<string, string>;
    for (const [name, text] of Object.entries(assigned)) variables[name] = parseJson(text);
  }
  return variables;
}

function parseGiven(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw validation("Value at 'input' is not JSON");
  }
}

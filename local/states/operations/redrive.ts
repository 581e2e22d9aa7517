// RedriveExecution; and, beyond AWS, a rerun: a new execution from any state of a finished one.
import { randomUUID } from 'node:crypto';
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { type Json, parseJson } from '../json/text.ts';
import type { ExecutionRow } from '../store/execution-rows.ts';
import { validation } from './api-errors.ts';
import { findRow, redriveStatus } from './executions.ts';
import { eventsOf, type KeptEvent } from './history.ts';
import { optionalText, requiredText } from './input.ts';
import type { World } from './world.ts';

export function redriveOperations(world: World): SdkOperations {
  return {
    redriveExecution: async (input) => redrive(world, input),
    rerunExecution: async (input) => rerun(world, input),
  };
}

async function redrive(world: World, input: SdkValues): Promise<SdkValues> {
  const row = findRow(world, input);
  const { redriveStatus: status, redriveStatusReason } = redriveStatus(row, world.clock.now());
  if (status !== 'REDRIVABLE') {
    const reason =
      redriveStatusReason ?? 'Execution is a child of a Map Run and cannot be redriven by itself';
    throw new AwsError('ExecutionNotRedrivable', `Execution Not Redrivable: '${reason}'`);
  }
  await world.journal.whenReadable();
  const { execution } = world.executor.redrive(row);
  await world.journal.whenFlushed();
  return { redriveDate: new Date(execution.redriveMs ?? world.clock.now()) };
}

/** `{ executionArn, stateName, input?, name? }`: the state's recorded input unless another is given. */
async function rerun(world: World, input: SdkValues): Promise<SdkValues> {
  const row = findRow(world, input);
  if (row.status === 'RUNNING') throw validation('A running execution cannot be rerun');
  await world.journal.whenReadable();
  const from = standing(world, row, requiredText(input, 'stateName'));
  const revision = world.shelves.revisions.get(row.revision);
  if (revision === undefined) throw validation('The definition of the execution is gone');
  const given = optionalText(input, 'input');
  const { execution } = world.executor.start(world.executor.revision(revision), {
    name: optionalText(input, 'name') ?? randomUUID(),
    inputText: row.input,
    rerunOf: row.arn,
    startAt: { ...from, input: given === undefined ? from.input : parseJson(given) },
  });
  await world.journal.whenFlushed();
  return { executionArn: execution.arn, startDate: new Date(execution.startMs) };
}

/** What the state was entered with last: its input, and the variables assigned before. */
function standing(
  world: World,
  row: ExecutionRow,
  stateName: string,
): { state: string; input: Json; variables: Record<string, Json> } {
  const events = eventsOf(world, row.seq);
  const entered = events.findLast((event) => isEntry(event) && event.details?.name === stateName);
  if (entered === undefined) throw validation(`The execution never entered a state '${stateName}'`);
  const variables: Record<string, Json> = {};
  for (const event of events) {
    if (event.id >= entered.id) break;
    for (const [name, text] of Object.entries(
      (event.details?.assignedVariables ?? {}) as Record<string, string>,
    )) {
      variables[name] = parseJson(text);
    }
  }
  return { state: stateName, input: parseJson(String(entered.details?.input)), variables };
}

function isEntry(event: KeptEvent): boolean {
  return event.type.endsWith('StateEntered');
}

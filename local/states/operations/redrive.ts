// RedriveExecution.
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import type { ExecutionRow } from '../store/execution-rows.ts';
import { constraint } from './api-errors.ts';
import { findRow, redriveStatus } from './executions.ts';
import { boundedText } from './input.ts';
import type { World } from './world.ts';

/** Redrives with a token that are not safe on disk yet, by execution and token. */
type UnderWay = Map<string, Promise<Date>>;

export function redriveOperations(world: World): SdkOperations {
  const underWay: UnderWay = new Map();
  return {
    redriveExecution: async (input) => redrive(world, input, underWay),
  };
}

const MAX_TOKEN = 64;

async function redrive(world: World, input: SdkValues, underWay: UnderWay): Promise<SdkValues> {
  const token = boundedText(input, 'clientToken', MAX_TOKEN);
  if (token === '') throw constraint('', 'clientToken', 'have length greater than or equal to 1');
  const row = findRow(world, input);
  if (token === undefined) return { redriveDate: await begin(world, row) };
  const key = `${row.arn} ${token}`;
  const known = underWay.get(key) ?? formerRedrive(world, key);
  if (known !== undefined) return { redriveDate: await known };
  const redriven = begin(world, row, key);
  underWay.set(key, redriven);
  try {
    return { redriveDate: await redriven };
  } finally {
    underWay.delete(key);
  }
}

/** How long a request with the same token is the same request. */
const TOKEN_MS = 15 * 60_000;

function formerRedrive({ shelves, clock }: World, key: string): Date | undefined {
  const known = shelves.redrives.get(key);
  return known === undefined || clock.now() - known.redriveMs > TOKEN_MS
    ? undefined
    : new Date(known.redriveMs);
}

/** @param key under which the same request finds it, also after a restart */
async function begin(world: World, { arn }: ExecutionRow, key?: string): Promise<Date> {
  redrivable(world, arn);
  await world.journal.whenReadable();
  // Looked at again in the turn in which it begins: somebody else may have begun one meanwhile.
  const { execution } = world.executor.redrive(redrivable(world, arn));
  const redriveMs = execution.redriveMs ?? world.clock.now();
  // In the batch of the redrive itself: after a crash both are known or neither.
  if (key !== undefined) remember(world, key, redriveMs);
  await world.journal.whenFlushed();
  return new Date(redriveMs);
}

/** The execution's row. @throws AwsError ExecutionNotRedrivable */
function redrivable(world: World, arn: string): ExecutionRow {
  const row = findRow(world, { executionArn: arn });
  const shown = world.executor.running.has(arn) ? { ...row, status: 'RUNNING' } : row;
  const { redriveStatus: status, redriveStatusReason } = redriveStatus(shown, world.clock.now());
  if (status === 'REDRIVABLE') return row;
  const reason = redriveStatusReason ?? 'Execution is a child of a Map Run and cannot be redriven by itself';
  throw new AwsError('ExecutionNotRedrivable', `Execution Not Redrivable: '${reason}'`);
}

function remember({ shelves, clock }: World, key: string, redriveMs: number): void {
  for (const [old, record] of shelves.redrives.entries()) {
    if (clock.now() - record.redriveMs > TOKEN_MS) shelves.redrives.delete(old);
  }
  shelves.redrives.put(key, { redriveMs });
}

// RedriveExecution.
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { findRow, redriveStatus } from './executions.ts';
import type { World } from './world.ts';

export function redriveOperations(world: World): SdkOperations {
  return {
    redriveExecution: async (input) => redrive(world, input),
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

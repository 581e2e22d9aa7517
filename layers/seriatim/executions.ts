// Starting executions: synchronous ones for requests, named ones for batches.
import type { StartSyncExecutionCommandOutput } from '@aws-sdk/client-sfn';
import { sfnClient } from './clients.ts';
import { addSyncLane } from './sync-lane.ts';
import { uuid7 } from './uuid7.ts';

export type SyncExecution = Omit<StartSyncExecutionCommandOutput, '$metadata'>;

/** Runs an Express state machine to its end. */
export type StartSync = (stateMachineArn: string, input: string) => Promise<SyncExecution>;

/** The client and its command loaded once, so that a request pays for neither. */
export async function prepareStartSync(): Promise<StartSync> {
  const [{ StartSyncExecutionCommand }, client] = await Promise.all([
    import('@aws-sdk/client-sfn'),
    sfnClient(),
  ]);
  addSyncLane(client);
  return (stateMachineArn, input) => {
    const name = uuid7(Date.now());
    return client.send(new StartSyncExecutionCommand({ stateMachineArn, name, input }));
  };
}

export interface NamedExecution {
  readonly stateMachineArn: string;
  /** Makes the start idempotent: the same name starts once. */
  readonly name: string;
  readonly input: string;
}

/** The execution's ARN, or undefined when one of that name has been started before. */
export async function startOnce(execution: NamedExecution): Promise<string | undefined> {
  const [{ StartExecutionCommand }, client] = await Promise.all([import('@aws-sdk/client-sfn'), sfnClient()]);
  try {
    return (await client.send(new StartExecutionCommand(execution))).executionArn;
  } catch (thrown) {
    if ((thrown as Error).name === 'ExecutionAlreadyExists') return undefined;
    throw thrown;
  }
}

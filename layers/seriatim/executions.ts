// Starting executions: synchronous ones for requests, named ones for batches.
import type { ListExecutionsCommandOutput, StartSyncExecutionCommandOutput } from '@aws-sdk/client-sfn';
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

export interface ExecutionState {
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** Undefined for an execution that does not exist, or no longer. */
export async function describeExecution(executionArn: string): Promise<ExecutionState | undefined> {
  const [{ DescribeExecutionCommand }, client] = await Promise.all([
    import('@aws-sdk/client-sfn'),
    sfnClient(),
  ]);
  try {
    const { status, startDate, stopDate, error, cause } = await client.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    return {
      status: status!,
      startedAt: startDate!.toISOString(),
      ...(stopDate === undefined ? {} : { endedAt: stopDate.toISOString() }),
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause }),
    };
  } catch (thrown) {
    if ((thrown as Error).name === 'ExecutionDoesNotExist') return undefined;
    throw thrown;
  }
}

export async function stopExecution(executionArn: string, cause: string): Promise<void> {
  const [{ StopExecutionCommand }, client] = await Promise.all([import('@aws-sdk/client-sfn'), sfnClient()]);
  await client.send(new StopExecutionCommand({ executionArn, error: 'Stopped', cause }));
}

export interface ListedExecution {
  readonly name: string;
  readonly status: ExecutionState['status'];
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** The newest executions of a state machine; none of one that is not there. */
export async function newestExecutions(stateMachineArn: string, most: number): Promise<ListedExecution[]> {
  const [{ ListExecutionsCommand }, client] = await Promise.all([import('@aws-sdk/client-sfn'), sfnClient()]);
  const { executions = [] } = await client
    .send(new ListExecutionsCommand({ stateMachineArn, maxResults: most }))
    .catch((thrown: Error): Pick<ListExecutionsCommandOutput, 'executions'> => {
      if (thrown.name === 'StateMachineDoesNotExist') return { executions: [] };
      throw thrown;
    });
  return executions.map(({ name, status, startDate, stopDate }) => ({
    name: name!,
    status: status!,
    startedAt: startDate!.toISOString(),
    ...(stopDate === undefined ? {} : { endedAt: stopDate.toISOString() }),
  }));
}

// Executions that tasks start: `states:startExecution` with its `.sync` forms.
import type { SdkOperations } from '../service.ts';
import type { World } from './operations/world.ts';
import type { ChildExecutions, ChildOutcome } from './run/engine.ts';

export class ChildStarter implements ChildExecutions {
  private readonly world: World;
  private readonly operations: SdkOperations;

  constructor(world: World, operations: SdkOperations) {
    this.world = world;
    this.operations = operations;
  }

  async start(request: { stateMachineArn: string; name: string | undefined; input: string }): Promise<{
    executionArn: string;
    startMs: number;
  }> {
    const { stateMachineArn, name, input } = request;
    const answer = await this.operations.startExecution!({
      stateMachineArn,
      input,
      ...(name === undefined ? {} : { name }),
    });
    return { executionArn: String(answer.executionArn), startMs: (answer.startDate as Date).getTime() };
  }

  async ended(executionArn: string): Promise<ChildOutcome> {
    const execution = this.world.executor.running.get(executionArn);
    if (execution !== undefined) await this.world.executor.running.whenEnded(execution);
    const row = this.world.executor.row(executionArn)!;
    const description = {
      ExecutionArn: row.arn,
      Input: row.input,
      InputDetails: { Included: true },
      Name: row.name,
      ...(row.output === null ? {} : { Output: row.output, OutputDetails: { Included: true } }),
      ...(row.error === null ? {} : { Error: row.error }),
      ...(row.cause === null ? {} : { Cause: row.cause }),
      RedriveCount: 0,
      RedriveStatus: 'NOT_REDRIVABLE',
      RedriveStatusReason: `Execution is ${row.status} and cannot be redriven`,
      StartDate: row.start_ms,
      StateMachineArn: row.machine_arn,
      Status: row.status,
      StopDate: row.stop_ms,
    };
    return { description, status: row.status };
  }

  stop(executionArn: string): void {
    this.operations.stopExecution!({ executionArn }).catch(() => {});
  }
}

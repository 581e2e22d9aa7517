// What an execution needs of the world around it; put together once in `index.ts`.
import type { Clock } from '../../clock.ts';
import type { FunctionInvoker } from '../../lambda/api.ts';
import type { S3 } from '../../s3/api.ts';
import type { AwsPlace, SdkOperations } from '../../service.ts';
import type { StateMock } from '../api.ts';
import type { CompiledMachine, MapState } from '../definition/types.ts';
import type { HttpConnection } from '../integrations/http-connection.ts';
import type { TaskTokens } from '../integrations/tokens.ts';
import type { Json } from '../json/text.ts';
import type { Frame } from './frame.ts';

export interface Engine {
  readonly place: AwsPlace;
  readonly clock: Clock;
  /** The clock, unless it is the system's. */
  readonly turnedClock: Clock | undefined;
  readonly lambda: FunctionInvoker | undefined;
  readonly s3: S3 | undefined;
  readonly services: Readonly<Record<string, SdkOperations>>;
  /** By the name of the state that they stand in for. */
  readonly mocks: Readonly<Record<string, StateMock>> | undefined;
  /** Those of HTTP tasks, by name. */
  readonly connections: Readonly<Record<string, HttpConnection>> | undefined;
  readonly tokens: TaskTokens;
  readonly activities: ActivityQueue;
  readonly children: ChildExecutions;
  readonly runMapRun: (frame: Frame, state: MapState, input: Json) => Promise<Json>;
}

/** A state machine at one revision, as an execution keeps it. */
export interface MachineRevision {
  readonly arn: string;
  /** `$$.StateMachine.Id`. */
  readonly contextArn: string;
  readonly name: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly roleArn: string;
  readonly definition: string;
  /** Names this revision among all of the state machine's. */
  readonly revisionId: string;
  /** Whether its constants include number literals that plain numbers would lose. */
  readonly holdsLiterals: boolean;
  readonly compiled: CompiledMachine;
}

/** Tasks waiting for a worker of an activity. */
export interface ActivityQueue {
  /** @throws StateFailure when there is no such activity */
  schedule(task: ActivityTask): void;
  withdraw(task: ActivityTask): void;
}

export interface ActivityTask {
  readonly activityArn: string;
  readonly token: string;
  readonly input: string;
  /** A worker has taken it. */
  readonly onStarted: (workerName: string | undefined) => void;
}

/** Executions started by a task: `states:startExecution`. */
export interface ChildExecutions {
  start(request: {
    readonly stateMachineArn: string;
    readonly name: string | undefined;
    readonly input: string;
  }): Promise<{ executionArn: string; startMs: number }>;
  /** Resolves when it has ended. */
  ended(executionArn: string): Promise<ChildOutcome>;
  stop(executionArn: string): void;
}

export interface ChildOutcome {
  /** As DescribeExecution answers. */
  readonly description: Readonly<Record<string, Json>>;
  readonly status: string;
}

// What other rooms ask of Step Functions in the same process.
import type { Clock } from '../clock.ts';
import type { FunctionInvoker } from '../lambda/api.ts';
import type { LogSink, Logs } from '../logs/api.ts';
import type { S3 } from '../s3/api.ts';
import type { AwsPlace, SdkOperations, Service } from '../service.ts';
import type { HttpConnection } from './integrations/http-connection.ts';

export interface States extends Service {
  readonly name: 'states';
  readonly operations: SdkOperations;
  /** Goes on with the Standard executions that were running when the process last ended. */
  resume(): Promise<void>;
}

/**
 * What a Task state answers instead of doing its work: a value, or what a function makes of the effective input. An
 * `Error` that it throws fails the attempt with the error's name and message. `attempt` counts from 0.
 */
export type StateMock = MockFunction | object | string | number | boolean | null;

type MockFunction = (input: never, attempt: number) => unknown;

export interface StatesOptions {
  readonly place?: AwsPlace;
  readonly clock?: Clock;
  /** The database file, or `:memory:`. */
  readonly databaseFile?: string;
  /** How long finished executions and their histories are kept; 90 days unless told, as AWS keeps them. */
  readonly retentionMs?: number;
  readonly lambda?: FunctionInvoker;
  readonly s3?: S3;
  readonly logs?: LogSink & Partial<Pick<Logs, 'find'>>;
  /**
   * The services that `aws-sdk:<service>:<operation>` and the optimised integrations may call, by the service's name
   * in the ARN (`sagemakerruntime`, `s3`, `lambda`, `sagemaker` …). `sfn` and `lambda` need not be given.
   */
  readonly services?: Readonly<Record<string, SdkOperations>>;
  /** For tests, by the state's name: tasks that have one call nothing, and may name any resource. */
  readonly mocks?: Readonly<Record<string, StateMock>>;
  /**
   * EventBridge connections of HTTP tasks by name, as `AWS::Events::Connection` has them. Without any, requests go
   * without authorisation; with some, a task that names another fails.
   */
  readonly connections?: Readonly<Record<string, HttpConnection>>;
}

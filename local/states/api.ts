// What other rooms ask of Step Functions in the same process.
import type { Clock } from '../clock.ts';
import type { FunctionInvoker } from '../lambda/api.ts';
import type { LogSink, Logs } from '../logs/api.ts';
import type { S3 } from '../s3/api.ts';
import type { AwsPlace, SdkOperations, Service } from '../service.ts';

export interface States extends Service {
  readonly name: 'states';
  readonly operations: SdkOperations;
  /** Goes on with the Standard executions that were running when the process last ended. */
  resume(): Promise<void>;
}

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
}

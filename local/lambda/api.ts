// What other services ask of Lambda in the same process. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
import type { SdkOperations, Service } from '../service.ts';

/** The part that callers of functions need: Step Functions, S3's notifications, the HTTP API. */
export interface FunctionInvoker {
  /** @throws AwsError ResourceNotFoundException (404), RequestTooLargeException (413), TooManyRequestsException (429) */
  invoke(request: InvokeRequest): Promise<InvokeResult>;
}

export interface Lambda extends Service, FunctionInvoker {
  readonly name: 'lambda';
  readonly operations: SdkOperations;
  /** Creates or replaces a function; running environments of an older one finish their work and end. */
  putFunction(definition: FunctionDefinition): Promise<void>;
}

export interface InvokeRequest {
  /** A name, a partial ARN or an ARN, with or without a qualifier. */
  readonly functionName: string;
  readonly qualifier?: string;
  /** The event as JSON text. */
  readonly payload: string;
  /** RequestResponse unless told. */
  readonly invocationType?: 'RequestResponse' | 'Event' | 'DryRun';
  readonly clientContext?: string;
  /** `X-Amzn-Trace-Id`, handed to the function as `_X_AMZN_TRACE_ID`. */
  readonly traceId?: string;
  readonly withLogTail?: boolean;
}

export interface InvokeResult {
  readonly statusCode: 200 | 202 | 204;
  /** The function's answer, or its error object, as JSON text. */
  readonly payload: string;
  readonly functionError?: 'Handled' | 'Unhandled';
  readonly executedVersion: string;
  readonly requestId: string;
  /** The last 4 KB of the invocation's log when asked for. */
  readonly logTail?: string;
}

export interface FunctionDefinition {
  readonly functionName: string;
  /** The unpacked deployment package: an absolute folder. */
  readonly codeFolder: string;
  /** `path/in/package.exportName`, as in the template. */
  readonly handler: string;
  readonly runtime: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Unpacked layers in order: absolute folders that appear merged at `/opt`. */
  readonly layerFolders: readonly string[];
  readonly roleArn: string;
  readonly logGroup?: string;
  readonly description?: string;
  /** The most environments at once; unbounded unless told. */
  readonly reservedConcurrency?: number;
}

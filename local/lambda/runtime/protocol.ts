// What crosses between the main thread and an execution environment (a worker thread): one message each way per
// invocation, payloads as JSON text, log lines through the shared `LogRing`. Imported by both sides.

/** Given to the worker when it starts. */
export interface EnvironmentData {
  readonly codeFolder: string;
  /** `path/in/package.exportName` */
  readonly handler: string;
  readonly layerFolders: readonly string[];
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  readonly logGroup: string;
  readonly logStream: string;
  readonly runtime: string;
  readonly ring: SharedArrayBuffer;
}

/** Main thread to worker: look at the memory while an invocation goes on. */
export const CHECK_MEMORY = 'check-memory';

/** Main thread to worker. The payload is JSON text as the caller sent it. */
export interface InvokeMessage {
  readonly requestId: string;
  readonly payload: string;
  readonly traceId: string;
  readonly remainingMs: number;
  readonly clientContext: string | undefined;
}

/** Worker to main thread: a bare string is the handler's answer as JSON text. */
export type EnvironmentMessage = string | StateMessage | FailureMessage;

export interface StateMessage {
  /** `ring-full`: the log ring has no room left; the worker waits until it is drained. */
  readonly kind: 'ready' | 'ring-full';
}

export interface FailureMessage {
  /**
   * `error`: the invocation failed and the environment goes on; `fatal`: the environment is lost with it;
   * `bad-event`: the payload was not JSON, which is the caller's mistake.
   */
  readonly kind: 'error' | 'fatal' | 'bad-event';
  /** `{"errorType","errorMessage","trace"}` as JSON text. */
  readonly payload: string;
}

/** The most bytes of a synchronous request or response. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_SYNC_PAYLOAD_BYTES = 6 * 1024 * 1024;

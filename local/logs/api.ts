// What other services ask of CloudWatch Logs in the same process.
import type { SdkOperations, Service } from '../service.ts';

/** Where a service writes its log lines. Returns at once; lines reach the disk in groups. */
export interface LogSink {
  write(group: string, stream: string, events: readonly LogEvent[]): void;
}

export interface Logs extends Service, LogSink {
  readonly name: 'logs';
  readonly operations: SdkOperations;
  /** Idempotent. */
  createLogGroup(group: string, settings?: { readonly retentionInDays?: number }): void;
  /** Lines whose text contains `containing`, oldest first, straight from the store: what inspection reads. */
  find(query: {
    group: string;
    containing?: string;
    fromMs?: number;
    toMs?: number;
  }): AsyncIterable<LogEvent & { stream: string }>;
}

export interface LogEvent {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}

/** A sink that keeps nothing, for a service that runs without logs. */
export const noLogs: LogSink = { write: () => {} };

// What the operations of the API work on.
import type { Clock } from '../../clock.ts';
import type { AwsPlace } from '../../service.ts';
import type { Resource } from '../definition/types.ts';
import type { Executor } from '../executor.ts';
import type { ActivityWorkers } from '../integrations/activity-workers.ts';
import type { TaskTokens } from '../integrations/tokens.ts';
import type { Json } from '../json/text.ts';
import type { Database } from '../store/database.ts';
import type { Journal } from '../store/journal.ts';
import type { LoggingConfiguration, MapRunRecord, Shelves } from '../store/machines.ts';

/** An event as a history or a log group keeps it. */
export interface KeptEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestampMs: number;
  readonly type: string;
  readonly details?: Record<string, Json>;
}

export interface World {
  readonly place: AwsPlace;
  readonly clock: Clock;
  readonly database: Database;
  readonly journal: Journal;
  /** Closes journal and database; what was written is on disk then. */
  readonly close: () => Promise<void>;
  readonly shelves: Shelves;
  readonly executor: Executor;
  readonly tokens: TaskTokens;
  readonly workers: ActivityWorkers;
  /** Counts of the Map Runs that are under way. */
  readonly liveCounts: Map<string, Pick<MapRunRecord, 'itemCounts' | 'executionCounts'>>;
  /** The events of an execution as its log group has them, in order. */
  readonly loggedEvents: (logging: LoggingConfiguration, executionArn: string) => Promise<KeptEvent[]>;
  /** Whether a task's resource can be called here. */
  readonly isServed: (resource: Resource) => boolean;
}

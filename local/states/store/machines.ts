// State machines as kept: the current revision, earlier ones, versions, aliases, tags.
import type { Json } from '../json/text.ts';
import type { Database } from './database.ts';
import { type DocumentKeeper, Documents } from './documents.ts';

export interface LoggingConfiguration {
  readonly level?: 'ALL' | 'ERROR' | 'FATAL' | 'OFF';
  readonly includeExecutionData?: boolean;
  readonly destinations?: readonly { readonly cloudWatchLogsLogGroup?: { readonly logGroupArn?: string } }[];
}

/** What one revision of a state machine is; never changed once written. */
export interface Revision {
  readonly id: string;
  readonly machineArn: string;
  readonly name: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly roleArn: string;
  readonly definition: string;
  readonly logging: LoggingConfiguration;
  readonly tracing: { readonly enabled: boolean };
  readonly encryption: Json;
  /** The first revision has no id that the API shows. */
  readonly isFirst: boolean;
  readonly createdMs: number;
}

export interface MachineRecord {
  readonly arn: string;
  readonly name: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly createdMs: number;
  readonly revisionId: string;
  readonly status: 'ACTIVE' | 'DELETING';
  readonly tags: Readonly<Record<string, string>>;
  readonly versions: readonly VersionRecord[];
  readonly lastVersion: number;
}

export interface VersionRecord {
  readonly arn: string;
  readonly number: number;
  readonly revisionId: string;
  readonly description: string | undefined;
  readonly createdMs: number;
}

export interface AliasRecord {
  readonly arn: string;
  readonly machineArn: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly routing: readonly { readonly stateMachineVersionArn: string; readonly weight: number }[];
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface ActivityRecord {
  readonly arn: string;
  readonly name: string;
  readonly createdMs: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly encryption: Json;
}

export interface MapRunRecord {
  readonly arn: string;
  readonly executionArn: string;
  readonly machineArn: string;
  readonly label: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  readonly startMs: number;
  readonly stopMs: number | undefined;
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number;
  readonly toleratedFailurePercentage: number;
  readonly itemCounts: Counts;
  readonly executionCounts: Counts;
  readonly redriveCount: number;
  readonly redriveMs: number | undefined;
}

export interface Counts {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly aborted: number;
  readonly resultsWritten: number;
}

/** A redrive that was asked for with a token: the same request again answers as before. */
export interface RedriveRecord {
  readonly redriveMs: number;
}

export interface Shelves {
  readonly machines: Documents<MachineRecord>;
  readonly revisions: Documents<Revision>;
  readonly aliases: Documents<AliasRecord>;
  readonly activities: Documents<ActivityRecord>;
  readonly mapRuns: Documents<MapRunRecord>;
  /** By execution and client token. */
  readonly redrives: Documents<RedriveRecord>;
}

export function openShelves(database: Database, keeper: DocumentKeeper): Shelves {
  return {
    machines: new Documents(database, keeper, 'machine'),
    revisions: new Documents(database, keeper, 'revision'),
    aliases: new Documents(database, keeper, 'alias'),
    activities: new Documents(database, keeper, 'activity'),
    mapRuns: new Documents(database, keeper, 'map-run'),
    redrives: new Documents(database, keeper, 'redrive'),
  };
}

// What other services ask of CloudWatch metrics in the same process: to record numbers, and to know of alarms.
import type { SdkOperations, Service } from '../service.ts';

export type Dimensions = Readonly<Record<string, string>>;

/** Where a service records its numbers. */
export interface MetricSink {
  /** The one series of this name; asking again gives the same one. Ask once, outside the hot path. */
  series(identity: SeriesIdentity): Series;
}

export interface SeriesIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
  /** As CloudWatch spells units: `Microseconds`, `Count`, `None` … */
  readonly unit: string;
}

export interface Series {
  add(value: number): void;
}

export interface Monitoring extends Service, MetricSink {
  readonly name: 'monitoring';
  readonly operations: SdkOperations;
  /** An alarm's state now; undefined when there is no such alarm. */
  alarmState(alarmName: string): AlarmState | undefined;
  /** The alarms in state ALARM that have this among their actions, with the last value of their metric. */
  ringing(actionArn: string): readonly RingingAlarm[];
  /** Every series as Prometheus text. */
  prometheus(): string;
}

export interface RingingAlarm {
  readonly threshold: number;
  /** The threshold itself while there is none. */
  readonly value: number;
}

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** A sink that keeps nothing, for a service that runs without metrics. */
export const noMetrics: MetricSink = { series: () => ({ add: () => {} }) };

// CloudWatch metrics on one machine: minutes of numbers in memory, statistics and alarms over them.
import { type Clock, systemClock } from '../clock.ts';
import { type AwsPlace, DEFAULT_PLACE } from '../service.ts';
import { openAlarms } from './alarm-store.ts';
import { Alarms } from './alarms.ts';
import type { Monitoring } from './api.ts';
import { metricOperations } from './metrics.ts';
import { prometheusText } from './prometheus.ts';
import { Registry } from './registry.ts';
import { handleMonitoring } from './wire.ts';

export interface MonitoringOptions {
  readonly clock?: Clock;
  readonly place?: AwsPlace;
  /** Where alarms are kept; in memory unless told. */
  readonly databaseFile?: string;
}

export function createMonitoring(options: MonitoringOptions = {}): Monitoring {
  const clock = options.clock ?? systemClock;
  const registry = new Registry(clock);
  const alarms = new Alarms(registry, openAlarms(options.databaseFile ?? ':memory:'), {
    clock,
    place: options.place ?? DEFAULT_PLACE,
  });
  const operations = { ...metricOperations(registry, clock), ...alarms.operations };
  return {
    name: 'monitoring',
    operations,
    series: (identity) => registry.series(identity),
    alarmState: (alarmName) => alarms.state(alarmName),
    ringing: (actionArn) => alarms.ringing(actionArn),
    prometheus: () => prometheusText(registry.all()),
    handle: (call) => handleMonitoring(call, operations),
    close: async () => alarms.close(),
  };
}

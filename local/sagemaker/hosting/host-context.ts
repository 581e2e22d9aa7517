// What every part of hosting stands on, and what it reports upwards.
import type { Clock } from '../../clock.ts';
import type { LogSink } from '../../logs/api.ts';
import type { Monitoring } from '../../monitoring/api.ts';
import type { S3 } from '../../s3/api.ts';
import type { AwsPlace } from '../../service.ts';
import type { ImageTable } from '../api.ts';
import type { Unpacker } from '../artefacts/unpacker.ts';
import type { HostingSettings } from '../settings.ts';
import type { Ports } from './ports.ts';
import type { VariantMetrics } from './variant-metrics.ts';

export interface HostContext {
  readonly place: AwsPlace;
  readonly clock: Clock;
  readonly s3: S3;
  readonly logs: LogSink;
  readonly monitoring: Pick<Monitoring, 'series' | 'alarmState' | 'ringing'> &
    Partial<Pick<Monitoring, 'operations'>>;
  readonly images: ImageTable;
  readonly volumesFolder: string;
  readonly settings: HostingSettings;
  readonly ports: Ports;
  readonly unpacker: Unpacker;
  readonly notify: (topicArn: string, message: string) => void | Promise<void>;
}

/** Where one container stands: what its log stream and its volume are named after. */
export interface ContainerSite {
  readonly logGroup: string;
  /** Its variant's. */
  readonly metrics: VariantMetrics;
  /** Its folder in place of /opt/ml. */
  readonly baseFolder: string;
  readonly logStream: string;
}

export function logGroupOf(endpointName: string): string {
  return `/aws/sagemaker/Endpoints/${endpointName}`;
}

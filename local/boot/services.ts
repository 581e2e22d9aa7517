// The services of this small AWS, made in the order in which they need each other, and closed in the reverse order.
import type { FunctionInvoker } from '../lambda/api.ts';
import { createLambda } from '../lambda/index.ts';
import { createLogs } from '../logs/index.ts';
import { createMonitoring } from '../monitoring/index.ts';
import { createS3 } from '../s3/index.ts';
import { createSageMaker } from '../sagemaker/index.ts';
import type { HostingSettings } from '../sagemaker/settings.ts';
import type { AwsPlace, Service } from '../service.ts';
import { createStates } from '../states/index.ts';
import { createSts } from '../sts/index.ts';
import type { Closers } from './closers.ts';
import { imageTable } from './images.ts';
import { notifier, type Subscriptions } from './notifications.ts';
import type { WorldServices } from './resources/resource-type.ts';
import type { StateFolder } from './state-folder.ts';

export interface ServicesOptions {
  readonly place: AwsPlace;
  readonly projectFolder: string;
  readonly state: StateFolder;
  /** Where functions find the AWS APIs. */
  readonly awsEndpoint: string;
  readonly closers: Closers;
  /** Filled as the template's topics are created. */
  readonly subscriptions?: Subscriptions;
  /** In place of hosting's defaults. */
  readonly hosting?: Partial<HostingSettings>;
}

export async function createServices(options: ServicesOptions): Promise<WorldServices> {
  const { place, projectFolder, state, awsEndpoint, closers } = options;
  const logs = await createLogs({ folder: state.logsFolder, place });
  closers.add('logs', () => logs.close());
  const monitoring = createMonitoring({ place, databaseFile: state.alarmsDatabase });
  closers.add('monitoring', () => monitoring.close());
  const lambda = await createLambda({ place, logs, awsEndpoint });
  const s3 = await createS3({
    folder: state.s3Folder,
    place,
    deliver: (functionName, payload) => deliver(lambda, functionName, payload),
  });
  closers.add('s3', () => s3.close());
  // Functions end before the store they read and write.
  closers.add('lambda', () => lambda.close());
  const sagemaker = await createSageMaker({
    place,
    s3,
    logs,
    monitoring,
    volumesFolder: state.volumesFolder,
    databaseFile: state.registryDatabase,
    images: imageTable(projectFolder),
    settings: options.hosting ?? {},
    notify: notifier(logs, options.subscriptions ?? new Map()),
  });
  closers.add('sagemaker', () => sagemaker.close());
  const sts = createSts({ place });
  const states = await createStates({
    place,
    databaseFile: state.statesDatabase,
    lambda,
    s3,
    logs,
    services: {
      s3: s3.operations,
      lambda: lambda.operations,
      sagemaker: sagemaker.operations,
      sagemakerruntime: sagemaker.runtime.operations,
      cloudwatchlogs: logs.operations,
      cloudwatch: monitoring.operations,
      applicationautoscaling: sagemaker.autoScaling.operations,
      sts: sts.operations,
    },
  });
  closers.add('states', () => states.close());
  return { s3, lambda, logs, monitoring, states, sagemaker, sts };
}

/**
 * Waits for the function's end, so that S3 keeps a notification until it was dealt with: Lambda's own queue of
 * asynchronous events lives as long as this process.
 */
async function deliver(lambda: FunctionInvoker, functionName: string, payload: string): Promise<void> {
  const result = await lambda.invoke({ functionName, payload });
  if (result.functionError !== undefined) throw new Error(`${functionName}: ${result.payload}`);
}

export function wireServices(services: WorldServices): Service[] {
  const { runtime, autoScaling } = services.sagemaker;
  return [...(Object.values(services) as Service[]), runtime, autoScaling];
}

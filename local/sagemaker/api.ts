// What other rooms ask of SageMaker in the same process: the control plane, and the runtime.
import type { Clock } from '../clock.ts';
import type { LogSink } from '../logs/api.ts';
import type { Monitoring } from '../monitoring/api.ts';
import type { S3 } from '../s3/api.ts';
import type { AwsPlace, SdkOperations, Service } from '../service.ts';
import type { DeploymentRecord } from './registry/records.ts';
import type { HostingSettings } from './settings.ts';

export interface SageMaker extends Service {
  readonly name: 'sagemaker';
  /** createModel, createEndpointConfig, createEndpoint, describeEndpoint … */
  readonly operations: SdkOperations;
  /**
   * `createModel`, `createEndpointConfig` and `createEndpoint` for what a template declares: it takes the place of what
   * had its name, and is not kept, for the template declares it again at every start.
   */
  readonly declared: SdkOperations;
  /**
   * Takes up what callers of the API left when the last process ended, once the template's resources are there:
   * endpoints and inference components come back into service, transform jobs and asynchronous invocations go on.
   * Resolves when the asynchronous invocations are in their backlogs again.
   */
  resume(): Promise<void>;
  /** The wire handler and operations (`invokeEndpoint` …) of the Runtime API. */
  readonly runtime: Service & { readonly name: 'sagemaker-runtime'; readonly operations: SdkOperations };
  /** Application Auto Scaling, for endpoint variants. */
  readonly autoScaling: Service & {
    readonly name: 'application-autoscaling';
    readonly operations: SdkOperations;
  };
  /** Looks at what the containers use of the machine, as happens every minute by itself. */
  sampleUtilization(): Promise<void>;
  /** Which versions of the registry went where, oldest first. */
  deployments(): readonly DeploymentRecord[];
  /** Every endpoint with its status; the process is ready when all are InService. */
  endpoints(): readonly {
    readonly endpointName: string;
    readonly status: string;
    readonly failureReason?: string;
    /** How many instances run now; none where they start with the first call. */
    readonly instances: number;
  }[];
  /** Resolves once the endpoint has left Creating or Updating. */
  settled(endpointName: string): Promise<{ status: string; failureReason?: string }>;
}

export interface SageMakerOptions {
  readonly place?: AwsPlace;
  readonly clock?: Clock;
  readonly s3: S3;
  readonly logs?: LogSink;
  /** Takes the metrics, knows the alarms that roll a deployment back, and keeps those of target tracking. */
  readonly monitoring?: Pick<Monitoring, 'series' | 'alarmState' | 'ringing'> &
    Partial<Pick<Monitoring, 'operations'>>;
  /** Instances' volumes: unpacked artefacts live here. An absolute folder, emptied of leftovers at start. */
  readonly volumesFolder: string;
  /** Where the model registry and everything that callers create are kept; in memory unless told. */
  readonly databaseFile?: string;
  /** How an image is started, by repository name without registry, account or tag. */
  readonly images: ImageTable;
  /** Where notifications of asynchronous invocations go, in place of an SNS topic; they are logged as well. */
  readonly notify?: (topicArn: string, message: string) => void | Promise<void>;
  /** What AWS leaves open, and limits: each has a default. */
  readonly settings?: Partial<HostingSettings>;
}

/** How one container image runs on this machine. */
export type ImageLauncher =
  | {
      readonly kind: 'command';
      readonly command: string;
      readonly args: readonly string[];
      readonly environment?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'url'; readonly url: string };

export type ImageTable = Readonly<Record<string, ImageLauncher>>;

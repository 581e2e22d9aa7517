// Every limit and time of hosting that AWS fixes, changed over the years or leaves open, as a named setting with
// its default. https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
import { totalmem } from 'node:os';

export interface HostingSettings {
  /** Largest request body of a real-time invocation; 25 MB unless told (6,291,456 until 2025). */
  readonly payloadLimitBytes: number;
  /** The whole chain's time for one invocation, in milliseconds; 60,000 unless told. */
  readonly invocationTimeoutMs: number;
  /** The whole chain's time when the answer is streamed; 8 minutes unless told. */
  readonly streamTimeoutMs: number;
  /** Largest input object of an asynchronous invocation; 1 GB. */
  readonly asyncPayloadLimitBytes: number;
  /** Largest inline body of an asynchronous invocation; 128,000. */
  readonly asyncInlineLimitBytes: number;
  /** Asynchronous invocations under way in one instance where MaxConcurrentInvocationsPerInstance is not given. */
  readonly asyncConcurrencyPerInstance: number;
  /** Largest answer of one container of a pipeline that the next is given; 25 MB unless told (5 MB in the guide of 2023). */
  readonly containerPayloadLimitBytes: number;
  /** What MaxConcurrentTransforms times MaxPayloadInMB of a transform job may come to; 100 MB. */
  readonly batchPayloadLimitBytes: number;
  /** The chain's time for one payload of a transform job that gives no InvocationsTimeoutInSeconds; 600,000. */
  readonly batchInvocationTimeoutMs: number;
  /** How long a call waits for its target model to load before ModelNotReadyException; 60,000 unless told. */
  readonly modelLoadWaitMs: number;
  /** How long one load into the container may take in all; 360,000 unless told. */
  readonly modelLoadTimeoutMs: number;
  /** How long a container may take to answer /ping with 200; ContainerStartupHealthCheckTimeoutInSeconds overrides. */
  readonly startupTimeoutMs: number;
  /** The same for an image that is a URL, where the container is said to run already. */
  readonly urlStartupTimeoutMs: number;
  /** How often a container that ends while it starts is tried again before its endpoint fails. */
  readonly startAttempts: number;
  /** Between two pings while a container starts. */
  readonly startupPingIntervalMs: number;
  /** Between two pings of a healthy container; SageMaker's is about 5 s. */
  readonly pingIntervalMs: number;
  /** A ping unanswered for longer than this has failed. */
  readonly pingTimeoutMs: number;
  /** So many failed pings in a row, and the container is restarted. */
  readonly pingFailuresToRestart: number;
  /** From SIGTERM to SIGKILL. SageMaker waits 30 s; a developer at the keyboard does not. */
  readonly stopGraceMs: number;
  /** The most bytes of one artefact as it lies in S3. */
  readonly artefactLimitBytes: number;
  /** The most bytes one artefact may unpack to. */
  readonly unpackedLimitBytes: number;
  /** The most entries in one artefact. */
  readonly unpackedEntriesLimit: number;
  /** Past 64 MiB unpacked, an archive that grew by more than this factor is taken for a bomb. */
  readonly unpackRatioLimit: number;
  /** Room for unpacked models on each multi-model container's volume. */
  readonly modelDiskBytes: number;
  /**
   * Room for loaded models in each multi-model container, by unpacked size; half of the machine's memory unless told. A
   * container that answers 507 before has less.
   */
  readonly modelMemoryBytes: number;
  /** The most models loaded in each multi-model container; without bound unless told (507 rules). */
  readonly maxLoadedModels: number;
  /** Cold loads that run side by side in one container. */
  readonly concurrentModelLoads: number;
  /** Largest request body of a serverless variant; 4 MB. */
  readonly serverlessPayloadLimitBytes: number;
  /** An instance of a serverless variant, or of one that starts with the first call, ends when nobody has called it for so long. */
  readonly serverlessIdleMs: number;
  /** So many minutes over a target in a row before auto scaling adds instances. */
  readonly scaleOutPeriods: number;
  /** So many minutes under 90 % of a target before auto scaling takes instances away. */
  readonly scaleInPeriods: number;
  /** The shortest MaximumExecutionTimeoutInSeconds of an update; 600, which is long for one machine. */
  readonly minUpdateTimeoutSeconds: number;
  /** How long captured data waits to be written together. */
  readonly captureFlushMs: number;
  /**
   * How long slots for cold loads rest after each, when warm calls came in meanwhile: all slots together then take at
   * most 1 / (1 + this) of a core from them. 0: no rest.
   */
  readonly modelLoadRest: number;
  /** The most connections held open to one container. */
  readonly connectionsPerContainer: number;
}

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

export const DEFAULT_SETTINGS: HostingSettings = {
  payloadLimitBytes: 25 * MEBIBYTE,
  invocationTimeoutMs: 60_000,
  streamTimeoutMs: 480_000,
  asyncPayloadLimitBytes: GIBIBYTE,
  asyncInlineLimitBytes: 128_000,
  asyncConcurrencyPerInstance: 4,
  containerPayloadLimitBytes: 25 * MEBIBYTE,
  batchPayloadLimitBytes: 100 * MEBIBYTE,
  batchInvocationTimeoutMs: 600_000,
  modelLoadWaitMs: 60_000,
  modelLoadTimeoutMs: 360_000,
  startupTimeoutMs: 480_000,
  urlStartupTimeoutMs: 60_000,
  startAttempts: 3,
  startupPingIntervalMs: 20,
  pingIntervalMs: 5_000,
  pingTimeoutMs: 2_000,
  pingFailuresToRestart: 3,
  stopGraceMs: 1_000,
  artefactLimitBytes: 10 * GIBIBYTE,
  unpackedLimitBytes: 20 * GIBIBYTE,
  unpackedEntriesLimit: 100_000,
  unpackRatioLimit: 250,
  modelDiskBytes: 10 * GIBIBYTE,
  modelMemoryBytes: Math.floor(totalmem() / 2),
  maxLoadedModels: Number.POSITIVE_INFINITY,
  concurrentModelLoads: 2,
  modelLoadRest: 2,
  serverlessPayloadLimitBytes: 4 * MEBIBYTE,
  serverlessIdleMs: 300_000,
  scaleOutPeriods: 3,
  scaleInPeriods: 15,
  minUpdateTimeoutSeconds: 600,
  captureFlushMs: 5_000,
  connectionsPerContainer: 256,
};

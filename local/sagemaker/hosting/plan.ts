// From a model's record to what has to be started: the containers of one instance with everything resolved, so that
// a mistake is found before anything runs.
import type { ImageLauncher, ImageTable } from '../api.ts';
import { containersOf } from '../control/models.ts';
import type {
  ContainerDefinition,
  ModelRecord,
  ProductionVariant,
  ServerlessConfig,
} from '../control/records.ts';
import { targetModelProblem } from '../multi-model/target.ts';
import { findLauncher } from './images.ts';

export interface ContainerPlan {
  /** How errors name it: `primary`, `container-2` or its ContainerHostname. */
  readonly name: string;
  /** Direct mode's address. */
  readonly hostname: string | undefined;
  /** As the model names it. */
  readonly image: string;
  readonly launcher: ImageLauncher;
  readonly environment: Readonly<Record<string, string>>;
  readonly isMultiModel: boolean;
  readonly keepsModels: boolean;
  /** Target models that are never unloaded: `SERIATIM_PINNED_MODELS`, separated by commas. */
  readonly pinnedModels: readonly string[];
  /** Target models loaded before the endpoint is in service: `SERIATIM_PRELOAD_MODELS`, and those pinned. */
  readonly preloadedModels: readonly string[];
  readonly modelData: ModelData | undefined;
  /** The registry's version that it is of. */
  readonly modelPackageArn: string | undefined;
  /** Two containers with the same key do the same: one can stand in for the other. */
  readonly key: string;
}

/** Where a container's model comes from: one archive, or objects as they are; for multi-model the prefix. */
export interface ModelData {
  readonly bucket: string;
  readonly key: string;
  readonly kind: 'archive' | 'object' | 'prefix';
}

export interface VariantPlan {
  readonly name: string;
  readonly weight: number;
  readonly instanceCount: number;
  readonly routing: 'LEAST_OUTSTANDING_REQUESTS' | 'RANDOM';
  /** Gets a copy of the traffic; its answers are dropped. */
  readonly isShadow: boolean;
  readonly isDirect: boolean;
  /** Instances come and go with the calls. */
  readonly serverless:
    | {
        readonly maxConcurrency: number;
        readonly provisionedConcurrency: number;
        /** As it was given. */
        readonly config: ServerlessConfig;
      }
    | undefined;
  readonly isPipeline: boolean;
  /** No instance runs before the first call: a container's `SERIATIM_START` is `first-call`. */
  readonly startsOnFirstCall: boolean;
  readonly startupTimeoutMs: number | undefined;
  readonly containers: readonly ContainerPlan[];
}

/** @throws Error whose message becomes the endpoint's FailureReason */
export function planVariant(
  variant: ProductionVariant,
  model: ModelRecord,
  options: { readonly images: ImageTable; readonly isShadow: boolean },
): VariantPlan {
  const seconds = variant.ContainerStartupHealthCheckTimeoutInSeconds;
  const serverless = variant.ServerlessConfig;
  const provisioned = serverless?.ProvisionedConcurrency ?? 0;
  const isPipeline = model.Containers !== undefined;
  return {
    name: variant.VariantName,
    weight: variant.InitialVariantWeight ?? 1,
    instanceCount: serverless === undefined ? (variant.InitialInstanceCount ?? 1) : Math.max(1, provisioned),
    serverless:
      serverless === undefined
        ? undefined
        : {
            maxConcurrency: serverless.MaxConcurrency,
            provisionedConcurrency: provisioned,
            config: serverless,
          },
    routing: variant.RoutingConfig?.RoutingStrategy ?? 'RANDOM',
    isShadow: options.isShadow,
    isDirect: model.InferenceExecutionConfig?.Mode === 'Direct',
    isPipeline,
    startsOnFirstCall: containersOf(model).some(
      ({ Environment }) => Environment?.SERIATIM_START === 'first-call',
    ),
    startupTimeoutMs: seconds === undefined ? undefined : seconds * 1000,
    containers: containersOf(model).map((definition, index) => {
      const name = definition.ContainerHostname ?? (isPipeline ? `container-${index + 1}` : 'primary');
      return planContainer(definition, name, options.images);
    }),
  };
}

function planContainer(definition: ContainerDefinition, name: string, images: ImageTable): ContainerPlan {
  const image = definition.Image;
  const pinned = namesIn(definition, 'SERIATIM_PINNED_MODELS');
  const preloaded = namesIn(definition, 'SERIATIM_PRELOAD_MODELS').filter(
    (target) => targetModelProblem(target) === undefined,
  );
  for (const pin of pinned) checkPin(pin, name);
  if (image === undefined) throw new Error(`The container ${name} has no image.`);
  return {
    name,
    hostname: definition.ContainerHostname,
    image,
    launcher: findLauncher(images, image),
    environment: definition.Environment ?? {},
    isMultiModel: definition.Mode === 'MultiModel',
    keepsModels: definition.MultiModelConfig?.ModelCacheSetting !== 'Disabled',
    pinnedModels: pinned,
    preloadedModels: [...new Set([...pinned, ...preloaded])],
    modelData: modelDataOf(definition),
    modelPackageArn: definition.ModelPackageName,
    key: JSON.stringify([name, definition]),
  };
}

/** A list of target models in a multi-model container's environment. */
function namesIn(definition: ContainerDefinition, variable: string): string[] {
  if (definition.Mode !== 'MultiModel') return [];
  const names = (definition.Environment?.[variable] ?? '').split(',').map((name) => name.trim());
  return names.filter((name) => name !== '');
}

function checkPin(targetModel: string, containerName: string): void {
  const problem = targetModelProblem(targetModel);
  if (problem === undefined) return;
  throw new Error(
    `Failed to load the pinned model ${targetModel} into the container ${containerName}: ${problem}.`,
  );
}

function modelDataOf(definition: ContainerDefinition): ModelData | undefined {
  const source = definition.ModelDataSource?.S3DataSource;
  const url = definition.ModelDataUrl ?? source?.S3Uri;
  if (url === undefined) return undefined;
  const { bucket, key } = parseS3Url(url);
  if (definition.Mode === 'MultiModel') return { bucket, key, kind: 'prefix' };
  if (source === undefined || source.CompressionType === 'Gzip') return { bucket, key, kind: 'archive' };
  return { bucket, key, kind: source.S3DataType === 'S3Object' ? 'object' : 'prefix' };
}

/** @throws Error for anything but `s3://bucket/key` or S3's https forms */
export function parseS3Url(url: string): { bucket: string; key: string } {
  const plain = /^s3:\/\/([^/]+)\/?(.*)$/.exec(url);
  if (plain) return { bucket: plain[1]!, key: plain[2]! };
  const host = /^https:\/\/([^./]+)\.s3[.-][^/]*\/(.*)$/.exec(url);
  if (host) return { bucket: host[1]!, key: decodeURIComponent(host[2]!) };
  const path = /^https:\/\/s3[.-][^/]*\/([^/]+)\/?(.*)$/.exec(url);
  if (path) return { bucket: path[1]!, key: decodeURIComponent(path[2]!) };
  throw new Error(`The model data URL "${url}" is not an S3 URL.`);
}
